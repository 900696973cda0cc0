import { type LoadedModel } from "./facts";
import { type ModelRun, resolveRun, runSettings } from "./run-settings";
import { rulesOf } from "./runners";
import { contextOf, estimateModel, expectedReport, judge, type JudgeInput, runInput } from "./verdict";

/** What a model's size is worked out from. */
export type SizeInput = Pick<JudgeInput, "model" | "description" | "server" | "limit" | "options" | "chip" | "peaks">;

/**
 * A loaded model with what it really takes. Ollama's count is believed, but where it lies below what the model must take
 * at the context it's loaded at: from 0.30 on it leaves out the first of two caches, and where it can't read
 * llama-server's buffers it gives the file's size. Then our own estimate counts, and `countedBytes` keeps what Ollama
 * says. The part on the GPU grows in proportion. One that grows while it runs keeps its count, and has its peak beside it.
 */
export function withRealSize(loaded: LoadedModel, input: SizeInput | undefined): LoadedModel {
  if (input !== undefined && rulesOf(input.model).cache === "grows") return withPeak(loaded, input);
  const { contextLength, sizeBytes } = loaded;
  const expected = input && contextLength !== undefined ? expectedSize(input, contextLength) : undefined;
  if (expected === undefined || sizeBytes === 0 || sizeBytes >= expected.atLeast) return loaded;
  const { bytes } = expected;
  return {
    ...loaded,
    sizeBytes: bytes,
    vramBytes: Math.round(bytes * (loaded.vramBytes / loaded.sizeBytes)),
    countedBytes: loaded.sizeBytes,
  };
}

/** Bytes of the GPU to count a loaded model with: what it has, or what it grows to. */
export function gpuBytesOf({ vramBytes, growth }: LoadedModel): number {
  return Math.max(vramBytes, growth?.peakBytes ?? 0);
}

/** The same of GPU and CPU together. */
export function allBytesOf({ sizeBytes, growth }: LoadedModel): number {
  return Math.max(sizeBytes, growth?.peakBytes ?? 0);
}

function withPeak(loaded: LoadedModel, input: SizeInput): LoadedModel {
  const growth = growthOf(input);
  return growth === undefined ? loaded : { ...loaded, growth };
}

/** What a model that grows while it runs grows to, whatever it has; undefined where that isn't known. */
export function growthOf(input: SizeInput): LoadedModel["growth"] {
  const verdict = judge({ ...input, loaded: [] });
  if (verdict.engine !== "mlx" || verdict.kind === "wont-load") return undefined;
  const { weights: weightBytes, high: peakBytes } = verdict.estimate;
  return { weightBytes, peakBytes, tokens: contextOf(verdict).value };
}

/** What Ollama should count of a model that llama.cpp runs; in bytes. */
export interface ExpectedSize {
  readonly bytes: number;
  /** Lower end of its band: a count from here on is believed. */
  readonly atLeast: number;
  readonly run: ModelRun;
}

/** Our estimate of it at a context, in tokens; undefined where it isn't known. */
export function expectedSize(input: SizeInput, context: number): ExpectedSize | undefined {
  const { description, options } = input;
  if ("kind" in description) return undefined;
  const run = resolveRun(runInput({ ...input, options: { ...options, context } }, description));
  if ("kind" in run || run.cautions.length > 0) return undefined;
  const sum = estimateModel(description, runSettings(run));
  if (sum.kind === "unknown") return undefined;
  const bytes = expectedReport(sum);
  return { bytes, atLeast: bytes - sum.uncertainty, run };
}
