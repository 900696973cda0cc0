import { fitsLimit, type KnownVerdict } from "../verdict";
import type { Proposal } from "./proposal";

/**
 * For a model that fits the limit where nothing has to be done, or nothing keeps the Mac from swapping; and for one of MLX
 * that only what a server doesn't tell keeps from Fits: no other build of it would be better for that.
 */
export const alreadyFits: Proposal = {
  isLastResort: true,
  *propose(plan, before) {
    if (!fitsLimit(before) && !probablyFits(before)) return [];
    yield;
    return [
      {
        title: before.kind === "fits" && plan.failed === undefined ? "Nothing to Do" : "Load It Anyway",
        changes: {},
        after: before,
      },
    ];
  },
};

const probablyFits = (before: KnownVerdict) =>
  before.engine === "mlx" && before.kind === "tight" && before.cause === "caution";
