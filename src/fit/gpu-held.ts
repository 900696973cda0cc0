import { roomBeside } from "./beside-loaded";
import type { ClosableApp, LoadedModel } from "./facts";
import { formatBytes, GIB } from "./units";
import { type JudgeInput, type KnownVerdict, needBytes, needRange } from "./verdict";

/** What windows and browsers hold on any Mac; a program with a model holds more. */
const WINDOWS_BYTES = 2 * GIB;

/**
 * GPU memory that programs other than this server's runners hold, in bytes: what is allocated on the Mac less what its
 * loaded models take. The limit is one for all programs (antirez/ds4#314), but llama.cpp sees only its own share.
 */
export function heldByPrograms(allocatedBytes: number, loaded: readonly LoadedModel[]): number {
  return Math.max(0, allocatedBytes - loaded.reduce((sum, { vramBytes }) => sum + vramBytes, 0));
}

/** Whether so much is held by something other than windows. */
export function isHeldByModels(bytes: number | undefined): bytes is number {
  return bytes !== undefined && bytes > WINDOWS_BYTES;
}

/** The app or program that likely holds most of it: nothing of macOS tells it by program, but its footprint includes it. */
export function likelyHolder(bytes: number, apps: readonly ClosableApp[]): string | undefined {
  return apps.toSorted((a, b) => b.bytes - a.bytes).find((app) => app.bytes > bytes / 2)?.name;
}

/** How a model would do now, beside what other programs hold of the GPU's memory. */
export interface BesidePrograms {
  readonly heldBytes: number;
  /** Below the limit with everything that's loaded now; negative = missing. */
  readonly leftBytes: number;
  readonly isEnough: boolean;
}

/** Undefined where other programs hold nothing worth a word, or it isn't known. */
export function besidePrograms(input: JudgeInput, verdict: KnownVerdict): BesidePrograms | undefined {
  const { programsGpuBytes: heldBytes } = input;
  if (!isHeldByModels(heldBytes)) return undefined;
  const leftBytes = verdict.spareBytes - (roomBeside(input, verdict)?.takenBytes ?? 0) - heldBytes;
  return { heldBytes, leftBytes, isEnough: leftBytes >= needRange(verdict).high - needBytes(verdict) };
}

/** The same as a sentence, beside the verdict, which judges the model alone. */
export function besideProgramsText({ heldBytes, leftBytes, isEnough }: BesidePrograms, holder?: string): string {
  const held = `Other programs${holder === undefined ? "" : ` (likely ${holder})`} hold ${formatBytes(heldBytes)} of the GPU's memory now`;
  return isEnough
    ? `${held}: it fits beside them.`
    : `${held}: ${formatBytes(Math.max(0, -leftBytes))} would be missing until it's freed.`;
}
