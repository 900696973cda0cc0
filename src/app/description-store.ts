import { Cache } from "@raycast/api";
import type { InstalledModel, ModelDescription } from "../fit/facts";
import { deserializeDescription, serializeDescription } from "../ollama/description-cache";

/** Descriptions take 20 to 80 KB each; Raycast's default of 10 MB would push the first of 200 models out again. */
const CAPACITY = 64 * 1024 * 1024;

let cache: Cache | undefined;

function store(): Cache {
  cache ??= new Cache({ namespace: "model-descriptions", capacity: CAPACITY });
  return cache;
}

/** A description belongs to a manifest: the digest changes with anything that could change the sum. */
function keyOf(model: InstalledModel, url: string): string {
  return `${url} ${model.digest}`;
}

/** The description read earlier for this very digest; undefined where there's none or it isn't whole. Never throws. */
export function storedDescription(model: InstalledModel, url: string): ModelDescription | undefined {
  try {
    const text = store().get(keyOf(model, url));
    return text === undefined ? undefined : deserializeDescription(text);
  } catch {
    return undefined;
  }
}

/** Keeps a description. Where that fails, it's read again at the next opening: nothing else is lost. */
export function storeDescription(model: InstalledModel, url: string, description: ModelDescription): void {
  try {
    store().set(keyOf(model, url), serializeDescription(description));
  } catch {
    // A full disk, for example.
  }
}
