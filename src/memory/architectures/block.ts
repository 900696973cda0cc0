import type { ModelFile } from "./model-file";
import type { BlockShape } from "./shape";

/** How a block is put together, by the tensors it has. */
export function blockShape({ has, tensor, blockCount, layerCount }: ModelFile): BlockShape {
  const blocks = Array.from({ length: blockCount }, (_, block) => block);
  // Without the second of the two, the first is the norm before the feed-forward by another name.
  const normsResult = has(0, "post_attention_norm.weight") && has(0, "post_ffw_norm.weight");
  const normsInput = has(0, "attn_norm.weight");
  return {
    norms: !normsResult ? "input" : normsInput ? "both" : "result",
    // Half of what the query projection gives goes on to the output projection.
    gatesQuery: blocks.some((block) => {
      const mixed = tensor(block, "attn_output")?.[0];
      return mixed !== undefined && tensor(block, "attn_q")?.[1] === 2 * mixed;
    }),
    // A gated delta net has a matrix of this name too, and no attn_output.
    fusedProjection: blocks.some(
      (block) => block < layerCount && has(block, "attn_qkv.weight") && has(block, "attn_output.weight"),
    ),
  };
}
