import { type JudgedMlx, LEAST_CONTEXT, type MlxVerdict, type MlxVerdictKind } from "./mlx-verdict";
import type { MlxPeak, ShownContext } from "./mlx-peaks";
import type { MlxRun } from "./mlx-run";
import type { RamBalance } from "./ram";
import { ignoredSettings, RUNNERS, type RunnerRules } from "./runners";
import { TIGHT_WORDS } from "./tight";
import { formatBytes, formatContext, formatCount } from "./units";

/** Verdict names as people see them, best first. */
export const MLX_VERDICT_TITLES: Readonly<Record<MlxVerdictKind, string>> = {
  fits: "Fits",
  tight: "Tight",
  fails: "Fails",
  "wont-load": "Won't Load",
  unknown: "Unknown",
};

/** Said once wherever a context is judged: what looks like a cap is none. */
export const MLX_CONTEXT_NOTE =
  "For MLX models Ollama only displays num_ctx, the app's context slider and its default: the client decides how much it sends.";

/** Thousands of tokens, rounded down so that it never promises more: 186,624 → "182K". */
function formatTokensBelow(tokens: number): string {
  return `${formatCount(Math.floor(tokens / 1024))}K`;
}

/**
 * The badge: "Fits to 182K", "Tight above 182K", "Tight, Swaps 3.1 GiB", "Fails above 214K", "Won't Load: 18.4 of 17.3
 * GiB", "Unknown". `ram` is the RAM at the judged prompt.
 */
export function mlxBadgeText(verdict: MlxVerdict, ram?: RamBalance): string {
  const title = MLX_VERDICT_TITLES[verdict.kind];
  switch (verdict.kind) {
    case "fits":
      return `${title}${bound(" to ", verdict.safeTokens)}`;
    case "tight":
      // Of what isn't known no context makes it better or worse.
      if (verdict.cause === "caution") return title;
      return verdict.cause === "swap" && ram !== undefined
        ? `${title}, Swaps ${formatBytes(ram.shortBytes)}`
        : `${title}${bound(" above ", verdict.safeTokens)}`;
    case "fails":
      return `${title}${bound(" above ", verdict.possibleTokens)}`;
    case "wont-load":
      return `${title}: ${ofText(verdict.estimate.weights, verdict.allowedBytes)}`;
    case "unknown":
      return title;
  }
}

function bound(word: string, tokens: number): string {
  return tokens >= LEAST_CONTEXT ? `${word}${formatTokensBelow(tokens)}` : "";
}

/** "18.4 of 17.3 GiB", exact enough to tell them apart. */
function ofText(weights: number, allowed: number): string {
  const digits = formatBytes(weights) === formatBytes(allowed) ? 2 : 1;
  const [left, right] = [formatBytes(weights, digits), formatBytes(Math.max(0, allowed), digits)];
  return left.endsWith("GiB") && right.endsWith("GiB")
    ? `${left.replace(" GiB", "")} of ${right}`
    : `${left} of ${right}`;
}

/** What a person would say, in a sentence or two. */
export function mlxVerdictSentence(verdict: MlxVerdict): string {
  if (verdict.kind === "unknown") return verdict.reason;
  const { estimate, tokens, limitBytes } = verdict;
  const start = `${formatBytes(limitBytes)} limit, ${formatContext(tokens)} tokens:`;
  switch (verdict.kind) {
    case "fits":
      return `${start} fits, with a peak of about ${formatBytes(estimate.total)}. ${safeSentence(verdict)}`;
    case "tight":
      return `${start} ${TIGHT_WORDS[verdict.cause](`, with a peak of about ${formatBytes(estimate.total)}`)}. ${verdict.because} ${safeSentence(verdict)}`;
    case "fails":
      return `${start} at least ${formatBytes(verdict.missingBytes)} too much: the request dies or the Mac freezes. ${safeSentence(verdict)}`;
    case "wont-load":
      return `Ollama won't load it: its weights take ${formatBytes(estimate.weights)}, and ${formatBytes(Math.max(0, verdict.allowedBytes))} is allowed.`;
  }
}

/**
 * The number that helps: "Safe to about 182K tokens." Where the RAM carries less than the limit, both. No more than
 * probable where something had to be taken for granted.
 */
export function safeSentence({ safeTokens, safeForLimit, cautions }: SafeContext): string {
  const isRamShort = safeForLimit >= LEAST_CONTEXT && Math.floor(safeForLimit / 1024) > Math.floor(safeTokens / 1024);
  const withRam = isRamShort ? `, and to about ${formatTokensBelow(safeForLimit)} with enough RAM` : "";
  if (safeTokens >= LEAST_CONTEXT) {
    const safe = cautions.length > 0 ? "Probably safe" : "Safe";
    return `${safe} to about ${formatTokensBelow(safeTokens)} tokens${isRamShort ? " beside what runs now" : ""}${withRam}.`;
  }
  return isRamShort
    ? `No useful context is safe beside what runs now; about ${formatTokensBelow(safeForLimit)} would be with enough RAM.`
    : "No useful context is safe.";
}

type SafeContext = Pick<JudgedMlx, "safeTokens" | "safeForLimit" | "cautions">;

/** That it isn't known whether MLX holds the attention scores, as a sentence; undefined where it is. */
export function fusingText({ fusing, estimate: { scratchRange } }: JudgedMlx): string | undefined {
  if (fusing === undefined) return undefined;
  const [low, high] = [formatBytes(scratchRange.low), formatBytes(scratchRange.high)];
  return fusing === "newer-chip"
    ? `On this chip MLX can work out attention scores without holding them all. Whether Ollama's does isn't verified: they take ${low} or ${high}, and the range covers both. Check with a Real Request can tell.`
    : `The chip isn't known: on an M5 or newer attention scores may take ${low} instead of ${high}, and the range covers both.`;
}

/** Saved states as a line of their own; undefined where there are none. */
export function savedStatesSentence({ estimate }: Pick<JudgedMlx, "estimate">): string | undefined {
  return estimate.savedStates === 0 ? undefined : `Agent sessions can add ${formatBytes(estimate.savedStates)} in RAM.`;
}

/** The length of a prompt that was read: "116K", or "23 tokens" where thousands don't tell it. */
function promptText(tokens: number): string {
  return tokens < 1024 ? `${formatCount(tokens)} tokens` : formatTokensBelow(tokens);
}

/** The newest peaks as the server's log has them, the largest prompt first. */
function peaksText(peaks: readonly MlxPeak[]): string {
  const shown = peaks
    .toSorted((a, b) => b.promptTokens - a.promptTokens)
    .slice(0, 3)
    .map(({ promptTokens, peakBytes }) => `${formatBytes(peakBytes)} at ${promptText(promptTokens)}`);
  const more = peaks.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""} (server log). They narrow the range.`;
}

/** What comes of more than the limit. */
const ABOVE_LIMIT: Readonly<Record<RunnerRules["aboveLimit"], string>> = {
  spills: "What doesn't fit goes to the CPU.",
  fails: "The request fails or the Mac swaps: nothing goes to the CPU.",
};

/** What Ollama's own context does for an MLX model, as far as it was found out. */
export function contextNote(shown: ShownContext): string {
  switch (shown.kind) {
    case "unproven":
      return MLX_CONTEXT_NOTE;
    case "ignored":
      return `Here a prompt of ${formatCount(shown.promptTokens)} tokens was read with a context of ${formatContext(shown.shownTokens)} shown. ${MLX_CONTEXT_NOTE}`;
    case "enforced":
      return `This server held a prompt of ${formatCount(shown.promptTokens)} tokens to ${formatContext(shown.limitTokens)}: its MLX runner seems to go by num_ctx now, which earlier releases only displayed.`;
  }
}

/** Beside the sum: how far it's safe, what is saved between requests, and what only looks like a cap. */
export function mlxNoteLines(
  verdict: JudgedMlx,
  { shown, peaks }: Pick<MlxRun, "shown" | "peaks">,
): readonly { readonly title: string; readonly text: string }[] {
  const saved = savedStatesSentence(verdict);
  const ignored = ignoredSettings(RUNNERS.mlx).filter((name) => name !== "num_ctx" || shown.kind !== "enforced");
  return [
    ...(verdict.kind === "wont-load" ? [] : [{ title: "Safe Context", text: safeSentence(verdict) }]),
    ...(saved === undefined ? [] : [{ title: "Saved States", text: saved }]),
    ...(peaks.length === 0 ? [] : [{ title: "Measured Peaks", text: peaksText(peaks) }]),
    { title: "Above the Limit", text: ABOVE_LIMIT[RUNNERS.mlx.aboveLimit] },
    { title: "Context Setting", text: contextNote(shown) },
    { title: "No Effect", text: `${ignored.join(", ")}: MLX ignores them.` },
  ];
}
