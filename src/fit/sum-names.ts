/** What the parts of a sum are called, wherever they're named; docs/words.md says what each means. */
export const TERM_TITLES = {
  weights: "Weights",
  kvCache: "KV Cache",
  state: "Recurrent State",
  compute: "Compute",
  projector: "Projector",
  images: "Images",
  adapter: "LoRA Adapter",
  scores: "Attention Scores",
  working: "Working Memory",
  margin: "Safety Margin",
} as const;

/** What the sum and what it's held against are called. */
export const SUM_TITLES = { total: "Total", limit: "GPU Limit", spare: "Spare", missing: "Missing" } as const;

/** What the RAM is made of. */
export const RAM_TERMS = { others: "macOS and Apps", model: "Model in RAM" } as const;

type ValueOf<T> = T[keyof T];

export type TermTitle = ValueOf<typeof TERM_TITLES> | ValueOf<typeof RAM_TERMS>;

/** What Ollama itself says that a loaded model takes. */
export const OLLAMAS_COUNT = "Ollama's count";

/** What the files of a model take. */
export const SIZE_ON_DISK = "Size on Disk";
