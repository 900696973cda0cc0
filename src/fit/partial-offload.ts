import type { KnownEstimate } from "../memory/estimate-types";
import { tensorBytes } from "../memory/gguf/tensor-types";
import { integerValue, type ModelMetadata, stringValue } from "../memory/metadata";
import { formatPercent } from "./units";

/** What llama.cpp leaves to the CPU of a model that's larger than its limit. */
export interface Offload {
  /** Share of the model's bytes, 0 to 1. */
  readonly cpuShare: number;
  /** It's experts alone: each token needs few of them. */
  readonly isExperts: boolean;
}

/** Bytes of a layer's tensors: one by one for its experts, as one sum for the rest. */
interface Layer {
  readonly experts: readonly number[];
  readonly rest: number;
}

/** Metadata is immutable, and a search judges the same model at many contexts. */
const layersOf = new WeakMap<ModelMetadata, readonly Layer[]>();

/**
 * What llama.cpp moves to the CPU so that a model takes `budgetBytes` of the GPU (its common/fit.cpp): of a mixture of
 * experts the tensors of the experts, as many as are needed, of others the first layers, with their share of the cache.
 * Undefined where nothing would be left on the GPU. The CPU's own buffers aren't counted, so it's about right.
 */
export function partialOffload(
  metadata: ModelMetadata,
  { total, kvCache, recurrentState }: KnownEstimate,
  budgetBytes: number,
): Offload | undefined {
  const layers = layersOf.get(metadata) ?? readLayers(metadata);
  layersOf.set(metadata, layers);
  const over = total - budgetBytes;
  const experts = reach(
    over,
    layers.flatMap((layer) => layer.experts),
  );
  if (experts.isEnough) return { cpuShare: experts.bytes / total, isExperts: true };
  const cache = (kvCache + recurrentState) / Math.max(1, layers.length);
  const rest = reach(
    over - experts.bytes,
    layers.map((layer) => layer.rest + cache),
  );
  return rest.isEnough && layers.length > 0
    ? { cpuShare: (experts.bytes + rest.bytes) / total, isExperts: false }
    : undefined;
}

/** How it runs and what that means for speed, as a sentence. */
export function offloadText({ cpuShare, isExperts }: Offload): string {
  const speed = isExperts
    ? "only experts, so it's slower but usable"
    : "each token waits for that part, so it's several times slower";
  return `It runs with about ${formatPercent(cpuShare)} on the CPU: ${speed}.`;
}

/** The first of some amounts that reach a sum, or all of them. */
function reach(sum: number, amounts: readonly number[]): { readonly bytes: number; readonly isEnough: boolean } {
  let bytes = 0;
  for (const amount of amounts) {
    if (bytes >= sum) break;
    bytes += amount;
  }
  return { bytes, isEnough: bytes >= sum };
}

/** The layers that are loaded: blocks that predict further tokens come after them. */
function readLayers(metadata: ModelMetadata): readonly Layer[] {
  const architecture = stringValue(metadata, "general.architecture");
  const number = (key: string) => integerValue(metadata, `${architecture}.${key}`) ?? 0;
  const count = number("block_count") - number("nextn_predict_layers");
  const layers = new Map<number, { experts: number[]; rest: number }>();
  for (const { name, type, shape } of metadata.tensors) {
    const [, block, part = ""] = /^blk\.(\d+)\.(.+)$/.exec(name) ?? [];
    const bytes = tensorBytes(type, shape);
    if (block === undefined || bytes === undefined || Number(block) >= count) continue;
    const layer = layers.get(Number(block)) ?? { experts: [], rest: 0 };
    layers.set(Number(block), layer);
    if (/_exps\b/.test(part)) layer.experts.push(bytes);
    else layer.rest += bytes;
  }
  return [...layers].toSorted(([a], [b]) => a - b).map(([, layer]) => layer);
}
