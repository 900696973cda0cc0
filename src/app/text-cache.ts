import { Cache } from "@raycast/api";

/** Texts in Raycast's cache, each of which may be gone at any time. */
export interface TextCache {
  /** Undefined where nothing is kept, or the cache can't be read. Never throws. */
  readonly get: (key: string) => string | undefined;
  /** Where a text can't be kept, it's read or worked out again: nothing else is lost. Never throws. */
  readonly set: (key: string, text: string) => void;
}

/** A cache of its own, opened once it's needed. */
export function textCache(options: Cache.Options): TextCache {
  let cache: Cache | undefined;
  const open = () => (cache ??= new Cache(options));
  return {
    get: (key) => {
      try {
        return open().get(key);
      } catch {
        return undefined;
      }
    },
    set: (key, text) => {
      try {
        open().set(key, text);
      } catch {
        // A full disk, for example.
      }
    },
  };
}
