import type { ModelShape } from "./architectures/shape";
import { attentionKinds } from "./attention-kinds";
import { type EffectiveSettings, KV_BLOCKS } from "./effective-settings";
import type { KvCacheType } from "./settings";

/** Bytes of `elements` in a cache of this type (elements come in whole blocks in every model that loads). */
export function cacheRowBytes(type: KvCacheType, elements: number): number {
  const block = KV_BLOCKS[type];
  return (elements / block.elements) * block.bytes;
}

/** KV cache of all layers and slots in bytes (llama.cpp src/llama-kv-cache). */
export function kvCacheBytes(shape: ModelShape, settings: EffectiveSettings): number {
  const { cells, slidingCells, streams, kvCacheType } = settings;
  let bytes = 0;
  for (const { keyRow, valueRow, slides, layers } of attentionKinds(shape)) {
    const values = settings.widensValues && !shape.latent ? shape.widestValueRow : valueRow;
    const row = cacheRowBytes(kvCacheType, keyRow) + cacheRowBytes(kvCacheType, values);
    bytes += layers * streams * (slides ? slidingCells : cells) * row;
  }
  return bytes;
}

/** Recurrent state of all layers and slots in bytes: always F32, whatever the context (llama.cpp llama-memory-recurrent). */
export function recurrentStateBytes(shape: ModelShape, settings: EffectiveSettings): number {
  if (shape.recurrent === undefined) return 0;
  let layers = 0;
  for (const { recurrent } of shape.layers) if (recurrent) layers += 1;
  return 4 * (shape.recurrent.convolution + shape.recurrent.state) * settings.streams * layers;
}
