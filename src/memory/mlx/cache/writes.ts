/** How a request reaches the caches: tokens of the prompt, tokens generated after it, and tokens read at once. */
export interface Request {
  readonly tokens: number;
  readonly generated: number;
  /** Ollama and mlx-lm: 2,048 (mlx-lm: `--prefill-step-size`). */
  readonly prefillStep: number;
}

/** So many writes of so many tokens each. */
export interface Writes {
  readonly length: number;
  readonly count: number;
}

/**
 * What is written to every cache, in order: whole chunks and the rest of the prompt up to its last token; that token;
 * the generated ones (mlx-lm `generate_step`, Ollama pipeline.go `prefill`). The caches are largest at the end of one of
 * these stretches: chunks only ever grow them, and single tokens cut down a window only at their start.
 */
export function writesOf({ tokens, generated, prefillStep }: Request): readonly Writes[] {
  const prompt = tokens - 1;
  return [
    { length: prefillStep, count: Math.floor(prompt / prefillStep) },
    { length: prompt % prefillStep, count: 1 },
    { length: 1, count: 1 },
    { length: 1, count: generated },
  ].filter(({ length, count }) => length > 0 && count > 0);
}
