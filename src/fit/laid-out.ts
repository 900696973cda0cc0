import { formatBytes, formatSignedPercent } from "./units";

/** What llama-server laid out on the GPU for a model, by its own lines in the server's log, in bytes. */
export interface LaidOut {
  /** KV cache and recurrent state, of both caches where there are two. */
  readonly cacheBytes: number;
  readonly computeBytes: number;
  /** What is mapped of the file. */
  readonly modelBytes: number;
}

/** Terms of an estimate that llama-server's lines are held against, in bytes. */
export interface PredictedTerms {
  readonly cacheBytes: number;
  readonly computeBytes: number;
}

/** What llama-server's own lines say, and how far off the prediction was. */
export function laidOutText({ cacheBytes, computeBytes }: LaidOut, predicted: PredictedTerms): string {
  const part = (what: string, real: number, expected: number) =>
    `${formatBytes(real)} of ${what}, ${isSame(real, expected) ? "as predicted" : `${formatBytes(expected)} predicted (${formatSignedPercent(real / expected - 1)})`}`;
  const parts = [
    ...(cacheBytes > 0 && predicted.cacheBytes > 0
      ? [part("KV cache and state", cacheBytes, predicted.cacheBytes)]
      : []),
    part("compute", computeBytes, predicted.computeBytes),
  ];
  return `llama-server's own log: ${parts.join("; ")}.`;
}

/** Log lines have hundredths of a MiB. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.001 * Math.max(a, b);
}
