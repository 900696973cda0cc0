import type { DescriptionResult, InstalledModel, MlxModelDescription, ModelDescription } from "../fit/facts";
import { type Engine, rulesOf } from "../fit/runners";
import { needsArrays } from "../memory/estimate";
import { sideBySide } from "../memory/side-by-side";
import { openMlxModel } from "../memory/mlx/estimate";
import type { OllamaClient } from "../ollama/client";
import { describeMlxModel } from "../ollama/mlx-source";
import { missingFiles, type ModelPlaces } from "../ollama/missing-files";
import { describeModel, hasSameFiles } from "../ollama/model-source";
import { METADATA_UNREAD } from "../ollama/problems";
import { withSharedTensors } from "../ollama/shared-metadata";
import { storedDescription, storeDescription } from "./description-store";

/** Rows become visible in steps of time, so that 200 models don't mean 200 renderings, and a slow one waits for nobody. */
const PUBLISH_EVERY_MS = 150;
/** Of the time between two steps drawing may take a quarter: a long list takes fewer steps. */
const TIMES_DRAWING = 4;
/** React draws a moment after it was told. */
const DRAWN_AFTER_MS = 10;
/** Unpacking a description takes a millisecond: the list may draw in between. */
const YIELD_EVERY_MS = 20;
/** The files of so many MLX models are looked at again when the list is opened: each has some thousand. */
const LOOKED_AT_AGAIN = 32;

export interface ReadOptions extends ModelPlaces {
  readonly client: OllamaClient;
  readonly url: string;
  readonly signal: AbortSignal;
  /** Called with all that is known so far. */
  readonly onProgress: (known: ReadonlyMap<string, DescriptionResult>) => void;
}

/**
 * Metadata of all models by digest, every one published in the end. What was read before of the same digest comes from the
 * store, in one go. The rest, and what has lost files or has them in another size by now, is read four at a time and
 * published as time passes. What can't be read is there with the reason, and is tried again at the next opening, as is a
 * model whose projector or adapter can't be read.
 */
export async function readDescriptions(models: readonly InstalledModel[], options: ReadOptions): Promise<void> {
  const known = new Map<string, DescriptionResult>();
  const missing: InstalledModel[] = [];
  const stored: InstalledModel[] = [];
  const wanted = new Map(models.filter(({ cloud }) => !cloud).map((model) => [model.digest, model]));
  let isNews = false;
  let timer: NodeJS.Timeout | undefined;
  let drawingMs = 0;
  const publish = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (options.signal.aborted || !isNews) return;
    isNews = false;
    const began = performance.now();
    options.onProgress(new Map(known));
    setTimeout(() => (drawingMs = performance.now() - began - DRAWN_AFTER_MS), DRAWN_AFTER_MS).unref();
  };
  const learn = (model: InstalledModel, result: DescriptionResult): void => {
    known.set(model.digest, result);
    isNews = true;
  };
  let yielded = performance.now();
  for (const model of wanted.values()) {
    if (options.signal.aborted) return;
    const kept = storedDescription(model, options.url);
    if (kept === undefined || !isWhole(kept, options)) missing.push(model);
    else {
      learn(model, kept);
      stored.push(model);
    }
    if (performance.now() - yielded < YIELD_EVERY_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    yielded = performance.now();
  }
  publish();
  await sideBySide([...missing, ...lookedAtAgain(stored)], async (model) => {
    if (options.signal.aborted || (await isStillRight(model, known.get(model.digest), options))) return;
    learn(model, await readOne(model, options));
    timer ??= setTimeout(publish, Math.max(PUBLISH_EVERY_MS, TIMES_DRAWING * drawingMs));
  });
  publish();
}

/** How what decides a model's memory is read, by what runs it. */
const READERS: {
  readonly [E in Engine]: (model: InstalledModel, options: ReadOptions) => Promise<DescriptionResult>;
} = {
  llama: readLlama,
  mlx: readMlx,
};

async function readLlama(model: InstalledModel, options: ReadOptions): Promise<ModelDescription> {
  const description = await describeModel({ ...options, model, needsArrays });
  return withSharedTensors(description);
}

async function readMlx(model: InstalledModel, options: ReadOptions): Promise<DescriptionResult> {
  const reading = await describeMlxModel({ ...options, model });
  if (reading.kind === "unknown") return { kind: "unreadable", reason: reading.reason };
  const { files, cautions, weightsAboveBytes } = reading;
  const opened = openMlxModel(files);
  return opened.kind === "unknown"
    ? { kind: "unreadable", reason: opened.reason }
    : { kind: "mlx", model: opened, cautions, weightsAboveBytes };
}

async function readOne(model: InstalledModel, options: ReadOptions): Promise<DescriptionResult> {
  try {
    const reason = await missingFiles(model, options);
    if (reason !== undefined) return { kind: "missing-files", reason };
    const description = await READERS[rulesOf(model).engine](model, options);
    // One that isn't whole is read again the next time, and must not leave an older one in its place.
    if (isReadable(description)) storeDescription(model, options.url, description);
    return description;
  } catch (error) {
    return {
      kind: "unreadable",
      reason: `${METADATA_UNREAD}${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** Those whose files are looked at again: of more MLX models than are at once, others each time. */
function lookedAtAgain(stored: readonly InstalledModel[]): readonly InstalledModel[] {
  const isMlx = (model: InstalledModel) => rulesOf(model).engine === "mlx";
  const mlx = stored.filter(isMlx);
  const from = mlx.length > LOOKED_AT_AGAIN ? Math.floor(Math.random() * mlx.length) : 0;
  const again = new Set([...mlx, ...mlx].slice(from, from + LOOKED_AT_AGAIN));
  return stored.filter((model) => !isMlx(model) || again.has(model));
}

/** What was kept of files on this Mac says nothing of how they are now: a disk may have lost a part of them. */
async function isStillRight(
  model: InstalledModel,
  kept: DescriptionResult | undefined,
  options: ReadOptions,
): Promise<boolean> {
  if (kept === undefined) return false;
  if ("kind" in kept) return (await missingFiles(model, options)) === undefined;
  return !options.isLocal || hasSameFiles(kept, options.modelsFolders);
}

const isReadable = (description: DescriptionResult): description is ModelDescription | MlxModelDescription =>
  !("kind" in description) || description.kind === "mlx";

/** Files on this Mac may be whole and readable the next time; a remote server never tells a projector's size. */
function isWhole(description: ModelDescription | MlxModelDescription, { isLocal }: ReadOptions): boolean {
  // What only the server tells of an MLX model leaves its weights open.
  if ("kind" in description) return !isLocal || description.weightsAboveBytes === 0;
  const { damage, backup } = description;
  // It may be gone the next time.
  if (backup !== undefined) return false;
  return !isLocal || (damage === undefined && hasSizes(description));
}

/** Whether the sizes of all files beside the weights are known. */
export const hasSizes = ({ projectors, adapters }: ModelDescription): boolean =>
  [...projectors, ...adapters].every(({ bytes }) => bytes !== undefined);
