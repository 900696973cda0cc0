import type { ModelShape } from "../architectures/shape";
import type { EffectiveSettings } from "../effective-settings";
import { closedForm } from "./closed-form";
import { closeness } from "./measured";
import { methodOf } from "./method";
import { planBuffer } from "./plan-buffer";
import { runOrder } from "./run-order";
import { transformerGraph } from "./transformer";
import { bandOf, computeUncertainty } from "./uncertainty";

export interface ComputeBuffer {
  readonly bytes: number;
  /** Half-width of the band the real buffer lies in. */
  readonly uncertainty: number;
  /** Layouts like this one were held against llama.cpp's own allocations. */
  readonly measured: boolean;
}

/**
 * Bytes by shape and settings. A buffer takes a millisecond to work out, searches come back to the same settings under many
 * limits, and most models are tuned from a few others, of the same shape.
 */
const known = new Map<string, Map<string, number>>();
const shapeKeys = new WeakMap<ModelShape, string>();

/**
 * Compute buffer on the GPU in bytes. Transformers are laid out tensor by tensor as llama.cpp, ggml's allocator and
 * Metal do it; hybrids, latent attention and per-layer inputs are approximated by their largest phase.
 */
export function computeBuffer(shape: ModelShape, settings: EffectiveSettings): ComputeBuffer {
  const method = methodOf(shape);
  const bytes = knownBytes(shape, settings, method === "closed-form" ? closedForm : plannedBytes);
  const measured = closeness(shape, method);
  const uncertainty = computeUncertainty(bytes, settings, bandOf(method, measured));
  return { bytes, uncertainty, measured: measured !== undefined };
}

type Method = (shape: ModelShape, settings: EffectiveSettings) => number;

function knownBytes(shape: ModelShape, settings: EffectiveSettings, workOut: Method): number {
  const shapeKey = shapeKeys.get(shape) ?? JSON.stringify(shape);
  shapeKeys.set(shape, shapeKey);
  const ofShape = known.get(shapeKey) ?? new Map<string, number>();
  known.set(shapeKey, ofShape);
  const key = Object.values(settings).join(" ");
  const earlier = ofShape.get(key);
  if (earlier !== undefined) return earlier;
  const bytes = workOut(shape, settings);
  ofShape.set(key, bytes);
  return bytes;
}

function plannedBytes(shape: ModelShape, settings: EffectiveSettings): number {
  // The graph for one token a slot, which llama.cpp reserves too, never needs more than that for a batch.
  return planBuffer(runOrder(transformerGraph(shape, settings, settings.batch)));
}
