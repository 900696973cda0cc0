import { runSteps, type Steps } from "./steps";
import { type JudgeInput, judgeAtContext, type Verdict, type VerdictOf } from "./verdict";

/** llama.cpp pads a context to this many tokens. */
export const CONTEXT_STEP = 256;

/**
 * The largest context in tokens, a multiple of 256, at which the model has the verdict Fits: 256 tokens more have not.
 * Undefined where not even 256 fit or nothing is known. `upTo` is the trained context.
 *
 * Memory grows with the context, but for the places where Ollama's automatic batch steps down. So the contexts are
 * searched stretch by stretch of equal batch, the uppermost first, each by halving.
 */
export function largestFittingContext(input: JudgeInput, upTo: number): number | undefined {
  return runSteps(searchLargestContext(input, upTo));
}

/** {@link largestFittingContext}, with a pause before each context it judges. */
export function* searchLargestContext(input: JudgeInput, upTo: number): Steps<number | undefined> {
  const at = (steps: number): Verdict => judgeAtContext(input, steps * CONTEXT_STEP);
  const fits = (steps: number): boolean => at(steps).kind === "fits";
  let high = Math.floor(upTo / CONTEXT_STEP);
  while (high > 0) {
    yield;
    const top = at(high);
    if (top.kind === "fits") return high * CONTEXT_STEP;
    if (top.engine === "mlx") return safeBelow(top, upTo);
    if (top.run === undefined) return undefined;
    const { batch, parallel } = top.run;
    const low = yield* firstWhere(
      regionStart(high, parallel.value),
      high,
      (steps) => batchOf(at(steps)) === batch.value,
    );
    if (fits(low)) return ((yield* firstWhere(low, high, (steps) => !fits(steps))) - 1) * CONTEXT_STEP;
    high = low - 1;
  }
  return undefined;
}

const batchOf = (verdict: Verdict) => (verdict.engine === "mlx" ? undefined : verdict.run?.batch.value);

/** With MLX the verdict itself names what is safe, where it's sure of anything. */
function safeBelow(verdict: VerdictOf<"mlx">, upTo: number): number | undefined {
  const isUnsure = verdict.kind === "tight" && verdict.cause === "caution";
  const steps = Math.floor(Math.min(verdict.mlx.safeTokens, upTo) / CONTEXT_STEP);
  return isUnsure || steps === 0 ? undefined : steps * CONTEXT_STEP;
}

/** Contexts over all slots up to which Ollama starts from a smaller batch; between two it only ever steps down. */
const BATCH_EDGES = [32_768, 4_096] as const;

/** The first step after the last edge below `steps`. */
function regionStart(steps: number, slots: number): number {
  const edge = BATCH_EDGES.find((tokens) => steps * CONTEXT_STEP * slots > tokens);
  return edge === undefined ? 1 : Math.floor(edge / slots / CONTEXT_STEP) + 1;
}

/** The first of low..high for which `holds`, which holds for all after it and for `high`. */
function* firstWhere(low: number, high: number, holds: (steps: number) => boolean): Steps<number> {
  let [first, sure] = [low, high];
  while (first < sure) {
    yield;
    const middle = Math.floor((first + sure) / 2);
    if (holds(middle)) sure = middle;
    else first = middle + 1;
  }
  return sure;
}

/** Round contexts as people choose them, largest first. */
export const ROUND_CONTEXTS = [262_144, 131_072, 65_536, 32_768, 16_384, 8_192, 4_096] as const;
