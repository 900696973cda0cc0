import type { Proposal } from "./proposal";

/** For a model that fits and has nothing in its way. */
export const alreadyFits: Proposal = {
  isLastResort: true,
  propose: (_, before) => (before.kind === "fits" ? [{ title: "Nothing to Do", changes: {}, after: before }] : []),
};
