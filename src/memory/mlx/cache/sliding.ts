/** Tokens by which MLX grows the cache of a window while single tokens come (mlx-lm `RotatingKVCache.step`). */
const STEP = 256;

/** A cache of the last tokens: how many it has seen, and the rows it holds. */
export interface SlidingCache {
  readonly offset: number;
  readonly rows: number;
}

export const EMPTY_SLIDING: SlidingCache = { offset: 0, rows: 0 };

/**
 * After `count` writes of `length` tokens each: a chunk is appended to the last window − 1 rows, so that the cache
 * holds more than its window while a prompt is read; single tokens grow it in steps up to the window, and cut it down
 * to that (mlx-lm cache.py `RotatingKVCache`, Ollama rotating.go).
 */
export function writeSliding(cache: SlidingCache, length: number, count: number, window: number): SlidingCache {
  const offset = cache.offset + length * count;
  if (count === 0) return cache;
  return { offset, rows: length === 1 ? afterTokens(cache.rows, offset, window) : afterChunks(cache.rows) };

  function afterChunks(rows: number): number {
    const untilFull = Math.ceil(Math.max(0, window - 1 - rows) / length);
    return count <= untilFull ? rows + count * length : window - 1 + length;
  }
}

/** Rows once `offset` tokens were seen, the last of them one by one; it grows when one comes that has no room. */
function afterTokens(rows: number, offset: number, window: number): number {
  while (rows < window && rows < offset) rows += Math.min(STEP, window - rows);
  return Math.min(rows, window);
}
