import type { KnownEstimate } from "../memory/estimate-types";
import type { LoadedModel } from "./facts";
import { GIB } from "./units";

/** llama-server keeps up to this much of earlier prompts in RAM, outside the GPU limit (its `--cache-ram` default). */
export const PROMPT_CACHE_BYTES = 8 * GIB;

/** The RAM of this Mac as far as it decides what a model can take of it; all in bytes. */
export interface RamUse {
  readonly ramBytes: number;
  /** What macOS and the apps should keep, however little they use now. */
  readonly reserveBytes: number;
  /** In use now by everything but this server's own runners; absent where it couldn't be read. */
  readonly othersBytes?: number;
}

/** What a model needs of the RAM against what the Mac can carry; all in bytes. */
export interface RamBalance extends RamUse {
  readonly needBytes: number;
  readonly carryBytes: number;
  /** 0 where nothing is missing. */
  readonly shortBytes: number;
}

/**
 * A model's whole need against the RAM: its sum on the GPU and the tensors that stay on the CPU. What the Mac can carry
 * is what's left by the larger of the reserve and what other programs use.
 */
export function balanceRam(use: RamUse, { total, weights, projector }: KnownEstimate, fileBytes: number): RamBalance {
  const onCpu = Math.max(0, fileBytes - weights - projector);
  const needBytes = total + onCpu;
  const carryBytes = Math.max(0, use.ramBytes - Math.max(use.reserveBytes, use.othersBytes ?? 0));
  return { ...use, needBytes, carryBytes, shortBytes: Math.max(0, needBytes - carryBytes) };
}

/** RAM in use without what this server's own models hold, in bytes: these make way for one another. */
export function usedByOthers(usedBytes: number, loaded: readonly LoadedModel[]): number {
  return Math.max(0, usedBytes - loaded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
}
