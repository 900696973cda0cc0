import type { LoadedModel } from "./facts";
import { formatBytes, formatContext } from "./units";

/** Where a loaded model is, and where it will be. */
export type LoadedPlace =
  /** Its size isn't known. */
  | { readonly kind: "untold" }
  /** It holds more than the limit. */
  | { readonly kind: "over"; readonly limitBytes: number }
  /** A prompt of the judged length may make it hold more than the limit. */
  | { readonly kind: "grows-over"; readonly limitBytes: number; readonly peakBytes: number }
  | { readonly kind: "on-gpu" }
  | { readonly kind: "on-cpu" }
  | { readonly kind: "spilled"; readonly spilledBytes: number };

/** @param limitBytes the limit in force; Infinity where it isn't known */
export function placeOf(loaded: LoadedModel, limitBytes: number): LoadedPlace {
  const { sizeBytes, vramBytes, growth } = loaded;
  if (sizeBytes === 0) return { kind: "untold" };
  if (vramBytes > limitBytes) return { kind: "over", limitBytes };
  if (growth !== undefined && growth.peakBytes > limitBytes) {
    return { kind: "grows-over", limitBytes, peakBytes: growth.peakBytes };
  }
  if (vramBytes >= sizeBytes) return { kind: "on-gpu" };
  return vramBytes === 0 ? { kind: "on-cpu" } : { kind: "spilled", spilledBytes: sizeBytes - vramBytes };
}

/** "2 loaded · on the CPU": of an Ollama that has no GPU. */
export const loadedWithoutGpu = (count: number): string => `${count} loaded${count > 0 ? " · on the CPU" : ""}`;

/** What a model that grows consists of now: "16.9 GiB weights, 8.3 GiB cache and saved states". */
export function partsText({ sizeBytes, growth }: LoadedModel): string | undefined {
  if (growth === undefined) return undefined;
  const rest = Math.max(0, sizeBytes - growth.weightBytes);
  return `${formatBytes(growth.weightBytes)} weights, ${formatBytes(rest)} cache and saved states`;
}

/** What it will still grow by, as a sentence; undefined for one that takes all its memory with its load. */
export function stillGrowsText({ vramBytes, growth }: LoadedModel): string | undefined {
  if (growth === undefined) return undefined;
  const { peakBytes, tokens } = growth;
  return peakBytes > vramBytes
    ? `A prompt of ${formatContext(tokens)} tokens may make it grow by ${formatBytes(peakBytes - vramBytes)}, to ${formatBytes(peakBytes)}.`
    : `That's more than a prompt of ${formatContext(tokens)} tokens needs: states of earlier requests are part of it.`;
}
