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
  const { full, sliding } = kvCaches(shape, settings);
  return full + sliding + indexerCacheBytes(shape, settings);
}

/** The keys of an indexer: one row a cell and layer, of the cache's type, in a cache of its own. */
function indexerCacheBytes({ indexer }: ModelShape, { cells, streams, kvCacheType }: EffectiveSettings): number {
  return indexer === undefined ? 0 : indexer.layers * streams * cells * cacheRowBytes(kvCacheType, indexer.keyLength);
}

/**
 * What of the KV cache is in a cache of its own that another one follows: a model with a sliding window has two, first
 * that of the layers that see the whole context (llama.cpp src/llama-kv-cache-iswa); so has one with an indexer. 0 where
 * there's only one.
 */
export function firstOfTwoCachesBytes(shape: ModelShape, settings: EffectiveSettings): number {
  const { full, sliding } = kvCaches(shape, settings);
  return sliding > 0 || shape.indexer !== undefined ? full : 0;
}

function kvCaches(
  shape: ModelShape,
  { cells, slidingCells, streams, kvCacheType, widensValues }: EffectiveSettings,
): { readonly full: number; readonly sliding: number } {
  const caches = { full: 0, sliding: 0 };
  for (const { keyRow, valueRow, slides, layers } of attentionKinds(shape)) {
    const values = widensValues && !shape.latent ? shape.widestValueRow : valueRow;
    const row = cacheRowBytes(kvCacheType, keyRow) + cacheRowBytes(kvCacheType, values);
    if (slides) caches.sliding += layers * streams * slidingCells * row;
    else caches.full += layers * streams * cells * row;
  }
  return caches;
}

/**
 * Recurrent state of all layers and slots in bytes: always F32, whatever the context (llama.cpp llama-memory-recurrent).
 * While the model drafts there is a copy of it for each drafted token.
 */
export function recurrentStateBytes(shape: ModelShape, settings: EffectiveSettings, drafted: number): number {
  const { recurrent } = shape;
  if (recurrent === undefined) return 0;
  let layers = 0;
  for (const layer of shape.layers) if (layer.recurrent) layers += 1;
  const copies = recurrent.rollsBack ? 1 + drafted : 1;
  return 4 * (recurrent.convolution + recurrent.state) * settings.streams * layers * copies;
}
