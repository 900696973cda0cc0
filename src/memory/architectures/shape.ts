/** Head sizes in elements; sliding layers may have their own. */
export interface HeadSizes {
  readonly keyLength: number;
  readonly valueLength: number;
  readonly slidingKeyLength: number;
  readonly slidingValueLength: number;
}

/** Which layers slide: the last or the first of each period is full, all slide, or only a per-layer array tells. */
export interface SlidingRule {
  readonly order: "last-full" | "first-full" | "all" | "array";
  readonly period?: number;
  /** Tokens where the key is absent (`fallback`) or whatever the key says (`fixed`). */
  readonly fallback?: number;
  readonly fixed?: number;
  readonly when: "always" | "window-set" | "window-not-zero" | "64-layers";
  /** Sliding layers have a K norm of another width, which tells them where the array is left out. */
  readonly shownByKeyNorm?: true;
}

export interface SlidingLayers {
  /** Tokens that a sliding layer keeps; of chunked attention the chunk. */
  readonly window: number;
  readonly slides: readonly boolean[];
  /** The source left out an array that could say something else than the architecture's usual period. */
  readonly assumed: boolean;
}

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
  /** A draft that is turned down is taken back from copies of the state, one for each drafted token. */
  readonly rollsBack: boolean;
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
  /** Layers with a dense feed-forward of their own: none, those before the first experts, or each beside its experts. */
  readonly dense: "none" | "first" | "each";
  /** Feed-forward that runs for every token beside the chosen experts; 0 where there is none. */
  readonly sharedWidth: number;
  /** "wide": results of all chosen experts are kept at once; after a mixer also beside its copy of K and V. */
  readonly kind: "plain" | "wide" | "wide-after-mixer";
  /** How the router turns its logits into weights: before it chooses, or after ("late") or not at all. */
  readonly routing: "softmax" | "sigmoid" | "late";
  /** The weights are applied before the experts run. */
  readonly weightsFirst: boolean;
  /** The projections of the experts have biases. */
  readonly biases: boolean;
}

/** How a block is put together: what of the compute graph no other part of the shape says. */
export interface BlockShape {
  /** What attention and feed-forward normalise: what they read, what they give, or both. */
  readonly norms: "input" | "result" | "both";
  /** One matrix projects to Q, K and V. */
  readonly fusedProjection: boolean;
  /** The query projection gives a gate for the result, too. */
  readonly gatesQuery: boolean;
}

export interface LatentShape {
  readonly kvLoraRank: number;
  readonly keyLengthMla: number;
}

/** Layers that choose which cells they attend to, by keys of their own (sparse attention). */
export interface IndexerShape {
  /** Elements of such a key: one row a cell, in a cache of its own. */
  readonly keyLength: number;
  readonly heads: number;
  /** Cells that are chosen at most. */
  readonly topK: number;
  /** How many layers have one. */
  readonly layers: number;
}

/** Blocks that predict further tokens, which run only while the model drafts for itself. */
export interface DraftShape {
  readonly blocks: readonly AttentionShape[];
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
  /** Layers attend to their batch alone; an encoder's always do. */
  readonly readsBatch: boolean;
  /** The logits are computed on the CPU, beside the embedding matrix. */
  readonly outputOnCpu: boolean;
  /** What an encoder's layers attend with; they own no cache. */
  readonly encoderAttention?: AttentionShape;
  readonly block: BlockShape;
  readonly feedForward: FeedForwardShape;
  readonly experts?: ExpertsShape;
  readonly recurrent?: RecurrentShape;
  readonly draft?: DraftShape;
  /** These are prediction blocks: they read the last layer's output beside the embeddings. */
  readonly predicts?: true;
  readonly latent?: LatentShape;
  readonly indexer?: IndexerShape;
  /** embedding_length_per_layer_input, 0 where absent. */
  readonly perLayerInput: number;
  /** Flash attention is never used. */
  readonly flashAttentionForbidden: boolean;
  /** llama.cpp doesn't run it with several slots and a quantized cache. */
  readonly stopsAtQuantizedSlots: boolean;
}
