import { searchLargestContext } from "../largest-context";
import { rulesOf } from "../runners";
import { formatCount } from "../units";
import { contextOf } from "../verdict";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** A smaller context where it's asked for: a client's own wins over the Modelfile and over every variant's. */
export const clientContext: Proposal = {
  *propose(plan, before) {
    const { numCtx } = rulesOf(plan.input.model);
    if (before.kind === "fits" || !before.run.isAskedByClient || numCtx !== "caps") return [];
    const most = yield* searchLargestContext(plan.input, contextOf(before).value);
    const settled = most === undefined ? undefined : settle(plan, before, { clientContext: most });
    return settled === undefined ? [] : [{ ...settled, title: `Set ${formatCount(most ?? 0)} Tokens in the Client` }];
  },
};
