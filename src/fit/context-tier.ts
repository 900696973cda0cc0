import type { ServerFacts } from "./facts";
import { GIB, MIB } from "./units";
import { compareVersions, parseVersion, type Version } from "./version";

/** The release from which on Ollama's default context follows the GPU total. */
export const FIRST_WITH_TIERS: Version = [0, 15, 5];

/** Ollama's default context by the GPU total it measured when it started (from 0.15.5 on). */
export const CONTEXT_TIERS = [
  { fromBytes: 47 * GIB, numCtx: 262_144 },
  { fromBytes: 23 * GIB, numCtx: 32_768 },
  { fromBytes: 0, numCtx: 4_096 },
] as const;

/**
 * Default `num_ctx` of Ollama ≥ 0.15.5 for a GPU total in bytes, less OLLAMA_GPU_OVERHEAD (source: ollama's
 * server/routes.go). The total counts as whole MiB, as Ollama reads it.
 */
export function contextTier(totalBytes: number, overheadBytes = 0): number {
  const total = Math.floor(totalBytes / MIB) * MIB - overheadBytes;
  return CONTEXT_TIERS.find((tier) => total >= tier.fromBytes)?.numCtx ?? 4_096;
}

/** Ollama's default context now and after its next start, in tokens. */
export interface TierChange {
  readonly before: number;
  readonly after: number;
}

/**
 * How Ollama's default context changes once it restarts under a limit of `bytes`. `limitBytes`, the limit in force,
 * stands in where the total of its last start isn't known. Undefined where the default stays, where
 * OLLAMA_CONTEXT_LENGTH decides it, and on releases without tiers.
 */
export function tierAfterRestart(
  { startupTotalBytes, contextLength, gpuOverheadBytes, version }: ServerFacts,
  bytes: number,
  limitBytes: number | undefined,
): TierChange | undefined {
  const now = startupTotalBytes?.value ?? limitBytes;
  const release = parseVersion(version);
  if (now === undefined || (contextLength?.value ?? 0) > 0) return undefined;
  if (release !== undefined && compareVersions(release, FIRST_WITH_TIERS) < 0) return undefined;
  const overhead = gpuOverheadBytes?.value ?? 0;
  const [before, after] = [contextTier(now, overhead), contextTier(bytes, overhead)];
  return before === after ? undefined : { before, after };
}
