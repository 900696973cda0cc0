import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { UnknownMlxModel } from "../memory/mlx/config";
import type { MlxTensor } from "../memory/mlx/files";
import { headerLength, LENGTH_BYTES, MAX_TENSORS, parseHeader } from "../memory/mlx/safetensors-header";
import { openFileSource } from "./blob-source";
import { MissingFile, type MlxReading, readingOf, readJson, readPart } from "./mlx-reading";

const CONFIG = "config.json";
const INDEX = "model.safetensors.index.json";
/** An index names every tensor with its file. */
const MOST_INDEX_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 1024;
const MOST_ENTRIES = 100_000;

/**
 * Reads a folder with an MLX model, as mlx-lm, LM Studio and the Hugging Face cache keep it: config.json, and of the
 * safetensors files their headers alone; weights are the bytes that these give, which may miss in the file.
 */
export function readSafetensorsFolder(folder: string): Promise<MlxReading> {
  return readingOf(async () => {
    const config = await readJson(join(folder, CONFIG), `Its ${CONFIG}`);
    const tensors: MlxTensor[] = [];
    for (const name of await weightFiles(folder)) {
      tensors.push(...(await readHeader(join(folder, name), name)));
      if (tensors.length > MAX_TENSORS) throw new UnknownMlxModel("It lists too many tensors.");
    }
    return { config, tensors };
  });
}

/** The files that the index names; without an index those that mlx-lm would load, or all there are. */
async function weightFiles(folder: string): Promise<readonly string[]> {
  const files = [
    ...new Set((await namedByIndex(folder)) ?? (await readPart(() => namedByFolder(folder), "Its folder"))),
  ].sort();
  if (files.length === 0) throw new UnknownMlxModel("Its folder has no safetensors files.");
  if (files.length > MOST_FILES) throw new UnknownMlxModel("It has too many safetensors files.");
  return files;
}

async function namedByIndex(folder: string): Promise<readonly string[] | undefined> {
  try {
    return indexed(await readJson(join(folder, INDEX), "The index of its safetensors files", MOST_INDEX_BYTES));
  } catch (error) {
    if (error instanceof MissingFile) return undefined;
    throw error;
  }
}

async function namedByFolder(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const { name } of await opendir(folder)) {
    seen += 1;
    if (seen > MOST_ENTRIES) throw new UnknownMlxModel("Its folder has too many files.");
    if (name.endsWith(".safetensors")) names.push(name);
  }
  const usual = names.filter((name) => name.startsWith("model"));
  return usual.length > 0 ? usual : names;
}

function indexed(index: unknown): readonly string[] {
  const map: unknown = (index as { weight_map?: unknown } | null)?.weight_map;
  const names = typeof map === "object" && map !== null ? Object.values(map) : [];
  // Files lie beside the index; anything else is not its own.
  if (names.every((name): name is string => typeof name === "string" && /^[\w.-]{1,200}\.safetensors$/.test(name))) {
    return names;
  }
  throw new UnknownMlxModel("The index of its safetensors files is damaged.");
}

async function readHeader(path: string, name: string): Promise<readonly MlxTensor[]> {
  return readPart(async () => {
    const file = await openFileSource(path);
    try {
      const length = headerLength(await file.read(0, LENGTH_BYTES));
      if (length > file.size - LENGTH_BYTES) return parseHeader(new Uint8Array(), length);
      return parseHeader(await file.read(LENGTH_BYTES, length), length);
    } finally {
      await file.close();
    }
  }, name);
}
