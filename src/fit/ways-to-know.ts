import { REMOTE_PREFERENCE } from "./limit-policy";
import { isElsewhere, isInContainer } from "./server-origin";
import { OLLAMAS_COUNT } from "./sum-names";
import { judge, type JudgeInput, noGpuText, tooOldText, type Verdict } from "./verdict";

const STATE_ITS_LIMIT = `State the limit of that machine in the preferences: ${REMOTE_PREFERENCE}.`;

/** What would make the verdict of a model known, as sentences, the likeliest first. */
export function waysToKnow(input: JudgeInput, verdict: Extract<Verdict, { kind: "unknown" }>): readonly string[] {
  const { model, description, limit } = input;
  if (model.cloud) return [];
  if (tooOldText(input) !== undefined) return ["Update Ollama, then refresh."];
  if (noGpuText(input.server) !== undefined) return ["Restart Ollama, and see whether it finds the GPU then."];
  if (isInContainer(input.server.identity)) return ["Run Ollama on the Mac itself: there it gets the GPU."];
  const tells = loadTells(input);
  if (limit.kind === "unknown") return [isElsewhere(input.server.identity) ? STATE_ITS_LIMIT : tells];
  if (limit.isLeast) return [STATE_ITS_LIMIT, tells];
  if ("kind" in description && description.kind === "missing-files") return [`Pull ${model.name} again.`];
  if ("kind" in description) {
    return [
      ...(model.format === "safetensors" ? [] : [`Pull ${model.name} again: what Ollama keeps of it may be damaged.`]),
      tells,
    ];
  }
  if (description.parameters.numGpu !== undefined) {
    return ["Make a model of it without num_gpu: Ollama then places its layers, and the verdict is known.", tells];
  }
  const plain = judge({ ...input, options: { ...input.options, kvCacheType: "f16" } });
  if (verdict.estimate === undefined && plain.estimate !== undefined) {
    const on = verdict.run?.flashAttention.value === "off" ? ", or OLLAMA_FLASH_ATTENTION to 1," : "";
    return [`Set OLLAMA_KV_CACHE_TYPE to f16${on} and restart Ollama.`];
  }
  return [
    tells,
    ...(verdict.run !== undefined && verdict.estimate === undefined
      ? ["A newer release of this extension may know how such a model is laid out."]
      : []),
  ];
}

function loadTells({ model, loaded }: JudgeInput): string {
  return loaded.some(({ digest }) => digest === model.digest)
    ? `It's loaded now: Show GPU Memory has ${OLLAMAS_COUNT}.`
    : `Load it: Show GPU Memory then has ${OLLAMAS_COUNT}.`;
}
