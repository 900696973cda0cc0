import type { InstalledModel, ModelDescription } from "../fit/facts";
import type { DescriptionResult } from "../fit/verdict";
import { needsArrays } from "../memory/estimate";
import type { OllamaClient } from "../ollama/client";
import { describeModel } from "../ollama/model-source";
import { storedDescription, storeDescription } from "./description-store";

const AT_ONCE = 4;
/** Rows become visible in steps, so that 200 models do not mean 200 renderings. */
const PUBLISH_EVERY = 8;

export interface ReadOptions {
  readonly client: OllamaClient;
  readonly url: string;
  readonly isLocal: boolean;
  readonly modelsFolders: readonly string[];
  readonly signal: AbortSignal;
  /** Called with all that is known so far. */
  readonly onProgress: (known: ReadonlyMap<string, DescriptionResult>) => void;
}

/**
 * Metadata of all models by digest: what was read before for the same digest comes from the store, the rest is read
 * four at a time. A model that cannot be read is there with the reason and is tried again at the next opening, as is one
 * with a projector that could not be read.
 */
export async function readDescriptions(models: readonly InstalledModel[], options: ReadOptions): Promise<void> {
  const known = new Map<string, DescriptionResult>();
  const missing: InstalledModel[] = [];
  const wanted = new Map(
    models.filter((model) => !model.cloud && model.format !== "safetensors").map((model) => [model.digest, model]),
  );
  let unpublished = 0;
  const publish = (digest: string, result: DescriptionResult): void => {
    known.set(digest, result);
    unpublished += 1;
    if (unpublished >= PUBLISH_EVERY || known.size === wanted.size) {
      unpublished = 0;
      if (!options.signal.aborted) options.onProgress(new Map(known));
    }
  };
  for (const model of wanted.values()) {
    if (options.signal.aborted) return;
    const stored = storedDescription(model, options.url);
    if (stored === undefined || !isWhole(stored, options)) missing.push(model);
    else publish(model.digest, stored);
    // Unpacking 200 descriptions takes a while: let the list draw in between.
    if (known.size % PUBLISH_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const next = missing.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const model of next) {
        if (options.signal.aborted) return;
        publish(model.digest, await readOne(model, options));
      }
    }),
  );
}

async function readOne(model: InstalledModel, options: ReadOptions): Promise<DescriptionResult> {
  try {
    const { client, isLocal, modelsFolders, signal } = options;
    const description = await describeModel({
      client,
      model,
      isLocal,
      modelsFolders,
      signal,
      needsArrays,
    });
    if (isWhole(description, options)) storeDescription(model, options.url, description);
    return description;
  } catch (error) {
    return {
      kind: "unreadable",
      reason: `Its metadata could not be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** A projector's file on this Mac may be readable the next time; a remote server never tells its size. */
function isWhole({ projectors }: ModelDescription, { isLocal }: ReadOptions): boolean {
  return !isLocal || projectors.every(({ bytes }) => bytes !== undefined);
}
