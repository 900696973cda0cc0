import { type JudgeInput, judgeAtContext } from "./verdict";

/** llama.cpp pads a context to this many tokens. */
export const CONTEXT_STEP = 256;

/**
 * The largest context in tokens, a multiple of 256, at which the model has the verdict Fits: 256 tokens more have not.
 * Undefined where not even 256 fit or nothing is known. `upTo` is the trained context.
 *
 * Memory grows with the context but for one place: where Ollama's automatic batch changes. So each stretch between two
 * such places is searched by halving, the uppermost first.
 */
export function largestFittingContext(input: JudgeInput, upTo: number): number | undefined {
  const fits = (steps: number): boolean => judgeAtContext(input, steps * CONTEXT_STEP).kind === "fits";
  const most = Math.floor(upTo / CONTEXT_STEP);
  const slots = Math.max(1, input.options.parallel ?? input.server.parallel?.value ?? 1);
  const edges = [32_768, 4_096]
    .map((tokens) => Math.floor(tokens / slots / CONTEXT_STEP))
    .filter((edge) => edge < most);
  const stretches = [most, ...edges].map((high, index, all) => ({ high, low: (all[index + 1] ?? 0) + 1 }));
  for (const { low, high } of stretches) {
    if (high < low || !fits(low)) continue;
    let sure = low;
    let beyond = high + 1;
    while (beyond - sure > 1) {
      const middle = Math.floor((sure + beyond) / 2);
      if (fits(middle)) sure = middle;
      else beyond = middle;
    }
    return sure * CONTEXT_STEP;
  }
  return undefined;
}

/** Round contexts as people choose them, largest first. */
export const ROUND_CONTEXTS = [262_144, 131_072, 65_536, 32_768, 16_384, 8_192, 4_096] as const;

/** The largest round context not above `tokens`; undefined below 4K. */
export function roundContextBelow(tokens: number): number | undefined {
  return ROUND_CONTEXTS.find((round) => round <= tokens);
}
