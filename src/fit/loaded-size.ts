import { type LoadedModel } from "./facts";
import { resolveRun, runSettings } from "./run-settings";
import { estimateModel, expectedReport, type JudgeInput, runInput } from "./verdict";

/** What a model's size is worked out from. */
export type SizeInput = Pick<JudgeInput, "model" | "description" | "server" | "limit" | "options">;

/**
 * A loaded model with what it really takes. Ollama's count is believed, but where it lies below what the model must take
 * at the context it's loaded at: from 0.30 on it leaves out the first of two caches, and where it can't read
 * llama-server's buffers it gives the file's size. Then our own estimate counts, and `countedBytes` keeps what Ollama
 * says. The part on the GPU grows in proportion.
 */
export function withRealSize(loaded: LoadedModel, input: SizeInput | undefined): LoadedModel {
  const least = input && leastBytes(loaded, input);
  if (least === undefined || loaded.sizeBytes === 0 || loaded.sizeBytes >= least.atLeast) return loaded;
  const { bytes } = least;
  return {
    ...loaded,
    sizeBytes: bytes,
    vramBytes: Math.round(bytes * (loaded.vramBytes / loaded.sizeBytes)),
    countedBytes: loaded.sizeBytes,
  };
}

/** Our estimate of what Ollama should count, and the lower end of its band, in bytes; undefined where it isn't known. */
function leastBytes(
  { contextLength }: LoadedModel,
  input: SizeInput,
): { readonly bytes: number; readonly atLeast: number } | undefined {
  const { description, options } = input;
  if (contextLength === undefined || "kind" in description) return undefined;
  const run = resolveRun(runInput({ ...input, options: { ...options, context: contextLength } }, description));
  if ("kind" in run || run.cautions.length > 0) return undefined;
  const sum = estimateModel(description, runSettings(run));
  if (sum.kind === "unknown") return undefined;
  const bytes = expectedReport(sum);
  return { bytes, atLeast: bytes - sum.uncertainty };
}
