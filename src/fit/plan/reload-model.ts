import { formatBytes } from "../units";
import { verdictSentence } from "../verdict-text";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** A model is measured when it loads: one that spilled under a lower limit stays spilled until it's reloaded. */
export const reloadModel: Proposal = {
  *propose(plan, before) {
    if (before.kind !== "fits") return [];
    const { loaded, model } = plan.input;
    const self = loaded.find(({ digest }) => digest === model.digest);
    if (self === undefined || self.vramBytes >= self.sizeBytes) return [];
    yield;
    const settled = settle(plan, before, { unload: [self.name] });
    if (settled === undefined) return [];
    const spilled = formatBytes(self.sizeBytes - self.vramBytes);
    return [
      {
        ...settled,
        title: "Reload Model",
        sentence: `${spilled} of it spilled when it was loaded. Now: ${verdictSentence(settled.after)}`,
      },
    ];
  },
};
