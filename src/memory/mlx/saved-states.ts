import { cachesOf } from "./cache/cache-bytes";
import type { LayerShape } from "./shape";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Ollama's budget for states that it keeps to go back to (x/mlxrunner `maxPagedOutBytes`), in RAM. */
const BUDGET = 8 * GIB;
/** A small state never fills it: so much in practice. */
const SMALL = 40 * MIB;
const BUDGET_OF_SMALL = 2 * GIB;

/** Bytes of one saved state: recurrent states and windows are copied, other K and V only pointed into. */
function snapshotBytes(layers: readonly LayerShape[]): number {
  return cachesOf(layers).reduce((sum, cache) => {
    switch (cache.kind) {
      case "full":
        return sum;
      case "sliding":
        return sum + cache.rowBytes * cache.window;
      case "state":
        return sum + cache.bytes;
    }
  }, 0);
}

/**
 * Bytes of RAM that saved states take at the end of long agent sessions; 0 where nothing has to be copied. They are
 * pageable and no part of what a request needs.
 */
export function savedStateBytes(layers: readonly LayerShape[]): number {
  const snapshot = snapshotBytes(layers);
  if (snapshot === 0) return 0;
  return snapshot >= SMALL ? BUDGET : BUDGET_OF_SMALL;
}
