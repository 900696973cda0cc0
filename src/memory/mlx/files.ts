/** One tensor of an MLX model: what a safetensors header, Ollama's manifest or verbose show tells of it. */
export interface MlxTensor {
  readonly name: string;
  /** Bytes in the file, as stored: packed weights, scales and biases are tensors of their own. */
  readonly bytes: number;
  /** As stored: [out, in ÷ packing]. Ollama's manifest has no shapes. */
  readonly shape?: readonly number[];
  /** Safetensors type, such as "BF16", "U32". Ollama's manifest has none. */
  readonly type?: string;
}

/** What of an MLX model decides its memory, wherever it was read. Immutable once made. */
export interface MlxFiles {
  /** config.json as parsed JSON: hostile until read key by key. */
  readonly config: unknown;
  /** Every tensor once. */
  readonly tensors: readonly MlxTensor[];
  /** config.json of a draft model that came with it. */
  readonly draftConfig?: unknown;
}
