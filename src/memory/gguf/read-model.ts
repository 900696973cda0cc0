import type { MetadataValue, ModelMetadata, TensorInfo } from "../metadata";
import type { ByteSource } from "./byte-source";
import { abortable, GgufError } from "./gguf-error";
import { shownName } from "../shown-name";
import { MAX_HEADER_BYTES, MAX_PARTS, MAX_TENSORS } from "./limits";
import { type GgufHeader, type GgufSplit, readGgufHeader, type ReadGgufOptions } from "./read-header";

export interface ReadGgufModelOptions extends ReadGgufOptions {
  /** Name of the file without its folder: needed to find the other parts of a split model. */
  readonly fileName?: string;
  /** Opens another file of the same folder. It is closed here. */
  readonly openSibling?: (fileName: string, signal?: AbortSignal) => Promise<ByteSource>;
}

/** A model out of one GGUF file, or out of all parts of a split one. */
export interface GgufModel {
  /** Keys of the first part, tensors of all parts in order. */
  readonly metadata: ModelMetadata;
  /** Headers of the parts that were read, in order; a model that is not split has one. */
  readonly parts: readonly GgufHeader[];
}

/**
 * Reads a GGUF model; given any part of a split one, the others are opened through `openSibling`.
 * Without tensors only the first part is read, which has all keys.
 *
 * @throws GgufError always and only; "split" if parts can't be found or do not belong together
 */
export async function readGgufModel(source: ByteSource, options: ReadGgufModelOptions = {}): Promise<GgufModel> {
  const given = await readGgufHeader(source, options);
  const { split } = given;
  if (!split) return { metadata: given.metadata, parts: [given] };

  let bytesLeft = (options.maxBytes ?? MAX_HEADER_BYTES) - given.bytesRead;
  const headers: GgufHeader[] = [];
  for (let no = 0; no < (options.tensors === false ? 1 : split.count); no++) {
    if (no === split.no) {
      headers.push(given);
      continue;
    }
    const header = await readSibling(siblingName(options.fileName, split, no), { ...options, maxBytes: bytesLeft });
    bytesLeft -= header.bytesRead;
    headers.push(header);
  }
  return combineParts(headers, split);
}

/**
 * Name of part `no` (from 0 on) beside a file named as llama.cpp's split tool does: `model-00001-of-00003.gguf`.
 *
 * @throws GgufError "split" if the file is not named so
 */
function siblingName(fileName: string | undefined, split: GgufSplit, no: number): string {
  if (split.count > MAX_PARTS)
    throw new GgufError("split", `The file claims to be one of ${split.count} parts, more than can be read.`);
  const ending = (part: number) => `-${fiveDigits(part + 1)}-of-${fiveDigits(split.count)}.gguf`;
  if (fileName?.endsWith(ending(split.no)) !== true)
    throw new GgufError(
      "split",
      `The file is part ${split.no + 1} of a model split into ${split.count}, but isn't named so the others can be found.`,
    );
  return fileName.slice(0, -ending(split.no).length) + ending(no);
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, "0");
}

async function readSibling(fileName: string, options: ReadGgufModelOptions): Promise<GgufHeader> {
  const { openSibling, signal } = options;
  if (!openSibling)
    throw new GgufError("split", `The model is split over several files; ${shownName(fileName)} is needed, too.`);
  const source = await abortable(openSibling(fileName, signal), signal, "read-failed");
  try {
    return await readGgufHeader(source, options);
  } finally {
    await source.close?.();
  }
}

function combineParts(parts: readonly GgufHeader[], split: GgufSplit): GgufModel {
  const values: ReadonlyMap<string, MetadataValue> = parts[0]?.metadata.values ?? new Map();
  const tensors: TensorInfo[] = [];
  const names = new Set<string>();
  for (const [no, part] of parts.entries()) {
    // Stopped at the tokenizer, a first part has not come to its split keys.
    const unsaid = part.stoppedEarly && part.split === undefined;
    if (!unsaid && (part.split?.no !== no || part.split.count !== split.count))
      throw new GgufError("split", `Part ${no + 1} of ${split.count} belongs to another model.`);
    for (const tensor of part.metadata.tensors) {
      if (names.has(tensor.name))
        throw new GgufError("duplicate", `Two parts of the model have the tensor ${shownName(tensor.name)}.`);
      names.add(tensor.name);
      tensors.push(tensor);
    }
    if (tensors.length > MAX_TENSORS) throw new GgufError("too-large", "The parts have too many tensors.");
  }
  const expected = parts[0]?.split?.tensorCount;
  if (expected !== undefined && parts.length === split.count && tensors.length !== expected)
    throw new GgufError("split", `The parts have ${tensors.length} tensors together, but should have ${expected}.`);
  return { metadata: { values, tensors }, parts };
}
