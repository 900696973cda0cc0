import { estimateMlx, type KnownMlxEstimate, type MlxModel, type MlxRun, MOST_TOKENS } from "../memory/mlx/estimate";
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
  /** The GPU limit. */
  readonly limitBytes: number;
  /** OLLAMA_GPU_OVERHEAD. */
  readonly overheadBytes?: number;
  /** What the RAM carries beside other programs; absent: not known, and not judged. */
  readonly carriableBytes?: number;
  /** By how much the weights may be too high: 0 where every tensor is listed, more where only a server's size is known. */
  readonly weightsAboveBytes?: number;
  /** What had to be taken for granted, as sentences: with any of it nothing is better than Tight. */
  readonly cautions?: readonly string[];
}

interface KnownMlxVerdict {
  /** At {@link JudgedMlx.tokens}. */
  readonly estimate: KnownMlxEstimate;
  /** The prompt that was judged: never longer than the model takes. */
  readonly tokens: number;
  readonly limitBytes: number;
  /** The longest prompt that surely fits, 0 where none does; never longer than the model takes. */
  readonly safeTokens: number;
  /** The longest prompt that may fit; longer ones fail. */
  readonly possibleTokens: number;
  readonly cautions: readonly string[];
}

export type MlxVerdict =
  | ({ readonly kind: "fits" } & KnownMlxVerdict)
  | ({ readonly kind: "tight"; readonly because: string } & KnownMlxVerdict)
  /** The request dies or the Mac freezes: MLX moves nothing to the CPU. */
  | ({ readonly kind: "fails"; readonly missingBytes: number } & KnownMlxVerdict)
  /** Ollama refuses to load it. */
  | ({ readonly kind: "wont-load"; readonly allowedBytes: number } & KnownMlxVerdict)
  | { readonly kind: "unknown"; readonly reason: string };

export type MlxVerdictKind = MlxVerdict["kind"];
export type JudgedMlx = Exclude<MlxVerdict, { kind: "unknown" }>;

/** What a client usually sends where nothing is known of it: 32K, or all that the model takes. */
export function usualContext({ shape }: MlxModel): number {
  return Math.min(32_768, longestPrompt(shape.trainedContext));
}

/**
 * Whether an MLX model loads and lives through a prompt: the rule of the facts of MLX models, section 8. Won't Load by
 * Ollama's own check, which is exact; Fails where not even the low end of the estimate keeps to the limit; Tight between
 * its ends, or where the RAM is short; else Fits.
 */
export function judgeMlx(input: MlxJudgeInput): MlxVerdict {
  const { model, limitBytes, overheadBytes = 0, weightsAboveBytes = 0, cautions = [] } = input;
  const tokens = Math.min(input.tokens, longestPrompt(model.shape.trainedContext));
  const estimate = estimateAt(input, tokens);
  if (estimate.kind === "unknown") return estimate;
  const allowedBytes = limitBytes - LOAD_RESERVE - overheadBytes;
  const judged: KnownMlxVerdict = { estimate, tokens, limitBytes, safeTokens: 0, possibleTokens: 0, cautions };
  if (model.weights - weightsAboveBytes > allowedBytes) return { kind: "wont-load", allowedBytes, ...judged };

  const possibleTokens = longest(input, ({ low }) => low <= limitBytes);
  const isSafe = ({ high }: KnownMlxEstimate) =>
    high <= limitBytes && high <= (input.carriableBytes ?? Infinity) && model.weights <= allowedBytes;
  const known = { ...judged, possibleTokens, safeTokens: longest(input, isSafe) };
  if (estimate.low > limitBytes) return { kind: "fails", missingBytes: estimate.low - limitBytes, ...known };
  const because = reasonForTight(input, estimate, allowedBytes);
  return because === undefined ? { kind: "fits", ...known } : { kind: "tight", because, ...known };
}

function reasonForTight(
  { model, limitBytes, carriableBytes = Infinity, cautions = [] }: MlxJudgeInput,
  { low, high }: KnownMlxEstimate,
  allowedBytes: number,
): string | undefined {
  if (model.weights > allowedBytes) {
    return `Ollama loads up to ${formatBytes(allowedBytes, 2)} here, and its weights are close to that.`;
  }
  if (high > limitBytes)
    return `Its peak is between ${formatBytes(low)} and ${formatBytes(high)}, and so is the limit.`;
  if (high > carriableBytes) {
    return `Its peak may be ${formatBytes(high)}, and the RAM carries ${formatBytes(carriableBytes)}: it swaps.`;
  }
  return cautions[0];
}

/** The longest prompt for which `holds`, which holds for all shorter ones; 0 where it holds for none. */
function longest(input: MlxJudgeInput, holds: (estimate: KnownMlxEstimate) => boolean): number {
  const fits = (tokens: number): boolean => {
    const estimate = estimateAt({ ...input, generated: 0 }, tokens);
    return estimate.kind === "known" && holds(estimate);
  };
  let [sure, beyond] = [0, longestPrompt(input.model.shape.trainedContext) + 1];
  while (beyond - sure > 1) {
    const middle = Math.floor((sure + beyond) / 2);
    if (fits(middle)) sure = middle;
    else beyond = middle;
  }
  return sure;
}

function estimateAt({ model, generated, prefillStep, chip }: MlxJudgeInput, tokens: number) {
  return estimateMlx(model, { tokens, generated, prefillStep, chip });
}

/** Ollama refuses prompts from the trained context on; what a model takes is counted up to it. */
function longestPrompt(trainedContext = MOST_CONTEXT): number {
  return Math.min(Math.max(1, trainedContext), MOST_TOKENS);
}
