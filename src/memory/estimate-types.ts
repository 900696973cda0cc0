/** GPU memory of one model under one {@link RunSettings}, all in bytes. */
export interface KnownEstimate {
  readonly kind: "known";
  readonly architecture: string;
  /** Tensors on the GPU with every layer offloaded, without mmap: what llama.cpp's `--fit` counts. */
  readonly weights: number;
  /** What Metal maps of the file with mmap, in place of `weights`: never less, not part of the total. */
  readonly mappedWeights: number;
  readonly kvCache: number;
  /**
   * What of `kvCache` Ollama's own count leaves out from 0.30 on: of two caches the one that's logged first, as its
   * memoryParsingWriter (llm/llama_server.go, ollama#16642) lets the second line of a kind replace the first.
   */
  readonly uncountedCache: number;
  readonly recurrentState: number;
  readonly compute: number;
  readonly projector: number;
  /** What the projector needs beside its tensors while it looks at an image, about; 0 without one. */
  readonly projectorCompute: number;
  /** The part of `uncertainty` that's that term's; 0 without a projector. */
  readonly projectorUncertainty: number;
  /** Tensors of LoRA adapters. */
  readonly adapters: number;
  /** Sum of the seven terms; the safety margin is not part of it. */
  readonly total: number;
  /** Half-width of the band around `total` that the compute buffers may really need. */
  readonly uncertainty: number;
  /** The compute buffer of such a model was held against llama.cpp's; where it was not, the band is wider. */
  readonly measured: boolean;
}

export interface UnknownEstimate {
  readonly kind: "unknown";
  readonly architecture?: string;
  /** Why, as a sentence for people. */
  readonly reason: string;
  /** The arrays that the source of the metadata left out would tell: ask for the full metadata. */
  readonly needs?: "arrays";
}

export type MemoryEstimate = KnownEstimate | UnknownEstimate;
