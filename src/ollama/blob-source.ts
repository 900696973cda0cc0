import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ByteSource } from "../memory/gguf/byte-source";
import { abortable, asGgufError, GgufError, type GgufFault } from "../memory/gguf/gguf-error";
import type { ReadGgufOptions } from "../memory/gguf/read-header";
import { type GgufModel, readGgufModel } from "../memory/gguf/read-model";

/** A local file as a byte source; whoever opened it closes it. */
export interface FileSource extends ByteSource {
  readonly size: number;
  close(): Promise<void>;
}

const FAULTS: Readonly<Partial<Record<string, [GgufFault, string]>>> = {
  ENOENT: ["not-found", "There's no such file."],
  ENOTDIR: ["not-found", "There's no such file."],
  EACCES: ["no-permission", "You don't have permission to read the file."],
  EPERM: ["no-permission", "You don't have permission to read the file."],
  ELOOP: ["not-found", "The file is a link that leads nowhere."],
  ENAMETOOLONG: ["not-found", "There's no such file."],
};

/**
 * Opens a local file, such as an Ollama blob.
 *
 * @throws GgufError "not-found", "no-permission", "not-a-file" (a folder, a pipe, a device) or "read-failed"
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK opening a named pipe waits for a writer, for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) throw new GgufError("not-a-file", "This isn't a file but a folder, a pipe or a device.");
    return fileSource(file, stat.size);
  } catch (error) {
    await file?.close().catch(() => undefined);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const known = FAULTS[code];
    throw known ? new GgufError(known[0], known[1], { cause: error }) : asGgufError(error, "read-failed");
  }
}

function fileSource(file: FileHandle, size: number): FileSource {
  return {
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
    // Nothing was written: a failing close loses nothing.
    close: () => file.close().catch(() => undefined),
  };
}

/**
 * Reads a GGUF model from a local file; the other parts of a split model are looked for beside it.
 *
 * @throws GgufError always and only
 */
export async function readModelFile(path: string, options: ReadGgufOptions = {}): Promise<GgufModel> {
  const { signal } = options;
  const source = await openAbortable(path, signal);
  try {
    return await readGgufModel(source, {
      ...options,
      fileName: basename(path),
      openSibling: (name) => openAbortable(join(dirname(path), name), signal),
    });
  } finally {
    await source.close();
  }
}

async function openAbortable(path: string, signal: AbortSignal | undefined): Promise<FileSource> {
  const opening = openFileSource(path);
  try {
    return await abortable(opening, signal, "read-failed");
  } catch (error) {
    // An open that succeeds after all must not leak its handle.
    opening.then(
      (late) => late.close(),
      () => undefined,
    );
    throw error;
  }
}
