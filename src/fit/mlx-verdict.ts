import {
  estimateMlx,
  type KnownMlxEstimate,
  type MlxEstimate,
  type MlxModel,
  type MlxRun,
  MOST_TOKENS,
} from "../memory/mlx/estimate";
import { chipGeneration } from "../memory/mlx/chip";
import { type MlxPeak, type MlxRange, narrowRange, sureBytes } from "./mlx-peaks";
import type { TightCause } from "./tight";
import { formatBytes, MIB } from "./units";

/** Ollama's check before it loads an MLX model keeps this free (x/mlxrunner/client.go Load). */
const LOAD_RESERVE = 512 * MIB;
/** Looked up to where a config names no context of its own. */
const MOST_CONTEXT = 2 ** 20;
/** Below this no use of a model makes sense: "safe to" and "fails above" aren't said. */
export const LEAST_CONTEXT = 4096;

/** Everything a verdict on an MLX model rests on. Bytes and tokens. */
export interface MlxJudgeInput {
  readonly model: MlxModel;
  /**
   * Tokens of the prompt that is judged: what the client sends, which nothing in Ollama caps for MLX. The person's
   * choice, else a context that the log of this server shows, else {@link usualContext}.
   */
  readonly tokens: number;
  readonly generated?: MlxRun["generated"];
  readonly prefillStep?: MlxRun["prefillStep"];
  readonly chip?: MlxRun["chip"];
  readonly isFusingUnsure?: MlxRun["isFusingUnsure"];
  /** The GPU limit. */
  readonly limitBytes: number;
  /** The limit that Ollama's check goes by, where another one is judged: it doesn't know what is safe. */
  readonly checkedBytes?: number;
  /** OLLAMA_GPU_OVERHEAD. */
  readonly overheadBytes?: number;
  /** What the RAM carries beside other programs; absent: not known, and not judged. */
  readonly carriableBytes?: number;
  /** By how much the weights may be too high: 0 where every tensor is listed, more where only a server's size is known. */
  readonly weightsAboveBytes?: number;
  /** Peaks of this model that were measured on this Mac: they narrow the range. */
  readonly peaks?: readonly MlxPeak[];
  /** What had to be taken for granted, as sentences: with any of it nothing is better than Tight. */
  readonly cautions?: readonly string[];
  /** Nothing is kept between requests. */
  readonly savesNothing?: boolean;
}

interface KnownMlxVerdict {
  /** At {@link JudgedMlx.tokens}; its range is narrowed by what was measured. */
  readonly estimate: KnownMlxEstimate;
  /** The prompt that was judged. */
  readonly tokens: number;
  readonly limitBytes: number;
  /** The longest prompt that surely fits, 0 where none does; never longer than the model takes. */
  readonly safeTokens: number;
  /** The same by the limit alone, whatever the RAM carries. */
  readonly safeForLimit: number;
  /** The longest prompt that may fit; longer ones fail. */
  readonly possibleTokens: number;
  readonly cautions: readonly string[];
  /** Why it isn't known whether MLX holds the scores: the range covers both. Absent where it is, or makes no difference. */
  readonly fusing?: UnsureFusing;
}

/** Chips whose MLX may fuse more than that of M1 to M4, and such that aren't known. */
export type UnsureFusing = "newer-chip" | "unknown-chip";

export type MlxVerdict =
  | ({ readonly kind: "fits" } & KnownMlxVerdict)
  | ({ readonly kind: "tight"; readonly cause: TightCause; readonly because: string } & KnownMlxVerdict)
  /** The request dies or the Mac freezes: MLX moves nothing to the CPU. */
  | ({ readonly kind: "fails"; readonly missingBytes: number } & KnownMlxVerdict)
  /** Ollama refuses to load it. */
  | ({ readonly kind: "wont-load"; readonly allowedBytes: number } & KnownMlxVerdict)
  | { readonly kind: "unknown"; readonly reason: string };

export type MlxVerdictKind = MlxVerdict["kind"];
export type JudgedMlx = Exclude<MlxVerdict, { kind: "unknown" }>;

/** What a client usually sends where nothing is known of it: 32K, or all that the model takes. */
export function usualContext(model: MlxModel): number {
  return Math.min(32_768, longestPrompt(model));
}

/**
 * Whether an MLX model loads and lives through a prompt: the rule of the facts of MLX models, section 8. Won't Load by
 * Ollama's own check, which is exact; Fails where not even the low end of the estimate keeps to the limit; Tight between
 * its ends, or where the RAM is short; else Fits.
 */
export function judgeMlx(input: MlxJudgeInput): MlxVerdict {
  const { model, limitBytes, overheadBytes = 0, weightsAboveBytes = 0, carriableBytes = Infinity } = input;
  const { cautions = [], tokens, generated, checkedBytes = limitBytes } = input;
  const estimateAt = estimator(input);
  const estimate = estimateAt(tokens, generated);
  if (estimate.kind === "unknown") return estimate;
  const allowedBytes = checkedBytes - LOAD_RESERVE - overheadBytes;
  const judged: KnownMlxVerdict = {
    estimate,
    tokens,
    limitBytes,
    safeTokens: 0,
    safeForLimit: 0,
    possibleTokens: 0,
    cautions,
    fusing: unsureFusing(input, estimate),
  };
  if (model.weights - weightsAboveBytes > allowedBytes) return { kind: "wont-load", allowedBytes, ...judged };

  const surelyLoads = model.weights <= allowedBytes;
  const longest = (holds: (estimate: KnownMlxEstimate) => boolean): number =>
    lastWhere(longestPrompt(model), (prompt) => {
      const there = estimateAt(prompt, 0);
      return there.kind === "known" && holds(there);
    });
  const known: KnownMlxVerdict = {
    ...judged,
    possibleTokens: longest(({ low }) => low <= limitBytes),
    safeTokens: surelyLoads ? longest(({ high }) => high <= Math.min(limitBytes, carriableBytes)) : 0,
    safeForLimit: surelyLoads ? longest(({ high }) => high <= limitBytes) : 0,
  };
  if (estimate.low > limitBytes) return { kind: "fails", missingBytes: estimate.low - limitBytes, ...known };
  const tight = surelyLoads ? whyTight(input, estimate) : closeToCheck(allowedBytes);
  return tight === undefined ? { kind: "fits", ...known } : { kind: "tight", ...tight, ...known };
}

function unsureFusing({ chip }: MlxJudgeInput, estimate: KnownMlxEstimate): UnsureFusing | undefined {
  const { low, high } = estimate.scratchRange;
  // A measured peak may leave no room for held scores.
  const isOpen = low < high && estimate.high >= sureBytes(estimate) + high;
  if (!isOpen) return undefined;
  return chipGeneration(chip) === undefined ? "unknown-chip" : "newer-chip";
}

interface WhyTight {
  readonly cause: TightCause;
  readonly because: string;
}

function closeToCheck(allowedBytes: number): WhyTight {
  const because = `Ollama loads up to ${formatBytes(allowedBytes, 2)} here, and its weights are close to that.`;
  return { cause: "band", because };
}

function whyTight(
  { limitBytes, carriableBytes = Infinity, cautions = [] }: MlxJudgeInput,
  { low, high }: KnownMlxEstimate,
): WhyTight | undefined {
  if (high > limitBytes) {
    const because = `Its peak is between ${formatBytes(low)} and ${formatBytes(high)}, and so is the limit.`;
    return { cause: "band", because };
  }
  const [caution] = cautions;
  if (caution !== undefined) return { cause: "caution", because: caution };
  if (high <= carriableBytes) return undefined;
  const because = `Its peak may be ${formatBytes(high)}, and the RAM carries ${formatBytes(carriableBytes)}: it swaps.`;
  return { cause: "swap", because };
}

/** The estimate of any prompt, its range narrowed by what was measured. */
function estimator({ model, peaks = [], savesNothing = false, ...how }: MlxJudgeInput) {
  const { prefillStep, chip, isFusingUnsure } = how;
  const rangeOf = narrowRange(model, peaks, { prefillStep, chip, isFusingUnsure });
  return (tokens: number, generated: number | undefined): MlxEstimate => {
    const estimate = estimateMlx(model, { tokens, generated, prefillStep, chip, isFusingUnsure });
    if (estimate.kind === "unknown") return estimate;
    const savedStates = savesNothing ? 0 : estimate.savedStates;
    return withinRange({ ...estimate, savedStates }, rangeOf(estimate, tokens));
  };
}

/** The estimate in a range that was measured: what isn't exact, working memory and then scores, gives way. */
function withinRange(estimate: KnownMlxEstimate, { low, high }: MlxRange): KnownMlxEstimate {
  const total = Math.min(Math.max(estimate.total, low), high);
  const off = total - estimate.total;
  const constant = Math.max(0, estimate.constant + off);
  return { ...estimate, low, high, total, constant, scratch: estimate.scratch + off + estimate.constant - constant };
}

/** The last of 1 … `most` for which `holds`, which holds for all before it; 0 where it holds for none. */
function lastWhere(most: number, holds: (tokens: number) => boolean): number {
  let [sure, beyond] = [0, most + 1];
  while (beyond - sure > 1) {
    const middle = Math.floor((sure + beyond) / 2);
    if (holds(middle)) sure = middle;
    else beyond = middle;
  }
  return sure;
}

/** Ollama refuses prompts from the trained context on; what a model takes is counted up to it. */
export function longestPrompt({ shape: { trainedContext = MOST_CONTEXT } }: MlxModel): number {
  return Math.min(Math.max(1, trainedContext), MOST_TOKENS);
}
