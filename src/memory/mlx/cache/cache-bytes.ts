import type { LayerCache, LayerShape } from "../shape";
import { EMPTY_FULL, type FullCache, writeFull } from "./full";
import { EMPTY_SLIDING, type SlidingCache, writeSliding } from "./sliding";
import { type Request, type Writes, writesOf } from "./writes";

/** Bytes of all caches together. */
export interface CacheBytes {
  /** K and V after the request. */
  readonly kvCache: number;
  readonly recurrentState: number;
  /** The most that all caches hold at any time: windows hold a chunk more while a prompt is read. */
  readonly peak: number;
}

/** Layers with the same kind of cache, which all go through the same. */
interface Kept {
  readonly rowBytes: number;
  readonly rows: () => number;
  readonly write: (writes: Writes) => void;
}

/** What the caches of `layers` hold after a request, and at the most while it runs. */
export function cacheBytes(layers: readonly LayerShape[], request: Request): CacheBytes {
  const state = stateBytes(layers);
  const kinds = grouped(layers).map(keep);
  const held = () => kinds.reduce((sum, { rowBytes, rows }) => sum + rowBytes * rows(), 0);
  let peak = 0;
  for (const writes of writesOf(request)) {
    for (const kind of kinds) kind.write(writes);
    peak = Math.max(peak, held());
  }
  return { kvCache: held(), recurrentState: state, peak: peak + state };
}

/** Bytes of the states of all layers; they are there from the first token on. */
function stateBytes(layers: readonly LayerShape[]): number {
  return cachesOf(layers).reduce((sum, cache) => sum + (cache.kind === "state" ? cache.bytes : 0), 0);
}

/** A model's longest prompt is found by trying hundreds. */
const known = new WeakMap<readonly LayerShape[], readonly LayerCache[]>();

/** The caches of all layers. */
export function cachesOf(layers: readonly LayerShape[]): readonly LayerCache[] {
  const caches = known.get(layers) ?? layers.flatMap((layer) => layer.caches);
  known.set(layers, caches);
  return caches;
}

/** One cache for each kind, with the bytes of a row summed over the layers that have it. */
function grouped(layers: readonly LayerShape[]): readonly Exclude<LayerCache, { kind: "state" }>[] {
  const rowBytes = new Map<number | "full", number>();
  for (const cache of cachesOf(layers)) {
    if (cache.kind === "state") continue;
    const key = cache.kind === "full" ? "full" : cache.window;
    rowBytes.set(key, (rowBytes.get(key) ?? 0) + cache.rowBytes);
  }
  return [...rowBytes].map(([key, bytes]) =>
    key === "full" ? { kind: "full", rowBytes: bytes } : { kind: "sliding", rowBytes: bytes, window: key },
  );
}

function keep(cache: Exclude<LayerCache, { kind: "state" }>): Kept {
  if (cache.kind === "full") {
    let full: FullCache = EMPTY_FULL;
    return {
      rowBytes: cache.rowBytes,
      rows: () => full.capacity,
      write: ({ length, count }) => {
        full = writeFull(full, length, count);
      },
    };
  }
  let sliding: SlidingCache = EMPTY_SLIDING;
  return {
    rowBytes: cache.rowBytes,
    rows: () => sliding.rows,
    write: ({ length, count }) => {
      sliding = writeSliding(sliding, length, count, cache.window);
    },
  };
}
