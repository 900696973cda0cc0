import type { AttentionShape } from "../architectures/shape";
import { type EffectiveSettings, KV_BLOCKS } from "../effective-settings";
import { cacheRowBytes } from "../kv-cache";
import { aligned } from "./arena";

const F16 = 2;
const F32 = 4;
/** Cells that one kernel chunk covers; the last chunk is always reserved in padded form. */
const CHUNK = 64;
/** Workgroups whose partial results the small-batch kernel keeps, and the largest such batch. */
const WORKGROUPS = 32;
const SMALL_BATCH = 32;
/** Up to here Metal takes the vector kernel. */
const VECTOR_BATCH = 20;

export interface FlashExtent {
  readonly heads: number;
  readonly cells: number;
  readonly tokensPerStream: number;
  readonly streams: number;
  /** Cache rows; an encoder attends to F16 copies of K and V. */
  readonly fromCache: boolean;
}

/**
 * Bytes that Metal reserves behind the result of flash attention (llama.cpp's ggml-metal-ops.cpp): padding of the last
 * chunk, one byte for each block of the mask, partial results, and from v0.5.0 on an F16 copy of all of K and V.
 */
export function flashScratch(attention: AttentionShape, extent: FlashExtent, settings: EffectiveSettings): number {
  const { keyLength, valueLength, kvHeads } = attention;
  const { heads, cells, tokensPerStream, streams, fromCache } = extent;
  const copies = settings.runtime !== "b10488";
  const quantized = fromCache && KV_BLOCKS[settings.kvCacheType].elements > 1;
  const readsCopy = copies && quantized && tokensPerStream >= SMALL_BATCH;
  const row = (head: number): number => {
    if (readsCopy) return F16 * head;
    return fromCache ? cacheRowBytes(settings.kvCacheType, kvHeads * head) : F16 * kvHeads * head;
  };
  const padding = CHUNK * streams * (kvHeads * (row(keyLength) + row(valueLength)) + F16 * tokensPerStream);
  const isVector = tokensPerStream < VECTOR_BATCH && keyLength % 32 === 0;
  const queryBlocks = Math.ceil(tokensPerStream / (isVector ? 1 : 8));
  const blocks = aligned(queryBlocks * Math.ceil(cells / (isVector ? 32 : CHUNK)) * streams);
  const partial = F32 * Math.min(tokensPerStream, SMALL_BATCH) * heads * streams * WORKGROUPS * (valueLength + 2);
  const copy = copies ? F16 * cells * streams * kvHeads * (keyLength + valueLength) : 0;
  return padding + blocks + partial + copy;
}
