import type { LoadedModel, ServerFacts } from "./facts";
import { formatBytes, GIB, MIB } from "./units";

/** llama-server keeps up to this much of earlier prompts in RAM, outside the GPU limit (its `--cache-ram` default). */
const PROMPT_CACHE_BYTES = 8 * GIB;

/**
 * The share of the RAM up to which a shortage is met by compressing what idle apps hold. What's beyond it goes to the
 * disk.
 */
const COMPRESSIBLE_SHARE = 0.04;

/** The RAM of this Mac as far as it decides what a model can take of it; all in bytes. */
export interface RamUse {
  readonly ramBytes: number;
  /** What macOS and the apps should keep, however little they use now. */
  readonly reserveBytes: number;
  /** In use now by everything but this server's own runners; absent where it couldn't be read. */
  readonly othersBytes?: number;
}

/** What comes of a shortage: nothing is short, macOS compresses what idle apps hold, or it swaps to the disk. */
export type RamOutcome = "enough" | "compresses" | "swaps";

/** What a model needs of the RAM against what the Mac can carry; all in bytes. */
export interface RamBalance extends RamUse {
  readonly kind: RamOutcome;
  readonly needBytes: number;
  readonly carryBytes: number;
  /** 0 where nothing is missing. */
  readonly shortBytes: number;
}

/**
 * A need against what the Mac can carry: its RAM less the larger of the reserve and of what other programs use
 * (counted as active + inactive + speculative + wired + compressor − purgeable − file-backed pages).
 */
export function balanceRam(use: RamUse, needBytes: number): RamBalance {
  const carryBytes = Math.max(0, use.ramBytes - Math.max(use.reserveBytes, use.othersBytes ?? 0));
  const shortBytes = Math.max(0, needBytes - carryBytes);
  const kind = shortBytes === 0 ? "enough" : shortBytes <= use.ramBytes * COMPRESSIBLE_SHARE ? "compresses" : "swaps";
  return { ...use, kind, needBytes, carryBytes, shortBytes };
}

/** The largest need, in bytes, with which the Mac doesn't swap. */
export function mostWithoutSwap(use: RamUse): number {
  return balanceRam(use, 0).carryBytes + Math.floor(use.ramBytes * COMPRESSIBLE_SHARE);
}

/** What the cache of earlier prompts may grow to, in bytes: LLAMA_ARG_CACHE_RAM, else its default. */
export function promptCacheBytes({ promptCacheMib }: ServerFacts): number {
  return promptCacheMib === undefined ? PROMPT_CACHE_BYTES : promptCacheMib.value * MIB;
}

/** RAM in use without what this server's own models hold, in bytes: these make way for one another. */
export function usedByOthers(usedBytes: number, loaded: readonly LoadedModel[]): number {
  return Math.max(0, usedBytes - loaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
}

/** The same use, where more is known of what the server's models hold than its own count tells. */
export function withRealLoads(use: RamUse, loaded: readonly LoadedModel[]): RamUse {
  const { othersBytes } = use;
  const uncounted = loaded.reduce((sum, { sizeBytes, countedBytes = sizeBytes }) => sum + sizeBytes - countedBytes, 0);
  return othersBytes === undefined ? use : { ...use, othersBytes: Math.max(0, othersBytes - uncounted) };
}

/** A shortage in words, without a full stop: "RAM is 1.7 GiB short: other apps use 11.1 GiB". */
export function shortageText({ shortBytes, othersBytes = 0, reserveBytes }: RamBalance): string {
  const why =
    othersBytes > reserveBytes
      ? `other apps use ${formatBytes(othersBytes)}`
      : `macOS and apps need ${formatBytes(reserveBytes)}`;
  return `RAM is ${formatBytes(shortBytes)} short: ${why}`;
}

export const RAM_UNREAD = "How much RAM other apps use couldn't be read.";

/** What comes of a shortage, as a sentence; undefined where there is none. */
export function ramText(ram: RamBalance): string | undefined {
  if (ram.kind === "enough") return undefined;
  const outcome =
    ram.kind === "swaps" ? "The Mac would swap to the disk." : "macOS would compress what idle apps hold.";
  return `${shortageText(ram)}. ${outcome}`;
}
