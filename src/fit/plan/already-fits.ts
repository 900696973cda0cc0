import { fitsLimit } from "../verdict";
import type { Proposal } from "./proposal";

/** For a model that fits the limit where nothing has to be done, or nothing keeps the Mac from swapping. */
export const alreadyFits: Proposal = {
  isLastResort: true,
  *propose(plan, before) {
    if (!fitsLimit(before)) return [];
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
