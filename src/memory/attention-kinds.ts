import type { AttentionShape, ModelShape } from "./architectures/shape";

/** Layers that cache alike. */
export interface AttentionKind extends AttentionShape {
  readonly layers: number;
}

const known = new WeakMap<ModelShape, readonly AttentionKind[]>();

/**
 * The layers that own a KV cache, those alike as one: a handful for any model, so that one estimate costs microseconds.
 * Worked out once per shape.
 */
export function attentionKinds(shape: ModelShape): readonly AttentionKind[] {
  const earlier = known.get(shape);
  if (earlier !== undefined) return earlier;
  const kinds = new Map<string, AttentionKind>();
  for (const { attention } of shape.layers) {
    if (attention === undefined) continue;
    const { keyRow, valueRow, kvHeads, keyLength, valueLength, slides } = attention;
    const alike = [keyRow, valueRow, kvHeads, keyLength, valueLength, slides].join(" ");
    kinds.set(alike, { ...attention, layers: (kinds.get(alike)?.layers ?? 0) + 1 });
  }
  const result = [...kinds.values()];
  known.set(shape, result);
  return result;
}
