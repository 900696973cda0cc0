import type { ModelShape } from "./architectures/shape";
import { type EffectiveSettings, KV_BLOCKS } from "./effective-settings";
import type { KvCacheType } from "./settings";

/** Bytes of `elements` in a cache of this type (elements come in whole blocks in every real model). */
export function cacheRowBytes(type: KvCacheType, elements: number): number {
  const block = KV_BLOCKS[type];
  return (elements / block.elements) * block.bytes;
}

/** KV cache of all layers and slots in bytes (llama.cpp src/llama-kv-cache). */
export function kvCacheBytes(shape: ModelShape, settings: EffectiveSettings): number {
  let bytes = 0;
  for (const { attention } of shape.layers) {
    if (attention === undefined) continue;
    const cells = attention.slides ? settings.slidingCells : settings.cells;
    const values = settings.widensValues && !shape.latent ? shape.widestValueRow : attention.valueRow;
    const row = cacheRowBytes(settings.kvCacheType, attention.keyRow) + cacheRowBytes(settings.kvCacheType, values);
    bytes += settings.streams * cells * row;
  }
  return bytes;
}

/** Recurrent state of all layers and slots in bytes: always F32, whatever the context (llama.cpp llama-memory-recurrent). */
export function recurrentStateBytes(shape: ModelShape, settings: EffectiveSettings): number {
  if (shape.recurrent === undefined) return 0;
  const layers = shape.layers.filter((layer) => layer.recurrent).length;
  return 4 * (shape.recurrent.convolution + shape.recurrent.state) * settings.streams * layers;
}
