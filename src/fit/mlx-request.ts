import { besidePrograms, besideProgramsText } from "./gpu-held";
import { isEvidence, type MlxPeak, type MlxRange, ROUNDING, sureBytes } from "./mlx-peaks";
import { LEAST_CONTEXT, longestPrompt } from "./mlx-verdict";
import { otherRunners } from "./own-runners";
import { formatBytes, formatCount } from "./units";
import { contextOf, type JudgeInput, judgeAtContext, type Verdict } from "./verdict";

/** How long a prompt may be that is sent to measure a model's peak, in tokens; or why none is sent, as a sentence. */
export type RequestRoom =
  | {
      readonly kind: "room";
      /** What is judged, or what is safe where that's less. */
      readonly suggestedTokens: number;
      /** Longer ones may fail. */
      readonly safeTokens: number;
      /** Longer ones aren't sent: they fail, and take the runner with them. */
      readonly mostTokens: number;
    }
  | { readonly kind: "none"; readonly reason: string };

/** What a prompt of that length is predicted to take at its peak, in bytes. */
export interface PredictedPeak extends MlxRange {
  readonly total: number;
  /** Weights and cache, which are exact. */
  readonly sure: number;
  /** What states of earlier requests may add to what is measured. */
  readonly savedStates: number;
}

/**
 * Whether the peak of a real request can be measured, and with how long a prompt: shorter ones than
 * {@link LEAST_CONTEXT} are read in one piece and tell nothing of longer ones. Undefined for what MLX doesn't run, and
 * for what answers no prompts.
 */
export function requestRoom(input: JudgeInput, verdict: Verdict): RequestRoom | undefined {
  const { model, description } = input;
  if (verdict.engine !== "mlx" || !("kind" in description) || description.kind !== "mlx") return undefined;
  if (model.capabilities.length > 0 && !model.capabilities.includes("completion")) return undefined;
  if (verdict.kind === "wont-load") return none("Ollama won't load it, so no request can be sent.");
  const others = otherRunners(input);
  if (others.length > 0) {
    const names = others.map(({ name }) => name).join(", ");
    return none(
      `Unload ${names} first: all models share one limit, and the log doesn't say which of them a peak belongs to.`,
    );
  }
  const { safeTokens, possibleTokens } = verdict.mlx;
  const { shown } = verdict.run;
  const held = shown.kind === "enforced" ? shown.limitTokens : Infinity;
  // Ollama refuses prompts from the trained context on, and answers with at least a token.
  const mostTokens = Math.min(possibleTokens, held, longestPrompt(description.model) - 1);
  if (mostTokens < LEAST_CONTEXT) {
    return none(
      `A prompt has to have at least ${formatCount(LEAST_CONTEXT)} tokens to tell anything, and that's more than can work here.`,
    );
  }
  // Where nothing is safe the shortest that tells anything is the least risk.
  const suggested = Math.max(LEAST_CONTEXT, Math.min(contextOf(verdict).value, safeTokens, mostTokens));
  return { kind: "room", suggestedTokens: suggested - (suggested % 1024), safeTokens, mostTokens };
}

const none = (reason: string): RequestRoom => ({ kind: "none", reason });

/** Why a prompt of that length isn't sent, as a sentence; undefined where it is. */
export function promptRefusal(
  tokens: number | undefined,
  { mostTokens }: Extract<RequestRoom, { kind: "room" }>,
): string | undefined {
  if (tokens === undefined) return "Enter a number of tokens, such as 24,576 or 24K.";
  if (tokens < LEAST_CONTEXT)
    return `At least ${formatCount(LEAST_CONTEXT)}: a shorter prompt says nothing about longer ones.`;
  return tokens > mostTokens
    ? `At most ${formatCount(mostTokens)}: a longer one would fail and end Ollama's runner.`
    : undefined;
}

/** What a request of that length is predicted to take; undefined where nothing is. */
export function predictedPeak(input: JudgeInput, tokens: number): PredictedPeak | undefined {
  const verdict = judgeAtContext(input, tokens);
  if (verdict.engine !== "mlx") return undefined;
  const { low, high, total, savedStates } = verdict.estimate;
  return { low, high, total, savedStates, sure: sureBytes(verdict.estimate) };
}

/** Why a prompt of that length may fail all the same, as sentences: none where it surely fits. */
export function promptRisks(
  input: JudgeInput,
  tokens: number,
  { safeTokens }: Extract<RequestRoom, { kind: "room" }>,
): readonly string[] {
  const verdict = judgeAtContext(input, tokens);
  const programs = verdict.kind === "unknown" ? undefined : besidePrograms(input, verdict);
  return [
    ...(tokens > safeTokens
      ? [
          `${safeTokens >= LEAST_CONTEXT ? `Only up to ${formatCount(safeTokens)} tokens is safe` : "No useful length is safe"}: this one may fail and end Ollama's runner, and the Mac may swap or freeze for a while.`,
        ]
      : []),
    ...(programs !== undefined && !programs.isEnough ? [besideProgramsText(programs)] : []),
  ];
}

/** What sending such a prompt does and costs, as sentences. */
export function requestCost(name: string, tokens: number, { low, high, savedStates }: PredictedPeak): string {
  return [
    `Ollama loads ${name} if it isn't loaded, counts the tokens of a short prompt, then reads one of about ${formatCount(tokens)} tokens and generates one token.`,
    "That takes minutes, and the GPU is busy with it.",
    `Memory is predicted to rise to between ${formatBytes(low)} and ${formatBytes(high)}.`,
    ...(savedStates > 0 ? ["What it read stays in RAM until the model is unloaded."] : []),
    "The text is common words. How long the model stays loaded doesn't change.",
  ].join(" ");
}

/** What came of a request that was sent to measure a peak. */
export type RequestOutcome =
  /** The server's log tells its peak. */
  | {
      readonly kind: "counted";
      readonly peak: MlxPeak;
      readonly predicted: PredictedPeak;
    }
  /** It was answered, but nothing tells its peak. */
  | {
      readonly kind: "not-verified";
      readonly promptTokens: number;
      /** A sentence. */
      readonly reason: string;
      readonly predicted: PredictedPeak;
      /** The most that `/api/ps` counted while it ran; absent where it wasn't listed. */
      readonly listedBytes?: number;
    }
  | {
      readonly kind: "failed";
      /** About so many were sent; absent where nothing was. */
      readonly tokens?: number;
      /** In our words, and in those of the server. */
      readonly reason: string;
      readonly detail: string;
    }
  | { readonly kind: "stopped" };

/** Where a counted peak lies, as far as the log's rounding tells. */
export function placeInRange(peakBytes: number, { low, high }: MlxRange): "below" | "inside" | "above" {
  if (peakBytes < low - ROUNDING) return "below";
  return peakBytes > high + ROUNDING ? "above" : "inside";
}

/** A title and sentences. */
export interface OutcomeWords {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly isGood: boolean;
}

/** What a person reads of an outcome. */
export function outcomeWords(outcome: RequestOutcome): OutcomeWords {
  switch (outcome.kind) {
    case "counted":
      return countedWords(outcome);
    case "not-verified": {
      const { promptTokens, reason, predicted, listedBytes } = outcome;
      const listed =
        listedBytes === undefined
          ? []
          : [
              `While it ran, /api/ps counted ${formatBytes(listedBytes, 2)} at the most. It was asked every few seconds and can miss a peak: the true one is at least that.`,
            ];
      return {
        title: "Not Verified",
        sentences: [
          `A prompt of ${formatCount(promptTokens)} tokens was read and answered: at this length it works. ${reason}`,
          ...listed,
          `${rangeText(predicted)} predicted.`,
        ],
        isGood: false,
      };
    }
    case "failed": {
      const { reason, tokens } = outcome;
      return tokens === undefined
        ? { title: "No Request Was Sent", sentences: [reason, "Nothing changed."], isGood: false }
        : {
            title: "The Request Failed",
            sentences: [
              `${reason} The prompt had about ${formatCount(tokens)} tokens.`,
              "Nothing else changed. If the model isn't loaded any more, Ollama loads it with its next request.",
            ],
            isGood: false,
          };
    }
    case "stopped":
      return {
        title: "Stopped",
        sentences: ["The request was stopped, so nothing was measured. The model may still be loaded."],
        isGood: true,
      };
  }
}

function countedWords({ peak, predicted }: Extract<RequestOutcome, { kind: "counted" }>): OutcomeWords {
  const { peakBytes, promptTokens } = peak;
  const counted = `Counted: ${formatBytes(peakBytes, 2)} for ${formatCount(promptTokens)} tokens (server log). ${rangeText(predicted)} predicted.`;
  switch (placeInRange(peakBytes, predicted)) {
    case "inside":
      return {
        title: "Inside the Range",
        sentences: [counted, "The peak is as predicted.", useText(peak)],
        isGood: true,
      };
    case "below": {
      const less = `That's ${formatBytes(predicted.low - peakBytes, 2)} less than predicted.`;
      const isOther = peakBytes + ROUNDING < predicted.sure;
      return isOther
        ? {
            title: "Not Verified",
            sentences: [counted, `${less} Weights and cache alone take more, so it isn't used.`],
            isGood: false,
          }
        : { title: "Below the Range", sentences: [counted, less, useText(peak)], isGood: true };
    }
    case "above": {
      const more = `That's ${formatBytes(peakBytes - predicted.high, 2)} more than predicted.`;
      return { title: "Above the Range", sentences: [counted, more, aboveText(peak, predicted)], isGood: false };
    }
  }
}

/** What a peak is good for from now on. */
function useText(peak: MlxPeak): string {
  return isEvidence(peak)
    ? "From now on it narrows the range of this model on this Mac."
    : "Ollama read it in other pieces than usual, so it doesn't narrow the range of other lengths.";
}

/** States of earlier requests are part of a peak, and nothing tells how much of it. */
function aboveText(peak: MlxPeak, { high, savedStates }: PredictedPeak): string {
  if (peak.peakBytes <= high + savedStates + ROUNDING) {
    return `States saved of earlier requests may be part of it, up to ${formatBytes(savedStates)}: unload the model and check again to tell.`;
  }
  return isEvidence(peak)
    ? "From now on the estimates of this model go by it, for this length and longer ones."
    : useText(peak);
}

const rangeText = ({ total, low, high }: PredictedPeak) =>
  `About ${formatBytes(total, 2)} (${formatBytes(low)} to ${formatBytes(high)}) was`;
