import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { UnknownMlxModel } from "../memory/mlx/config";
import type { MlxTensor } from "../memory/mlx/files";
import { headerLength, LENGTH_BYTES, MAX_TENSORS, parseHeader } from "../memory/mlx/safetensors-header";
import { openFileSource } from "./blob-source";
import { MissingFile, type MlxReading, readingOf, readJson, readPart } from "./mlx-reading";
import { isObject } from "../memory/json-object";

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
    const config = await readConfig(folder);
    const tensors: MlxTensor[] = [];
    for (const name of await weightFiles(folder)) {
      tensors.push(...(await readHeader(join(folder, name), name)));
      if (tensors.length > MAX_TENSORS) throw new UnknownMlxModel("It lists too many tensors.");
    }
    return { config, tensors };
  });
}

async function readConfig(folder: string): Promise<unknown> {
  try {
    return await readJson(join(folder, CONFIG), `Its ${CONFIG}`);
  } catch (error) {
    const isGguf = error instanceof MissingFile && (await filesIn(folder, ".gguf").catch(() => [])).length > 0;
    throw isGguf ? new UnknownMlxModel("It's a folder of GGUF files, which MLX doesn't run.") : error;
  }
}

/** The files that the index names; without an index those that mlx-lm would load, or all there are. */
async function weightFiles(folder: string): Promise<readonly string[]> {
  const files = [
    ...new Set((await namedByIndex(folder)) ?? (await readPart(() => namedByFolder(folder), "Its folder"))),
  ].sort();
  if (files.length === 0) throw new UnknownMlxModel("Its folder has no safetensors files.");
  if (files.length > MOST_FILES) throw new UnknownMlxModel("It has too many safetensors files.");
  const missing = missingPart(files);
  if (missing !== undefined) throw new UnknownMlxModel(`${missing} isn't there.`);
  return files;
}

/** `model-00002-of-00003.safetensors`: a part says how many there are, so that one that wasn't fetched is missed. */
const PART = /^(.{0,200}-)(\d{5})-of-(\d{5})\.safetensors$/;

function missingPart(files: readonly string[]): string | undefined {
  const there = new Set(files);
  for (const file of files) {
    const [, name = "", , parts = ""] = PART.exec(file) ?? [];
    for (let part = 1; part <= Math.min(Number(parts), MOST_FILES); part += 1) {
      const sibling = `${name}${String(part).padStart(5, "0")}-of-${parts}.safetensors`;
      if (!there.has(sibling)) return sibling;
    }
  }
  return undefined;
}

async function namedByIndex(folder: string): Promise<readonly string[] | undefined> {
  try {
    return indexed(await readJson(join(folder, INDEX), "The index of its safetensors files", MOST_INDEX_BYTES));
  } catch (error) {
    if (error instanceof MissingFile) return undefined;
    throw error;
  }
}

async function filesIn(folder: string, ending: string): Promise<readonly string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const { name } of await opendir(folder)) {
    seen += 1;
    if (seen > MOST_ENTRIES) throw new UnknownMlxModel("Its folder has too many files.");
    if (name.endsWith(ending)) names.push(name);
  }
  return names;
}

async function namedByFolder(folder: string): Promise<readonly string[]> {
  const names = await filesIn(folder, ".safetensors");
  const usual = names.filter((name) => name.startsWith("model"));
  return usual.length > 0 ? usual : names;
}

function indexed(index: unknown): readonly string[] {
  const map = isObject(index) ? index["weight_map"] : undefined;
  const names = isObject(map) ? Object.values(map) : [];
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
