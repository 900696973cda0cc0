import type { ModelFile } from "./model-file";

/** Number of layers, from the first on, that own a cache; the later ones read that of an earlier layer. */
export function layersOwningKv({ rule, keys, blockCount, layerCount }: ModelFile): number {
  if (rule.ownKv === undefined) return layerCount;
  if (rule.ownKv !== "shared-kv-layers") return Math.min(layerCount, rule.ownKv.first);
  return Math.max(0, Math.min(layerCount, blockCount - (keys.number("attention.shared_kv_layers") ?? 0)));
}
