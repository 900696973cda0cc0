import { UnknownShape } from "./architectures/keys";
import { readShape } from "./architectures/read-shape";
import type { ModelShape } from "./architectures/shape";
import { computeBuffer } from "./compute";
import { effectiveSettings } from "./effective-settings";
import type { MemoryEstimate } from "./estimate-types";
import { kvCacheBytes, recurrentStateBytes } from "./kv-cache";
import { isOmitted, type ModelMetadata } from "./metadata";
import type { RunSettings } from "./settings";
import { weightBytes, type WeightBytes } from "./weights";

/** What is worked out once per model, whatever the settings. */
type Prepared =
  | { readonly kind: "known"; readonly shape: ModelShape; readonly weights: WeightBytes }
  | {
      readonly kind: "unknown";
      readonly architecture?: string;
      readonly reason: string;
      readonly needsArrays: boolean;
    };

/** Metadata is immutable, and a list judges the same model at many contexts. */
const prepared = new WeakMap<ModelMetadata, Prepared>();

function prepare(metadata: ModelMetadata): Prepared {
  const earlier = prepared.get(metadata);
  if (earlier !== undefined) return earlier;
  const result = unlessUnknown(metadata, () => {
    const shape = readShape(metadata);
    return { kind: "known" as const, shape, weights: weightBytes(metadata, shape) };
  });
  prepared.set(metadata, result);
  return result;
}

function unlessUnknown<T>(metadata: ModelMetadata, work: () => T): T | Extract<Prepared, { kind: "unknown" }> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UnknownShape)) throw error;
    const architecture = metadata.values.get("general.architecture");
    return {
      kind: "unknown",
      ...(typeof architecture === "string" ? { architecture } : {}),
      reason: error.message,
      needsArrays: error.needsArrays,
    };
  }
}

/**
 * Whether the arrays that the source of this metadata left out should be asked for: they would make the model known, or
 * a per-layer pattern exists that could differ from the architecture's usual one.
 */
export function needsArrays(metadata: ModelMetadata): boolean {
  const result = prepare(metadata);
  if (result.kind === "unknown") return result.needsArrays;
  return isOmitted(metadata.values.get(`${result.shape.architecture}.attention.sliding_window_pattern`));
}

/**
 * GPU memory of a model under the given settings, in bytes. `projectorBytes` are the tensors of separate projector
 * files. Unknown, with the reason, for architectures, types, keys and settings it cannot follow; it never throws.
 */
export function estimate(
  metadata: ModelMetadata,
  settings: RunSettings,
  { projectorBytes = 0 }: { readonly projectorBytes?: number } = {},
): MemoryEstimate {
  const model = prepare(metadata);
  if (model.kind === "unknown") return plainUnknown(model);
  const sum = unlessUnknown(metadata, () => {
    const effective = effectiveSettings(model.shape, settings);
    const compute = computeBuffer(model.shape, effective);
    const terms = {
      weights: model.weights.weights,
      kvCache: kvCacheBytes(model.shape, effective),
      recurrentState: recurrentStateBytes(model.shape, effective),
      compute: compute.bytes,
      projector: model.weights.projector + projectorBytes,
    };
    const total = terms.weights + terms.kvCache + terms.recurrentState + terms.compute + terms.projector;
    if (!Number.isSafeInteger(total) || !Number.isSafeInteger(terms.kvCache)) {
      throw new UnknownShape("Its sizes do not add up to a number of bytes.");
    }
    return {
      kind: "known" as const,
      architecture: model.shape.architecture,
      ...terms,
      total,
      uncertainty: compute.uncertainty,
    };
  });
  return sum.kind === "known" ? sum : plainUnknown(sum);
}

function plainUnknown({ architecture, reason }: Extract<Prepared, { kind: "unknown" }>): MemoryEstimate {
  return { kind: "unknown", ...(architecture === undefined ? {} : { architecture }), reason };
}
