/** KV cache types that llama.cpp accepts for `--cache-type-k/v`. */
export const KV_CACHE_TYPES = ["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"] as const;

export type KvCacheType = (typeof KV_CACHE_TYPES)[number];

/** Generations of llama.cpp's Metal backend that reserve different compute buffers. */
export const RUNTIMES = ["b10488", "v0.5.0"] as const;

export type Runtime = (typeof RUNTIMES)[number];

/** How a model is run: everything that decides its memory, other than the file. */
export interface RunSettings {
  /** Context per slot, in tokens (before llama.cpp pads it). */
  readonly numCtx: number;
  /** Slots (`-np`), each with its own stream of `numCtx` cells. */
  readonly parallel: number;
  readonly kvCacheType: KvCacheType;
  /** "auto" is Ollama's default: on where Metal can, else off. */
  readonly flashAttention: "auto" | "on" | "off";
  /** Logical and physical batch (`-b`, `-ub`), in tokens. */
  readonly batch: number;
  readonly runtime: Runtime;
  /** Tokens that a model with prediction layers drafts for itself in each step; absent or 0: none. */
  readonly draftNumPredict?: number;
}
