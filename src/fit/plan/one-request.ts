import { needsHelp } from "./plan-input";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** Each request that a server answers at once has a KV cache of its own: one at a time, for every model of the server. */
export const oneRequest: Proposal = {
  *propose(plan, before) {
    // A number of slots that the preferences state isn't the server's to change.
    if (!needsHelp(plan, before) || before.engine !== "llama" || plan.input.options.parallel !== undefined) return [];
    if (before.run.parallel.value <= 1) return [];
    yield;
    const settled = settle(plan, before, { parallel: 1 });
    return settled === undefined ? [] : [{ ...settled, title: "Answer One Request at a Time" }];
  },
};
