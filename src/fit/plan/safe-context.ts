import { searchLargestContext } from "../largest-context";
import { rulesOf } from "../runners";
import { formatCount } from "../units";
import { contextOf } from "../verdict";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** Below it a context is of no use. */
const LEAST = 4096;

/** Where nothing but the client decides how much is sent: the most that's safe, set there. */
export const safeContext: Proposal = {
  *propose(plan, before) {
    if (before.kind === "fits" || rulesOf(plan.input.model).numCtx !== "displayed") return [];
    const safe = yield* searchLargestContext(plan.input, contextOf(before).value);
    const settled = safe === undefined || safe < LEAST ? undefined : settle(plan, before, { clientContext: safe });
    return settled === undefined ? [] : [{ ...settled, title: `Set ${formatCount(safe ?? 0)} in the Client` }];
  },
};
