import { asGgufError } from "../memory/gguf/gguf-error";
import { parseBoundedJson } from "../memory/mlx/bounded-json";
import { UnknownMlxModel } from "../memory/mlx/config";
import type { MlxFiles } from "../memory/mlx/files";
import { openFileSource } from "./blob-source";

/** What was read of an MLX model, or why it isn't known, as a sentence for people. */
export type MlxReading =
  | { readonly kind: "read"; readonly files: MlxFiles; readonly cautions: readonly string[] }
  | { readonly kind: "unknown"; readonly reason: string };

/** Runs a reader; what it throws about the model is why it isn't known. */
export async function readingOf(read: () => Promise<MlxFiles>): Promise<MlxReading> {
  try {
    return { kind: "read", files: await read(), cautions: [] };
  } catch (error) {
    if (error instanceof UnknownMlxModel) return { kind: "unknown", reason: error.message };
    throw error;
  }
}

/** A file of a model that isn't there: another place may have it. */
export class MissingFile extends UnknownMlxModel {}

/** Real ones have up to 250 kB (a manifest) and 100 kB (a config.json that names the bits of every tensor). */
const MOST_JSON_BYTES = 4 * 1024 * 1024;
const MOST_JSON_PARTS = 400_000;

/**
 * A small JSON file.
 *
 * @param what names it in a sentence
 * @throws UnknownMlxModel where it can't be read, is too large or isn't JSON; MissingFile where it isn't there
 */
export async function readJson(path: string, what: string, mostBytes = MOST_JSON_BYTES): Promise<unknown> {
  const bytes = await readPart(() => wholeFile(path, mostBytes, what), what);
  const parsed = parseBoundedJson(bytes, MOST_JSON_PARTS);
  if (parsed === undefined) throw new UnknownMlxModel(`${what} isn't usable JSON.`);
  return parsed.json;
}

async function wholeFile(path: string, mostBytes: number, what: string): Promise<Uint8Array> {
  const file = await openFileSource(path);
  try {
    if (file.size > mostBytes) throw new UnknownMlxModel(`${what} is too large to be one.`);
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** Bytes that a reader gets; what goes wrong with the file is why the model isn't known. */
export async function readPart<T>(read: () => Promise<T>, what: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnknownMlxModel) throw error;
    const { fault, message } = asGgufError(error, "read-failed");
    throw fault === "not-found"
      ? new MissingFile(`${what} isn't there.`)
      : new UnknownMlxModel(`${what} can't be read. ${message}`);
  }
}
