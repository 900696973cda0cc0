/** What one layer keeps of the tokens it has read. Bytes in the dtype it keeps them in. */
export type LayerCache =
  /** Every token. */
  | { readonly kind: "full"; readonly rowBytes: number }
  /** The last `window` tokens. */
  | { readonly kind: "sliding"; readonly rowBytes: number; readonly window: number }
  /** The same bytes, however many tokens: a recurrent state. */
  | { readonly kind: "state"; readonly bytes: number };

/** What one layer's attention works with, in elements. */
export interface AttentionShape {
  readonly heads: number;
  /** Head sizes. */
  readonly keySize: number;
  readonly valueSize: number;
  /** Of each head, so much of every token is unfolded while the layer reads a chunk. Absent: what it keeps is used. */
  readonly unfolded?: number;
  /** Scores of positions are held beside the others, as a mask. */
  readonly hasPositionScores?: boolean;
  /** Absent: it sees every token. */
  readonly window?: number;
}

export interface LayerShape {
  /** None where the layer keeps nothing, or reads what an earlier one keeps. */
  readonly caches: readonly LayerCache[];
  readonly attention?: AttentionShape;
}

/** What of an MLX model decides its memory beside its weights, whatever its name. */
export interface MlxShape {
  readonly modelType: string;
  /** The layers that run, and behind them those that draft. */
  readonly layers: readonly LayerShape[];
  /** Bytes of an element of activations, and so of K and V: MLX never quantises them unasked. */
  readonly elementBytes: number;
  /** max_position_embeddings: prompts of that many tokens are refused. */
  readonly trainedContext?: number;
}
