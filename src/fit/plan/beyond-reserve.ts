import { MIB } from "../units";
import { leastLimit } from "./higher-limit";
import type { Proposal } from "./proposal";

/** A limit that leaves macOS less than is advised, but nothing that needs a second yes. */
export const beyondReserve: Proposal = {
  *propose(plan, before) {
    const { advice } = plan;
    if (advice === undefined) return [];
    return yield* leastLimit(plan, before, advice.ramMib - advice.reserveBytes / MIB, advice.highestMib);
  },
};
