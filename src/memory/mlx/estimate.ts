import { cacheBytes } from "./cache/cache-bytes";
import { chipGeneration } from "./chip";
import { UnknownMlxModel } from "./config";
import type { MlxFiles, MlxTensor } from "./files";
import { readShape } from "./read-shape";
import { savedStateBytes } from "./saved-states";
import { FUSED_FROM_M5, scoreBytes } from "./scores";
import type { MlxShape } from "./shape";

/** Tokens that Ollama and mlx-lm read of a prompt at once. */
export const PREFILL_STEP = 2048;

/** Far above every model; more is a slip, and would be counted write by write. */
export const MOST_TOKENS = 2 ** 27;

/** Activations, growth of a cache and logits of one token: bytes, and bytes for each token of a chunk. */
const CONSTANT = { base: 0.8e9, perToken: 1.1e6 } as const;
/** Half-widths around the estimate that hold all published peaks, in bytes and as a share of cache and scores. */
const ABOVE = { least: 1e9, share: 0.08 } as const;
const BELOW = 3e9;

/** How a model runs with MLX. */
export interface MlxRun {
  /** Tokens of the prompt. */
  readonly tokens: number;
  /** Tokens generated after it; default 0. */
  readonly generated?: number;
  /** Default {@link PREFILL_STEP}. */
  readonly prefillStep?: number;
  /** Name of the chip, such as "Apple M4 Pro"; absent or unknown: M1 to M4, which is the safe side. */
  readonly chip?: string;
  /**
   * Whether the MLX that runs it fuses what an M5 can isn't known: the range covers both there, and where the chip isn't
   * known. Default: it does, as that chip's MLX can.
   */
  readonly isFusingUnsure?: boolean;
}

/** Memory of a model with MLX in one request, all in bytes. Weights, cache and state are exact, the rest is estimated. */
export interface KnownMlxEstimate {
  readonly kind: "known";
  readonly modelType: string;
  readonly weights: number;
  /** K and V after the request. */
  readonly kvCache: number;
  readonly recurrentState: number;
  /** The most that K, V and states take at any time; not part of the total. */
  readonly cachePeak: number;
  /** Attention scores while the prompt is read. */
  readonly scratch: number;
  /** What the scores may take where it isn't known whether MLX fuses them; both are `scratch` where it is. */
  readonly scratchRange: { readonly low: number; readonly high: number };
  readonly constant: number;
  /** States that Ollama saves between requests, in RAM; not part of the total. */
  readonly savedStates: number;
  /** weights + kvCache + recurrentState + scratch + constant. */
  readonly total: number;
  /** The peak lies in low … high. */
  readonly low: number;
  readonly high: number;
}

export interface UnknownMlxEstimate {
  readonly kind: "unknown";
  /** Why, as a sentence for people. */
  readonly reason: string;
}

export type MlxEstimate = KnownMlxEstimate | UnknownMlxEstimate;

/** A model that can be estimated at any context: worked out once, however often it is asked. */
export interface MlxModel {
  readonly kind: "known";
  readonly shape: MlxShape;
  /** Bytes of the tensors, as stored. */
  readonly weights: number;
}

/** Reads what decides a model's memory. Unknown, with the reason, for types and configs it can't follow; never throws. */
export function openMlxModel(files: MlxFiles): MlxModel | UnknownMlxEstimate {
  try {
    const shape = readShape(files);
    return { kind: "known", shape, weights: weightBytes(files.tensors) };
  } catch (error) {
    if (!(error instanceof UnknownMlxModel)) throw error;
    return { kind: "unknown", reason: error.message };
  }
}

/** Bytes of the tensors; never from bits a config names, as single tensors have others. */
function weightBytes(tensors: readonly MlxTensor[]): number {
  if (tensors.length === 0) throw new UnknownMlxModel("It lists no tensors.");
  const sum = tensors.reduce((bytes, tensor) => bytes + tensor.bytes, 0);
  if (!isBytes(sum) || tensors.some(({ bytes }) => !isBytes(bytes))) {
    throw new UnknownMlxModel("The sizes of its tensors don't add up to a number of bytes.");
  }
  return sum;
}

/** Memory of `model` in a request; see the facts of MLX models, sections 2 (cache), 3 (scores, constant) and 8 (range). */
export function estimateMlx({ shape, weights }: MlxModel, run: MlxRun): MlxEstimate {
  const { tokens, generated = 0, prefillStep = PREFILL_STEP, chip } = run;
  if (!isCount(tokens, 1) || !isCount(generated, 0) || !isCount(prefillStep, 1)) {
    return { kind: "unknown", reason: "The request has no usable number of tokens." };
  }
  const { kvCache, recurrentState, peak } = cacheBytes(shape.layers, { tokens, generated, prefillStep });
  const generation = chipGeneration(chip);
  const scoresOf = (one: number | undefined) => scoreBytes(shape, { tokens, prefillStep, generation: one });
  const scratch = scoresOf(generation);
  const isUnsure = run.isFusingUnsure === true && (generation === undefined || generation >= FUSED_FROM_M5.generation);
  const scratchRange = isUnsure
    ? { low: scoresOf(FUSED_FROM_M5.generation), high: scoresOf(undefined) }
    : { low: scratch, high: scratch };
  const constant = CONSTANT.base + CONSTANT.perToken * prefillStep;
  const growing = kvCache + recurrentState + scratch;
  const mostGrowing = kvCache + recurrentState + scratchRange.high;
  const total = weights + growing + constant;
  const estimate: KnownMlxEstimate = {
    kind: "known",
    modelType: shape.modelType,
    weights,
    kvCache,
    recurrentState,
    cachePeak: peak,
    scratch,
    scratchRange,
    constant,
    savedStates: savedStateBytes(shape.layers),
    total,
    low: Math.max(total - scratch + scratchRange.low - BELOW, weights + kvCache + recurrentState),
    high: total - scratch + scratchRange.high + Math.ceil(Math.max(ABOVE.least, ABOVE.share * mostGrowing)),
  };
  // No term is negative, so a range and a peak in range mean that all terms are.
  return isBytes(estimate.high) && isBytes(peak) && isBytes(estimate.savedStates)
    ? estimate
    : { kind: "unknown", reason: "Its sizes don't add up to a number of bytes." };
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= MOST_TOKENS;
}

function isBytes(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
