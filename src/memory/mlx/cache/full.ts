/** Tokens by which MLX grows a cache (mlx-lm `KVCache.step`, Ollama x/mlxrunner/cache). */
const STEP = 256;

/** Tokens that a cache of every token has room for. */
export interface FullCache {
  readonly offset: number;
  readonly capacity: number;
}

export const EMPTY_FULL: FullCache = { offset: 0, capacity: 0 };

/**
 * After `count` writes of `length` tokens each. A write that doesn't fit cuts the room down to what is used and adds
 * whole steps for the write (mlx-lm cache.py `KVCache.update_and_fetch`, Ollama kvcache.go).
 */
export function writeFull({ offset, capacity }: FullCache, length: number, count: number): FullCache {
  const grown = Math.ceil(length / STEP) * STEP;
  let left = count;
  while (left > 0) {
    // Writes that fit go at once: the loop turns once for each growth.
    const fitting = Math.min(left, Math.floor((capacity - offset) / length));
    offset += fitting * length;
    left -= fitting;
    if (left > 0) capacity = offset + grown;
  }
  return { offset, capacity };
}
