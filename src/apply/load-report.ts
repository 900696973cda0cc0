import type { LoadedModel } from "../fit/facts";
import { formatBytes, formatContext, formatSignedPercent, GIB } from "../fit/units";
import type { PredictedTerms } from "../fit/laid-out";
import { OLLAMAS_COUNT } from "../fit/sum-names";
import { expectedReport, type Verdict } from "../fit/verdict";

/** What a loaded model is held against. */
export interface Expected {
  /** Context per slot, in tokens; absent where the runner takes no memory for one when it loads. */
  readonly numCtx?: number;
  /** Bytes that Ollama should report for it, all on the GPU. */
  readonly bytes: number;
  /** Its weights alone: any honest report is larger. */
  readonly leastBytes: number;
  /** What Ollama's count leaves out of `bytes`: no report says then how right the prediction was. */
  readonly uncountedBytes?: number;
  /** What right after a load is reported at the most, where the model grows later: above it requests have come already. */
  readonly mostBytes?: number;
  /** What it grows to at the context it's judged at. */
  readonly peakBytes?: number;
}

/** What Ollama says of a model after it was loaded. */
export type LoadReport =
  /** All on the GPU; `bytes` is Ollama's own count. */
  | { readonly kind: "on-gpu"; readonly name: string; readonly bytes: number; readonly numCtx?: number }
  | {
      readonly kind: "spilled";
      readonly name: string;
      readonly bytes: number;
      readonly spilledBytes: number;
      readonly numCtx?: number;
    }
  /** Ollama does not list it: it was unloaded at once, or the load failed silently. */
  | { readonly kind: "not-listed"; readonly name: string }
  /**
   * Less than its weights alone: Ollama could not read llama-server's buffers and reports the file instead, always as
   * if it were on the GPU, so that this says nothing.
   */
  | { readonly kind: "unclear"; readonly name: string; readonly bytes: number };

/**
 * What Ollama should report of a model that runs as it is judged; undefined where its sum is not known, and for releases
 * that count in another way.
 */
export function expectedLoad(verdict: Verdict): Expected | undefined {
  if (verdict.engine === "mlx") {
    const { weights, total } = verdict.estimate;
    return { bytes: weights, leastBytes: weights, mostBytes: weights + ABOVE_WEIGHTS, peakBytes: total };
  }
  const { run, estimate } = verdict;
  return run === undefined || estimate === undefined || run.cautions.length > 0
    ? undefined
    : {
        numCtx: run.numCtx.value,
        bytes: expectedReport(estimate),
        leastBytes: estimate.weights,
        uncountedBytes: estimate.uncountedCache || undefined,
      };
}

/** What llama-server's own log is held against; absent where it isn't known, and for two contexts, whose lines mix. */
export function predictedTerms(verdict: Verdict): PredictedTerms | undefined {
  if (verdict.engine === "mlx" || verdict.estimate === undefined || verdict.run?.draftNumPredict) return undefined;
  const { kvCache, recurrentState, compute } = verdict.estimate;
  return { cacheBytes: kvCache + recurrentState, computeBytes: Math.round(compute) };
}

/** MLX reports its weights right after a load, and up to this many bytes more on older builds. */
const ABOVE_WEIGHTS = Math.round(0.3 * GIB);

/** Whether a model that grows has grown already: such a count is no comparison. */
export function hasGrown({ bytes }: { readonly bytes: number }, { mostBytes = Infinity }: Expected): boolean {
  return bytes > mostBytes;
}

/** Reads the entry of `/api/ps`; without a prediction every report counts. */
export function loadReport(name: string, loaded: LoadedModel | undefined, expected?: Expected): LoadReport {
  if (loaded === undefined) return { kind: "not-listed", name };
  const { sizeBytes: bytes, vramBytes, contextLength } = loaded;
  const context = contextLength === undefined ? {} : { numCtx: contextLength };
  if (vramBytes < bytes) return { kind: "spilled", name, bytes, spilledBytes: bytes - vramBytes, ...context };
  if (bytes < (expected?.leastBytes ?? 0)) return { kind: "unclear", name, bytes };
  return { kind: "on-gpu", name, bytes, ...context };
}

/** The report in words: what is where, at which context, and how right the prediction was. */
export function reportText(report: LoadReport, expected?: Expected): string {
  switch (report.kind) {
    case "not-listed":
      return `Ollama doesn't list ${report.name} as loaded.`;
    case "unclear":
      return `${OLLAMAS_COUNT} is ${formatBytes(report.bytes)}, less than the weights alone, so it says nothing.`;
    case "spilled":
      return `${formatBytes(report.bytes - report.spilledBytes)} of ${formatBytes(report.bytes)} is on the GPU${expected ? `; ${formatBytes(expected.bytes)} predicted` : ""}.`;
    case "on-gpu": {
      const context = expected?.mostBytes === undefined ? report.numCtx : undefined;
      const at = context === undefined ? "" : ` at ${formatContext(context)}`;
      const there = `${formatBytes(report.bytes, 2)}${at} by ${OLLAMAS_COUNT}`;
      if (expected === undefined) return `${there}.`;
      if (hasGrown(report, expected)) return `${there}: weights, and what earlier requests left.`;
      if (expected.uncountedBytes !== undefined) {
        return `${there}, without about ${formatBytes(expected.uncountedBytes)} of KV cache.`;
      }
      if (isOtherContext(report, expected)) return `${there}, not the ${formatContext(expected.numCtx ?? 0)} expected.`;
      const error = formatSignedPercent(report.bytes / expected.bytes - 1);
      return expected.peakBytes === undefined
        ? `${there}; ${formatBytes(expected.bytes, 2)} predicted (${error}).`
        : `${there} (${error}). Prompts make it grow to about ${formatBytes(expected.peakBytes)}.`;
    }
  }
}

/** Whether a model was loaded with another context than the prediction was made for. */
export function isOtherContext(report: LoadReport, expected: Expected): boolean {
  const isTold = "numCtx" in report && report.numCtx !== undefined && expected.numCtx !== undefined;
  return isTold && report.numCtx !== expected.numCtx;
}
