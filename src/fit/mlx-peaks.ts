import { estimateMlx, type KnownMlxEstimate, type MlxModel, type MlxRun, PREFILL_STEP } from "../memory/mlx/estimate";
import { GIB } from "./units";

/** The peak of one request, as the server's log tells it ("peak memory"). */
export interface MlxPeak {
  /** As the log writes it: "qwen3.8:27b-mlx". */
  readonly model: string;
  /** When, as the log writes it. */
  readonly at: string;
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** Where the last whole chunk ended that was read for it; what was saved before isn't read again. */
  readonly readTokens: number;
  /** The whole prompt was read: the server neither refused nor cut it. */
  readonly readWhole: boolean;
  /** Tokens of a whole chunk; absent where none was read: the scores then tell nothing of longer prompts. */
  readonly chunkTokens?: number;
  /** Weights, caches, scores, and what was saved of earlier requests. */
  readonly peakBytes: number;
  /** Sent from here to measure it: says nothing of what clients send. */
  readonly isOurs?: boolean;
}

/** So many peaks are kept of each model, each of another context. */
export const MOST_PEAKS = 50;
/** So many models are remembered, the most recent ones. */
export const MOST_MODELS = 100;
/** The log rounds to hundredths of its unit; half of one, in bytes. */
export const ROUNDING = 0.005 * GIB;
/** How much steeper than the estimate memory grew at the most (omlx#1397). */
const STEEPEST = 1.08;

/** Prompts that differ by less are the same context. */
const SAME_CONTEXT = 1024;

/**
 * Adds peaks to those kept, oldest first: a later one replaces an earlier one of the same model, context and sender; of
 * each model the last {@link MOST_PEAKS} stay, of the last {@link MOST_MODELS} models.
 */
export function keepPeaks(kept: readonly MlxPeak[], fresh: readonly MlxPeak[]): readonly MlxPeak[] {
  const models = new Map<string, Map<string, MlxPeak>>();
  for (const peak of [...kept, ...fresh]) {
    const contexts = models.get(peak.model) ?? new Map<string, MlxPeak>();
    const context = `${Math.ceil(peak.promptTokens / SAME_CONTEXT)} ${peak.isOurs === true}`;
    // Removed first, so that the newest are the last.
    contexts.delete(context);
    contexts.set(context, peak);
    models.delete(peak.model);
    models.set(peak.model, contexts);
  }
  return [...models.values()].slice(-MOST_MODELS).flatMap((contexts) => [...contexts.values()].slice(-MOST_PEAKS));
}

/**
 * Whether peaks prove that a context the server shows caps nothing: a longer prompt was read as a whole. The other way
 * round nothing is proven: nobody may have sent one.
 */
export function provesNoCap(peaks: readonly MlxPeak[], shownTokens: number): boolean {
  return peaks.some(({ promptTokens, readWhole }) => readWhole && promptTokens > shownTokens);
}

/** A prompt that a server cut or refused, as longer than a context. */
export interface MlxCut {
  /** As the log writes it. */
  readonly model: string;
  readonly promptTokens: number;
  readonly limitTokens: number;
}

/** What is known of a context that a server shows for an MLX model: nothing was found out, it caps nothing, or it does. */
export type ShownContext =
  | { readonly kind: "unproven" }
  | { readonly kind: "ignored"; readonly shownTokens: number; readonly promptTokens: number }
  | { readonly kind: "enforced"; readonly limitTokens: number; readonly promptTokens: number };

/** What requests of a model prove: a cut that the server made itself says most, then the longest prompt read beyond it. */
export function shownContext(
  peaks: readonly MlxPeak[],
  cuts: readonly MlxCut[],
  shownTokens: number | undefined,
): ShownContext {
  const cut = cuts.at(-1);
  if (cut !== undefined) return { kind: "enforced", limitTokens: cut.limitTokens, promptTokens: cut.promptTokens };
  if (shownTokens === undefined || !provesNoCap(peaks, shownTokens)) return { kind: "unproven" };
  const read = peaks.filter(({ readWhole }) => readWhole).map(({ promptTokens }) => promptTokens);
  return { kind: "ignored", shownTokens, promptTokens: Math.max(...read) };
}

/** Whether a peak tells anything of other contexts: whole chunks of that length were read for it. */
export function isEvidence({ chunkTokens, readTokens }: MlxPeak, prefillStep: number = PREFILL_STEP): boolean {
  return chunkTokens === prefillStep && readTokens >= prefillStep;
}

/** What a measured peak says of any context. */
interface Evidence {
  readonly readTokens: number;
  readonly peakBytes: number;
  /** Cache and scores at `readTokens`, by the estimate: the most they may be. */
  readonly growing: number;
  /** By how much the peak was above the range, saved states taken off; 0 = it wasn't. */
  readonly above: number;
}

/** Ends of the range of a peak. */
export interface MlxRange {
  readonly low: number;
  readonly high: number;
}

/**
 * How measured peaks of a model on this Mac narrow the range of its estimate. Only prompts count that were read in whole
 * chunks of the same length, and peaks below weights and cache belong to something else.
 *
 * A peak is what a prompt of that length took at the most, as states of earlier requests may be part of it: shorter ones
 * stay below it, longer ones grow from there as steeply as was ever seen. One above the range proves that too low: it
 * goes up by that much for the same and longer prompts.
 */
export function narrowRange(
  model: MlxModel,
  peaks: readonly MlxPeak[],
  { prefillStep = PREFILL_STEP, chip, isFusingUnsure }: Pick<MlxRun, "prefillStep" | "chip" | "isFusingUnsure">,
): (estimate: KnownMlxEstimate, tokens: number) => MlxRange {
  const evidence = peaks.flatMap((peak): Evidence[] => {
    if (!isEvidence(peak, prefillStep)) return [];
    const there = estimateMlx(model, { tokens: peak.readTokens, prefillStep, chip, isFusingUnsure });
    if (there.kind === "unknown" || peak.peakBytes + ROUNDING < sureBytes(there)) return [];
    const above = Math.max(0, peak.peakBytes - ROUNDING - there.savedStates - there.high);
    return [{ readTokens: peak.readTokens, peakBytes: peak.peakBytes + ROUNDING, growing: growingBytes(there), above }];
  });
  return (estimate, tokens) => {
    const growing = growingBytes(estimate);
    const measured = evidence.map((peak) => peak.peakBytes + STEEPEST * Math.max(0, growing - peak.growing));
    const above = evidence.map((peak) => (peak.readTokens <= tokens ? peak.above : 0));
    const raised = estimate.high + Math.max(0, ...above);
    const high = Math.ceil(Math.max(Math.min(raised, ...measured), sureBytes(estimate)));
    return { high, low: Math.max(Math.min(estimate.low, high), sureBytes(estimate)) };
  };
}

/** How much grows with the prompt; scores that may be held are, as a longer prompt may be the first that holds them. */
const growingBytes = ({ kvCache, recurrentState, scratchRange }: KnownMlxEstimate) =>
  kvCache + recurrentState + scratchRange.high;

/** What is exact: nothing measured goes below it. */
export const sureBytes = ({ weights, kvCache, recurrentState }: KnownMlxEstimate) => weights + kvCache + recurrentState;
