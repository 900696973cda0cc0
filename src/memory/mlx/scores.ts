import type { AttentionShape, LayerShape, MlxShape } from "./shape";

/** Head sizes for which Metal works out attention without holding the scores, where K and V have the same. */
const FUSED_SIZES: ReadonlySet<number> = new Set([64, 72, 80, 96, 128]);
/** From this generation on also this size, for chunks of this many tokens, where no window needs a mask. */
const FUSED_FROM_M5 = { generation: 5, size: 256, tokens: 1024 } as const;

export interface ScoresRequest {
  /** Tokens of the prompt. */
  readonly tokens: number;
  readonly prefillStep: number;
  /** Generation of the chip; absent: M1 to M4, the safe side. */
  readonly generation?: number;
}

/**
 * Bytes of attention scores while a prompt is read: where Metal has no fused kernel for the head size, one layer at a
 * time holds heads × chunk × context of them in the type of activations, and a mask of one byte each (mlx
 * scaled_dot_product_attention.cpp; checked against published peaks, see the facts of MLX models, section 3).
 */
export function scoreBytes({ layers, elementBytes }: MlxShape, request: ScoresRequest): number {
  return layers.reduce((most, layer) => Math.max(most, layerScores(layer, elementBytes, request)), 0);
}

function layerScores({ attention }: LayerShape, elementBytes: number, request: ScoresRequest): number {
  if (attention === undefined) return 0;
  const chunk = Math.min(unfusedChunk(attention, request), request.tokens);
  const keys = attention.window === undefined ? request.tokens : Math.min(attention.window - 1 + chunk, request.tokens);
  return chunk * keys * (attention.heads * elementBytes + 1);
}

/** The longest chunk that is not fused; 0 where all are. */
function unfusedChunk({ keySize, valueSize, window }: AttentionShape, request: ScoresRequest): number {
  if (keySize === valueSize && FUSED_SIZES.has(keySize)) return 0;
  const { generation, size, tokens } = FUSED_FROM_M5;
  const fusedWhenLong =
    (request.generation ?? 0) >= generation && keySize === size && valueSize === size && window === undefined;
  return fusedWhenLong ? Math.min(request.prefillStep, tokens - 1) : request.prefillStep;
}
