import type { MetadataValue, ModelMetadata } from "../metadata";
import type { ByteSource } from "./byte-source";
import { GgufError } from "./gguf-error";
import { shownName } from "../shown-name";
import { HeaderCursor } from "./header-cursor";
import { MAX_HEADER_BYTES, MAX_KEY_NAME_BYTES, MAX_KEYS, MAX_TENSORS } from "./limits";
import { DecodeBudget, readValue } from "./metadata-values";
import { readTensorInfos } from "./tensor-infos";

const MAGIC = 0x46554747; // "GGUF", little-endian
const DEFAULT_ALIGNMENT = 32;
/** Least bytes of a key (empty name, one-byte value) and of a tensor info (empty name, no dimension). */
const LEAST_KEY_BYTES = 13;
const LEAST_TENSOR_BYTES = 24;

export interface ReadGgufOptions {
  /**
   * Whether to read the tensor infos, which lie behind the tokenizer (default true). With false, reading stops at the
   * first `tokenizer.` key once {@link enough} is true: about one page instead of up to 16 MB.
   */
  readonly tensors?: boolean;
  /**
   * Whether the keys so far suffice; asked at each `tokenizer.` key. Writers put `general.*` and the architecture's keys
   * before the tokenizer, so the default asks for the architecture's block count, context length and embedding length.
   */
  readonly enough?: (values: ReadonlyMap<string, MetadataValue>) => boolean;
  /** Keys whose arrays to decode however long they are, up to the limits on memory. */
  readonly arrays?: ReadonlySet<string>;
  /** Most bytes to take from the source. */
  readonly maxBytes?: number;
  /** Bytes of the first read; later ones grow. */
  readonly pageBytes?: number;
  readonly signal?: AbortSignal;
}

/** Place of a file in a model that is split over several. */
export interface GgufSplit {
  /** From 0 on. */
  readonly no: number;
  readonly count: number;
  /** Tensors in all files together, if the file says it. */
  readonly tensorCount: number | undefined;
}

/** Where the tensor data lies in the file, in bytes. */
export interface GgufLayout {
  readonly alignment: number;
  /** File offset at which the tensor data starts. */
  readonly dataOffset: number;
  /** From `dataOffset` to the end of the last tensor; tensors of an unknown type count as empty. */
  readonly dataBytes: number;
  /** Start of each tensor of `metadata.tensors`, from `dataOffset`. */
  readonly tensorOffsets: readonly number[];
  /** Bytes of tensor data that the file is too short for (an unfinished download); undefined if its size is not known. */
  readonly missingBytes: number | undefined;
}

/** The header of one GGUF file. */
export interface GgufHeader {
  readonly version: number;
  /** What the header claims; `metadata.values` has fewer keys if reading stopped early. */
  readonly keyCount: number;
  readonly tensorCount: number;
  readonly metadata: ModelMetadata;
  /** Whether reading stopped at the tokenizer: keys behind it are not in `metadata`. */
  readonly stoppedEarly: boolean;
  readonly split: GgufSplit | undefined;
  /** Undefined if the tensor infos were not read. */
  readonly layout: GgufLayout | undefined;
  /** Size of the file, if the source knows it. */
  readonly fileBytes: number | undefined;
  /** Bytes that the source gave. */
  readonly bytesRead: number;
}

/**
 * Reads the header of one GGUF file of version 2 or 3, little-endian. Every length is checked against the size of the
 * file and an absolute cap before it is used, so time and memory are bounded on any input.
 * The file may be shorter than its tensors need: see {@link GgufLayout.missingBytes}.
 *
 * @throws GgufError always and only
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export async function readGgufHeader(source: ByteSource, options: ReadGgufOptions = {}): Promise<GgufHeader> {
  const { tensors: wantTensors = true, enough = hasMainKeys, arrays, maxBytes = MAX_HEADER_BYTES } = options;
  const cursor = new HeaderCursor(source, { maxBytes, pageBytes: options.pageBytes, signal: options.signal });
  const budget = new DecodeBudget();

  const { version, tensorCount, keyCount } = await readPreamble(cursor);
  const values = new Map<string, MetadataValue>();
  let stoppedEarly = false;
  for (let i = 0; i < keyCount; i++) {
    const key = await readKey(cursor, budget);
    if (!wantTensors && key.startsWith("tokenizer.") && enough(values)) {
      stoppedEarly = true;
      break;
    }
    if (values.has(key)) throw new GgufError("duplicate", `The file has the key ${shownName(key)} twice.`);
    await cursor.require(4);
    values.set(key, await readValue(cursor, key, cursor.u32(), arrays?.has(key) ?? false, budget));
  }

  await cursor.settle();

  let tensors: ModelMetadata["tensors"] = [];
  let layout: GgufLayout | undefined;
  if (wantTensors) {
    const alignment = alignmentOf(values);
    const infos = await readTensorInfos(cursor, tensorCount, alignment);
    tensors = infos.tensors;
    const dataOffset = Math.ceil(cursor.position / alignment) * alignment;
    layout = {
      alignment,
      dataOffset,
      dataBytes: infos.dataBytes,
      tensorOffsets: infos.offsets,
      missingBytes: source.size === undefined ? undefined : Math.max(0, dataOffset + infos.dataBytes - source.size),
    };
  }

  return {
    version,
    keyCount,
    tensorCount,
    metadata: { values, tensors },
    stoppedEarly,
    split: splitOf(values),
    layout,
    fileBytes: source.size,
    bytesRead: cursor.bytesRead,
  };
}

async function readPreamble(cursor: HeaderCursor): Promise<{ version: number; tensorCount: number; keyCount: number }> {
  await cursor.require(4);
  if (cursor.u32() !== MAGIC)
    throw new GgufError("not-gguf", `This isn't a GGUF file: it doesn't start with the letters "GGUF".`);
  await cursor.require(4);
  const version = cursor.u32();
  // A small number written big-endian has its lower half empty.
  if (version !== 0 && (version & 0xffff) === 0)
    throw new GgufError("big-endian", "This GGUF file was written for a big-endian machine; Macs can't run it.");
  if (version !== 2 && version !== 3)
    throw new GgufError("version", `This GGUF file has version ${version}; only versions 2 and 3 can be read.`);

  await cursor.require(16);
  const tensorCount = cursor.count();
  const keyCount = cursor.count();
  if (keyCount > MAX_KEYS) throw new GgufError("too-large", `The header claims ${keyCount} keys.`);
  if (tensorCount > MAX_TENSORS) throw new GgufError("too-large", `The header claims ${tensorCount} tensors.`);
  cursor.checkRemaining(keyCount * LEAST_KEY_BYTES + tensorCount * LEAST_TENSOR_BYTES);
  return { version, tensorCount, keyCount };
}

async function readKey(cursor: HeaderCursor, budget: DecodeBudget): Promise<string> {
  await cursor.require(8);
  const bytes = cursor.count();
  // 64 for the entry itself
  if (bytes > MAX_KEY_NAME_BYTES || !budget.take(bytes + 64))
    throw new GgufError("too-large", `A key of the header claims a name of ${bytes} bytes.`);
  await cursor.require(bytes);
  return cursor.text(bytes);
}

function hasMainKeys(values: ReadonlyMap<string, MetadataValue>): boolean {
  const architecture = values.get("general.architecture");
  return (
    typeof architecture === "string" &&
    ["block_count", "context_length", "embedding_length"].every((key) => values.has(`${architecture}.${key}`))
  );
}

function alignmentOf(values: ReadonlyMap<string, MetadataValue>): number {
  const alignment = values.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || alignment < 1 || !Number.isInteger(Math.log2(alignment)))
    throw new GgufError("bad-alignment", "The file claims an impossible alignment of its tensors.");
  return alignment;
}

function splitOf(values: ReadonlyMap<string, MetadataValue>): GgufSplit | undefined {
  const count = values.get("split.count") ?? 0;
  if (count === 0 || count === 1) return undefined;
  const no = values.get("split.no");
  const tensorCount = values.get("split.tensors.count");
  if (!isCount(count) || !isCount(no) || no >= count || !(tensorCount === undefined || isCount(tensorCount)))
    throw new GgufError("split", "The file is one part of a split model, but doesn't say clearly which one.");
  return { no, count, tensorCount };
}

function isCount(value: MetadataValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
