import type { LoadedModel } from "../fit/facts";
import { formatBytes, formatContext, formatSignedPercent } from "../fit/units";
import { expectedReport, type Verdict } from "../fit/verdict";

/** What a loaded model is held against. */
export interface Expected {
  /** Context per slot, in tokens. */
  readonly numCtx: number;
  /** Bytes that Ollama should report for it, all on the GPU. */
  readonly bytes: number;
  /** Its weights alone: any honest report is larger. */
  readonly leastBytes: number;
  /** What Ollama's count leaves out of `bytes`: no report says then how right the prediction was. */
  readonly uncountedBytes?: number;
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
export function expectedLoad({ run, estimate }: Verdict): Expected | undefined {
  return run === undefined || estimate === undefined || run.cautions.length > 0
    ? undefined
    : {
        numCtx: run.numCtx.value,
        bytes: expectedReport(estimate),
        leastBytes: estimate.weights,
        uncountedBytes: estimate.uncountedCache || undefined,
      };
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
      return `Ollama reports ${formatBytes(report.bytes)}, less than the weights alone, so it says nothing.`;
    case "spilled":
      return `${formatBytes(report.bytes - report.spilledBytes)} of ${formatBytes(report.bytes)} is on the GPU${expected ? `; ${formatBytes(expected.bytes)} predicted` : ""}.`;
    case "on-gpu": {
      const there = `${formatBytes(report.bytes, 2)}${report.numCtx === undefined ? "" : ` at ${formatContext(report.numCtx)}`}`;
      if (expected === undefined) return `${there}.`;
      if (expected.uncountedBytes !== undefined) {
        return `${there}; Ollama's count leaves out about ${formatBytes(expected.uncountedBytes)} of KV cache.`;
      }
      return isOtherContext(report, expected)
        ? `${there}, not the ${formatContext(expected.numCtx)} expected.`
        : `${there}; ${formatBytes(expected.bytes, 2)} predicted (${formatSignedPercent(report.bytes / expected.bytes - 1)}).`;
    }
  }
}

/** Whether a model was loaded with another context than the prediction was made for. */
export function isOtherContext(report: LoadReport, expected: Expected): boolean {
  return "numCtx" in report && report.numCtx !== undefined && report.numCtx !== expected.numCtx;
}
