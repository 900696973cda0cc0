/** What keeps a verdict from Fits: the band of the estimate, something that isn't known well, or the RAM alone. */
export type TightCause = "band" | "caution" | "swap";

/** What is said of it; `how` it probably fits is put behind: " with 3.0 GiB to spare". */
export const TIGHT_WORDS: Readonly<Record<TightCause, (how: string) => string>> = {
  band: () => "too close to call",
  caution: (how) => `probably fits${how}`,
  swap: () => "fits the limit, but not the memory",
};
