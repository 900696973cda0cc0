import { UnknownShape } from "./keys";
import type { ModelFile } from "./model-file";
import type { ExpertsShape, FeedForwardShape } from "./shape";

/** Widest dense feed-forward of any layer, for the compute buffer. */
export function feedForward(file: ModelFile): FeedForwardShape {
  const { rule, keys } = file;
  const named = keys.isOmitted("feed_forward_length")
    ? widestTensor(file, "ffn_up")
    : (keys.widest("feed_forward_length") ?? 0);
  // Keys may say another width than the tensors have, which is the one that runs.
  const width = widestTensor(file, "ffn_down", 0) || named;
  return { kind: rule.feedForward ?? (isGated(file, width) ? "gated" : "plain"), width };
}

/** A gate has its own tensor or is the second half of ffn_up. */
function isGated(file: ModelFile, width: number): boolean {
  const up = widestTensor(file, "ffn_up");
  return up === 0 || up === 2 * width || widestTensor(file, "ffn_gate") > 0;
}

/** Mixture of experts; undefined where the model has none. */
export function experts(file: ModelFile): ExpertsShape | undefined {
  const { rule, keys, layerCount } = file;
  const count = keys.widest("expert_count") ?? 0;
  // Some files name experts that they do not have.
  if (count === 0 || (widestTensor(file, "ffn_down", 0) > 0 && widestTensor(file, "ffn_down_exps", 0) === 0)) {
    return undefined;
  }
  const used = keys.widest("expert_used_count") ?? 0;
  if (used === 0 || used > count) throw new UnknownShape(`It claims to use ${used} of ${count} experts.`);
  return {
    count,
    used,
    width: expertWidth(file),
    sharedWidth: widestTensor(file, "ffn_up_shexp"),
    dense: denseLayers(file),
    kind: rule.experts ?? "plain",
    routing: rule.routesLate ? "late" : file.has(layerCount - 1, "exp_probs_b.bias") ? "sigmoid" : "softmax",
    weightsFirst: rule.weighsFirst === true,
    biases: file.has(layerCount - 1, "ffn_up_exps.bias"),
  };
}

function denseLayers({ keys, has, layerCount }: ModelFile): ExpertsShape["dense"] {
  if (has(layerCount - 1, "ffn_up.weight") && has(layerCount - 1, "ffn_gate_inp.weight")) return "each";
  return (keys.number("leading_dense_block_count") ?? 0) > 0 ? "first" : "none";
}

/** Keys may say another width than the tensors have, which is the one that runs. */
function expertWidth(file: ModelFile): number {
  const named = file.keys.widest("expert_feed_forward_length") || file.keys.widest("feed_forward_length");
  return widestTensor(file, "ffn_down_exps", 0) || (named ?? 0);
}

function widestTensor({ tensor, layerCount }: ModelFile, name: string, dimension = 1): number {
  let widest = 0;
  for (let layer = 0; layer < layerCount; layer++) widest = Math.max(widest, tensor(layer, name)?.[dimension] ?? 0);
  return widest;
}
