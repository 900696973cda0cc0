import type { AttentionShape, LayerShape, MlxShape } from "./shape";

/** Head sizes for which Metal works out attention without holding the scores, where K and V have the same. */
const FUSED_SIZES: ReadonlySet<number> = new Set([64, 72, 80, 96, 128]);
/**
 * From this generation on also this size, for chunks of this many tokens, where no window needs a mask: in mlx since
 * 2026-08-20. Whether the MLX of an Ollama does so isn't verified.
 */
export const FUSED_FROM_M5 = { generation: 5, size: 256, tokens: 1024 } as const;

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
  const { heads, window, unfolded = 0, hasPositionScores = false } = attention;
  const unfused = Math.min(unfusedChunk(attention, request), request.tokens);
  const chunk = hasPositionScores ? Math.min(request.prefillStep, request.tokens) : unfused;
  const keys = window === undefined ? request.tokens : Math.min(window - 1 + chunk, request.tokens);
  const scores = chunk * keys * (heads * elementBytes + 1);
  const besidePositions = hasPositionScores ? unfused * keys * heads * elementBytes : 0;
  return scores + besidePositions + keys * heads * unfolded * elementBytes;
}

/** The longest chunk that is not fused; 0 where all are. */
function unfusedChunk(attention: AttentionShape, request: ScoresRequest): number {
  const { keySize, valueSize, window, hasPositionScores } = attention;
  if (keySize === valueSize && FUSED_SIZES.has(keySize)) return 0;
  const { generation, size, tokens } = FUSED_FROM_M5;
  const fusedWhenLong =
    (request.generation ?? 0) >= generation &&
    keySize === size &&
    valueSize === size &&
    window === undefined &&
    !hasPositionScores;
  return fusedWhenLong ? Math.min(request.prefillStep, tokens - 1) : request.prefillStep;
}
