import { formatBytes, formatContext, MIB } from "../units";
import { fitsLimit } from "../verdict";
import { staleRunners } from "./higher-limit";
import { recommendedRaise } from "./plan-input";
import type { Proposal } from "./proposal";
import { roundContexts } from "./smaller-context";

/** A smaller context under the recommended limit. */
export const raiseAndCap: Proposal = {
  *propose(plan, before) {
    const limitMib = recommendedRaise(plan, before);
    if (fitsLimit(before) || limitMib === undefined) return [];
    const found = yield* roundContexts(plan, before, { limitMib, unload: staleRunners(plan) });
    return found.map((each) => ({
      ...each,
      title: `Raise to ${formatBytes(limitMib * MIB)} and Cap at ${formatContext(each.numCtx)}`,
    }));
  },
};
