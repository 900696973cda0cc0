import { kvCacheCommands, ollamaCreateCommand } from "../commands";
import { judge } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { FREE, type KnownVerdict, type PlanOption } from "./options";
import type { PlanInput } from "./plan-input";
import { stateAfter } from "./state-after";

/** A KV cache of q8_0 instead of f16: about half of it, for every model of the server. */
export function quantizedCache(plan: PlanInput, before: KnownVerdict): PlanOption[] {
  const { input } = plan;
  const { kvCacheType } = before.run;
  if (before.kind === "fits" || (kvCacheType.value !== "f16" && kvCacheType.value !== "bf16")) return [];
  // Ollama reads it when it starts, and measures the limit anew then.
  const { restarted, pinned } = stateAfter(input, before, before.limit);
  if (pinned !== undefined && !plan.canCap) return [];
  const after = judge({ ...restarted, options: { ...restarted.options, kvCacheType: "q8_0" } });
  if (after.kind !== "fits") return [];
  const name = pinned === undefined ? undefined : plan.variantName(input.model.name, pinned);
  return [
    {
      kind: "quantize-kv-cache",
      title: "Quantize the KV Cache to q8_0",
      sentence: verdictSentence(after),
      costs: [
        "Applies to every model of this server (OLLAMA_KV_CACHE_TYPE)",
        "Ollama restarts: answers under way are cut off",
        "A slight loss of quality at long contexts",
        ...(input.server.identity.kind === "app" ? ["Set for apps started until the Mac restarts"] : []),
        ...(name === undefined ? [] : [`The context is pinned in ${name}`]),
      ],
      cost: { ...FREE, serverWide: 1, disturbance: 1 },
      after,
      changes: { kvCacheType: "q8_0", numCtx: pinned },
      // A server in a terminal goes on for ever: what is to be done beside it comes before.
      commands: [
        ...(name === undefined || pinned === undefined ? [] : [ollamaCreateCommand(input.model.name, name, pinned)]),
        ...kvCacheCommands("q8_0", input.server.identity.kind),
      ],
    },
  ];
}
