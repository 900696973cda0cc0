import { UnknownShape } from "./architectures/keys";
import { readShape, type ShapeReading, unknownReading } from "./architectures/read-shape";
import type { ModelShape } from "./architectures/shape";
import { computeBuffer } from "./compute";
import { drafting } from "./drafting";
import { effectiveSettings } from "./effective-settings";
import type { MemoryEstimate } from "./estimate-types";
import { firstOfTwoCachesBytes, kvCacheBytes, recurrentStateBytes } from "./kv-cache";
import type { ModelMetadata } from "./metadata";
import type { RunSettings } from "./settings";
import { modelWeights, type ModelWeights } from "./weights";

export interface EstimateOptions {
  /** Bytes of the tensors in separate projector files. */
  readonly projectorBytes?: number;
  /** Bytes of the tensors in LoRA adapters, each of which lies beside the tensor it adapts. */
  readonly adapterBytes?: number;
  /** Bytes of the weights where only their sum is known; replaces that of the tensors. */
  readonly weightBytes?: number;
}

/**
 * llama-server's "estimated worst-case memory usage of mmproj" was 0.2 to 1.1 GiB above the projector's tensors. Whether
 * Ollama's allowance for a projector in a file of its own counts beside that isn't known, so it counts once.
 */
const PROJECTOR_COMPUTE = { bytes: 666 * 1024 ** 2, uncertainty: 461 * 1024 ** 2 } as const;

/** What is worked out once per model, whatever the settings. */
type Prepared =
  | (Extract<ShapeReading, { kind: "known" }> & { readonly weights: ModelWeights })
  | Extract<ShapeReading, { kind: "unknown" }>;

/** Metadata is immutable, and a list judges the same model at many contexts. */
const prepared = new WeakMap<ModelMetadata, Prepared>();

function prepare(metadata: ModelMetadata): Prepared {
  const earlier = prepared.get(metadata);
  if (earlier !== undefined) return earlier;
  const result = work(metadata);
  prepared.set(metadata, result);
  return result;
}

function work(metadata: ModelMetadata): Prepared {
  // Plain show lists none from Ollama 0.34.1 on.
  if (metadata.tensors.length === 0 && metadata.values.has("general.architecture")) {
    return unknownReading(metadata, new UnknownShape("Its tensors aren't listed.", true));
  }
  const reading = readShape(metadata);
  if (reading.kind === "unknown") return reading;
  try {
    return { ...reading, weights: modelWeights(metadata, reading.shape) };
  } catch (error) {
    if (!(error instanceof UnknownShape)) throw error;
    return unknownReading(metadata, error);
  }
}

/**
 * Whether the arrays and tensors that the source of this metadata left out should be asked for: they would make the model
 * known, or a per-layer pattern exists that could differ from the architecture's usual one.
 */
export function needsArrays(metadata: ModelMetadata): boolean {
  const result = prepare(metadata);
  return result.kind === "unknown" ? result.needs === "arrays" : result.assumesPattern;
}

/**
 * GPU memory of a model under the given settings, in bytes. Unknown, with the reason, for architectures, types, keys and
 * settings it cannot follow; it never throws. What depends on the model alone is worked out once per metadata object.
 */
export function estimate(
  metadata: ModelMetadata,
  settings: RunSettings,
  options: EstimateOptions = {},
): MemoryEstimate {
  const model = prepare(metadata);
  return model.kind === "unknown" ? model : estimateShape(model.shape, model.weights, settings, options);
}

/** {@link estimate} of a model whose shape and weights are known. */
function estimateShape(
  shape: ModelShape,
  weights: ModelWeights,
  settings: RunSettings,
  { projectorBytes = 0, adapterBytes = 0, weightBytes }: EstimateOptions = {},
): MemoryEstimate {
  const { architecture } = shape;
  const unknown = (reason: string): MemoryEstimate => ({ kind: "unknown", architecture, reason });
  const effective = effectiveSettings(shape, settings);
  if (effective.kind === "refused") return unknown(effective.reason);
  const drafted = settings.draftNumPredict ?? 0;
  const loaded = drafted > 0 ? weights.drafting : weights.plain;
  if (loaded === undefined) return unknown("How its prediction layers are loaded for drafting is not known.");
  const second = drafted > 0 ? drafting(shape, effective) : undefined;
  const compute = computeBuffer(shape, effective);
  const draftCompute = second && computeBuffer(second.shape, second.settings);
  const mainCache = kvCacheBytes(shape, effective);
  const terms = {
    weights: weightBytes ?? loaded.weights,
    kvCache: mainCache + (second ? kvCacheBytes(second.shape, second.settings) : 0),
    recurrentState: recurrentStateBytes(shape, effective, second ? drafted : 0),
    compute: compute.bytes + (draftCompute?.bytes ?? 0),
    projector: loaded.projector + projectorBytes,
    projectorCompute: loaded.projector + projectorBytes > 0 ? PROJECTOR_COMPUTE.bytes : 0,
    adapters: adapterBytes,
  };
  const projectorUncertainty = terms.projectorCompute > 0 ? PROJECTOR_COMPUTE.uncertainty : 0;
  const uncertainty = compute.uncertainty + (draftCompute?.uncertainty ?? 0) + projectorUncertainty;
  const total = Object.values(terms).reduce((sum, bytes) => sum + bytes, 0);
  // No term is negative, so a total and a band in range mean that all terms are.
  if (!isBytes(total) || !isBytes(uncertainty) || !isBytes(projectorBytes) || !isBytes(adapterBytes)) {
    return unknown("Its sizes don't add up to a number of bytes.");
  }
  return {
    kind: "known",
    architecture,
    ...terms,
    // The second context logs its buffers under the same names.
    uncountedCache: second ? mainCache + compute.bytes : firstOfTwoCachesBytes(shape, effective),
    mappedWeights: weightBytes ?? loaded.mapped,
    total,
    uncertainty,
    projectorUncertainty,
    measured: compute.measured,
  };
}

function isBytes(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
