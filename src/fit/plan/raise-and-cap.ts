import { formatBytes, formatContext, MIB } from "../units";
import { staleRunners } from "./higher-limit";
import { recommendedRaise } from "./plan-input";
import type { Proposal } from "./proposal";
import { largestRoundContext } from "./smaller-context";

/** A smaller context under the recommended limit. */
export const raiseAndCap: Proposal = {
  propose(plan, before) {
    const limitMib = recommendedRaise(plan, before);
    if (before.kind === "fits" || limitMib === undefined) return [];
    const found = largestRoundContext(plan, before, { limitMib, unload: staleRunners(plan) });
    if (found === undefined) return [];
    return [{ ...found, title: `Raise to ${formatBytes(limitMib * MIB)} and Cap at ${formatContext(found.numCtx)}` }];
  },
};
