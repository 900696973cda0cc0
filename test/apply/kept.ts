import type { Storage } from "../../src/apply/storage";

/** A storage in memory; `texts` is what it holds. */
export function keptIn(texts: Map<string, string> = new Map()): Storage & { readonly texts: Map<string, string> } {
  return {
    texts,
    get: async (key) => texts.get(key),
    set: async (key, text) => {
      texts.set(key, text);
    },
    remove: async (key) => {
      texts.delete(key);
    },
  };
}
