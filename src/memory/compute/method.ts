import type { ModelShape } from "../architectures/shape";
import { layerKinds } from "./transformer";

/** How a buffer is computed: laid out tensor by tensor, or by its largest phase. */
export type Method = "plan" | "plan-with-experts" | "closed-form";

/** More than any model has: a plan of it would take long. */
const MOST_KINDS = 8;
const MOST_EXPERTS = 128;

/** Transformers and gated delta nets are laid out; other hybrids, latent attention and per-layer inputs are not. */
export function methodOf(shape: ModelShape): Method {
  const isTransformer =
    (shape.recurrent === undefined || shape.recurrent.kind === "delta-net") &&
    shape.latent === undefined &&
    shape.indexer === undefined &&
    shape.perLayerInput === 0 &&
    shape.feedForward.kind !== "per-layer-input" &&
    shape.layers.every((layer) => layer.attention !== undefined || layer.recurrent || shape.encoder);
  if (!isTransformer || tooVaried(shape)) return "closed-form";
  return shape.experts === undefined ? "plan" : "plan-with-experts";
}

function tooVaried(shape: ModelShape): boolean {
  return layerKinds(shape).size > MOST_KINDS || (shape.experts?.used ?? 0) > MOST_EXPERTS;
}
