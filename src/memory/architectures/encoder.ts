import type { AttentionShape, HeadSizes } from "./shape";

/** What the layers of an encoder attend with: their own batch, all heads, no cache. */
export function encoderAttention({ keyLength, valueLength }: HeadSizes, heads: number): AttentionShape {
  return {
    keyRow: heads * keyLength,
    valueRow: heads * valueLength,
    kvHeads: heads,
    keyLength,
    valueLength,
    slides: false,
  };
}
