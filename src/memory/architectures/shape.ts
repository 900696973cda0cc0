/** Rows that one layer keeps in the KV cache, in elements per token. */
export interface AttentionShape {
  readonly keyRow: number;
  readonly valueRow: number;
  readonly kvHeads: number;
  /** Head sizes. */
  readonly keyLength: number;
  readonly valueLength: number;
  /** Keeps only the sliding window (or chunk). */
  readonly slides: boolean;
}

export interface LayerShape {
  /** Absent: the layer owns no KV cache (recurrent, feed-forward only, or it reuses another layer's). */
  readonly attention?: AttentionShape;
  readonly recurrent: boolean;
}

export type RecurrentKind = "mamba" | "mamba2" | "delta-net" | "short-conv" | "rwkv" | "kda" | "lightning";

export interface RecurrentShape {
  readonly kind: RecurrentKind;
  /** F32 elements of one layer and slot: convolution part and state part. */
  readonly convolution: number;
  readonly state: number;
  readonly innerSize: number;
  readonly stateSize: number;
  readonly groupCount: number;
}

export interface FeedForwardShape {
  /** "beside": it runs beside the attention, not after it (command-r). */
  readonly kind: "gated" | "plain" | "beside" | "per-layer-input";
  /** Widest dense feed-forward of any layer; 0 where there is none. */
  readonly width: number;
}

export interface ExpertsShape {
  readonly count: number;
  readonly used: number;
  readonly width: number;
  /** Experts come on top of dense layers. */
  readonly besideDense: boolean;
  /** Feed-forward that runs for every token beside the chosen experts; 0 where there is none. */
  readonly sharedWidth: number;
  /** "wide": results of all chosen experts are kept at once; after a mixer also beside its copy of K and V. */
  readonly kind: "plain" | "wide" | "wide-after-mixer";
}

export interface LatentShape {
  readonly kvLoraRank: number;
  readonly keyLengthMla: number;
}

/** What of a model's metadata decides its memory, whatever its name. All sizes in elements. */
export interface ModelShape {
  readonly architecture: string;
  readonly embeddingLength: number;
  readonly blockCount: number;
  readonly vocabulary: number;
  /** Layers that run: block_count without multi-token-prediction blocks. */
  readonly layers: readonly LayerShape[];
  /** Largest head_count of any layer. */
  readonly heads: number;
  /** head_count · rows that V is widened to while flash attention is off. */
  readonly widestValueRow: number;
  /** Window or chunk in tokens; 0 where nothing slides. */
  readonly window: number;
  readonly encoder: boolean;
  /** What an encoder's layers attend with; they own no cache. */
  readonly encoderAttention?: AttentionShape;
  readonly feedForward: FeedForwardShape;
  readonly experts?: ExpertsShape;
  readonly recurrent?: RecurrentShape;
  readonly latent?: LatentShape;
  /** embedding_length_per_layer_input, 0 where absent. */
  readonly perLayerInput: number;
  /** Flash attention is never used. */
  readonly flashAttentionForbidden: boolean;
}
