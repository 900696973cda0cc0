import { isElsewhere, isInContainer } from "./server-origin";
import { OLLAMAS_COUNT } from "./sum-names";
import { type JudgeInput, noGpuText, tooOldText, type Verdict } from "./verdict";

const LOADED_TELLS = `Load it: Show GPU Memory then has ${OLLAMAS_COUNT}.`;

/** What would make the verdict of a model known, as sentences, the likeliest first. */
export function waysToKnow(input: JudgeInput, verdict: Extract<Verdict, { kind: "unknown" }>): readonly string[] {
  const { model, description, limit } = input;
  if (model.cloud) return [];
  if (tooOldText(input) !== undefined) return ["Update Ollama, then refresh."];
  if (noGpuText(input.server) !== undefined) return ["Restart Ollama, and see whether it finds the GPU then."];
  if (isInContainer(input.server.identity)) return ["Run Ollama on the Mac itself: there it gets the GPU."];
  if (limit.kind === "unknown") {
    return [
      isElsewhere(input.server.identity)
        ? "State the limit of that machine in the preferences: GPU Limit of the Remote Mac."
        : LOADED_TELLS,
    ];
  }
  if ("kind" in description) {
    return [
      ...(model.format === "safetensors" ? [] : [`Pull ${model.name} again: what Ollama keeps of it may be damaged.`]),
      LOADED_TELLS,
    ];
  }
  return [
    LOADED_TELLS,
    ...(verdict.estimate === undefined
      ? ["A newer release of this extension may know how such a model is laid out."]
      : []),
  ];
}
