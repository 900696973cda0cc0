import type { LoadedModel } from "../facts";
import { formatBytes } from "../units";
import { type KnownVerdict, needBytes, needRange } from "../verdict";
import { verdictSentence } from "../verdict-text";
import type { Proposal } from "./proposal";
import { settle } from "./settle";

/** A model is measured when it loads: one that spilled under a lower limit stays spilled until it's reloaded. */
export const reloadModel: Proposal = {
  *propose(plan, before) {
    // Who has just seen it fail has reloaded it already.
    if (before.kind !== "fits" || plan.failed !== undefined) return [];
    const { loaded, model } = plan.input;
    const self = loaded.find(({ digest }) => digest === model.digest);
    const why = self && whyReload(self, before);
    if (self === undefined || why === undefined) return [];
    yield;
    const settled = settle(plan, before, { unload: [self.name] });
    if (settled === undefined) return [];
    return [{ ...settled, title: "Reload Model", sentence: `${why} Now: ${verdictSentence(settled.after)}` }];
  },
};

/** What a new load mends, as a sentence: a part that spilled, or states saved of earlier requests. */
function whyReload({ sizeBytes, vramBytes }: LoadedModel, before: KnownVerdict): string | undefined {
  if (vramBytes < sizeBytes) return `${formatBytes(sizeBytes - vramBytes)} of it spilled when it was loaded.`;
  const { high } = needRange(before);
  return before.engine === "mlx" && vramBytes > high
    ? `It holds ${formatBytes(vramBytes)}, ${formatBytes(vramBytes - needBytes(before))} more than a prompt needs: states saved of earlier requests.`
    : undefined;
}
