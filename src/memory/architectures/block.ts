import type { ModelFile } from "./model-file";
import type { AttentionShape, BlockShape } from "./shape";

/** How a block is put together, by the tensors it has; `rows` are what its blocks keep. */
export function blockShape(
  { has, tensor, layerCount }: ModelFile,
  rows: readonly AttentionShape[],
  heads: number,
): BlockShape {
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  // Without the second of the two, the first is the norm before the feed-forward by another name.
  const normsResult = has(0, "post_attention_norm.weight") && has(0, "post_ffw_norm.weight");
  const normsInput = has(0, "attn_norm.weight");
  return {
    norms: !normsResult ? "input" : normsInput ? "both" : "result",
    // A gated delta net has a matrix of this name too, and no attn_output.
    gatesQuery: rows.some(
      ({ keyLength }, block) => keyLength > 0 && (tensor(block, "attn_q")?.[1] ?? 0) >= 2 * heads * keyLength,
    ),
    fusedProjection: layers.some((layer) => has(layer, "attn_qkv.weight") && has(layer, "attn_output.weight")),
  };
}
