import { open } from "node:fs/promises";
import { isOmitted, type MetadataValue, type ModelMetadata } from "../../src/memory/metadata";
import { GgufType } from "../../src/memory/gguf/metadata-values";
import { tensorBytes, TENSOR_TYPES } from "../../src/memory/gguf/tensor-types";

export interface WriteGgufOptions {
  readonly version?: number;
  /** Tensor alignment to use; written as `general.alignment` only if the metadata has that key. Default 32. */
  readonly alignment?: number;
  /** Value types by key (element types for arrays), where the guess by value is not wanted. */
  readonly types?: Readonly<Record<string, GgufType>>;
}

export interface WrittenGguf {
  /** The header, padded to where the tensor data starts. */
  readonly header: Uint8Array;
  /** Bytes of the header without that padding. */
  readonly headerBytes: number;
  /** Where each tensor starts, from the end of `header` on. */
  readonly tensorOffsets: readonly number[];
  /** Size of the whole file with its tensor data. */
  readonly fileBytes: number;
}

/** Little-endian bytes that grow as they are written. */
export class ByteSink {
  private bytes = Buffer.alloc(4096);
  length = 0;

  u8(value: number): this {
    return this.put(1, (bytes, at) => bytes.writeUInt8(value, at));
  }
  u32(value: number): this {
    return this.put(4, (bytes, at) => bytes.writeUInt32LE(value, at));
  }
  u64(value: number | bigint): this {
    return this.put(8, (bytes, at) => bytes.writeBigUInt64LE(BigInt(value), at));
  }
  text(value: string): this {
    const length = Buffer.byteLength(value);
    return this.u64(length).put(length, (bytes, at) => bytes.write(value, at));
  }
  pad(alignment: number): this {
    return this.put((alignment - (this.length % alignment)) % alignment, () => undefined);
  }
  scalar(type: GgufType, value: string | number | bigint | boolean): this {
    switch (type) {
      case GgufType.STRING:
        return this.text(String(value));
      case GgufType.U8:
        return this.u8(Number(value));
      case GgufType.BOOL:
        return this.u8(value ? 1 : 0);
      case GgufType.I8:
        return this.put(1, (bytes, at) => bytes.writeInt8(Number(value), at));
      case GgufType.U16:
        return this.put(2, (bytes, at) => bytes.writeUInt16LE(Number(value), at));
      case GgufType.I16:
        return this.put(2, (bytes, at) => bytes.writeInt16LE(Number(value), at));
      case GgufType.U32:
        return this.u32(Number(value));
      case GgufType.I32:
        return this.put(4, (bytes, at) => bytes.writeInt32LE(Number(value), at));
      case GgufType.F32:
        return this.put(4, (bytes, at) => bytes.writeFloatLE(Number(value), at));
      case GgufType.U64:
        return this.u64(BigInt(value));
      case GgufType.I64:
        return this.put(8, (bytes, at) => bytes.writeBigInt64LE(BigInt(value), at));
      case GgufType.F64:
        return this.put(8, (bytes, at) => bytes.writeDoubleLE(Number(value), at));
      case GgufType.ARRAY:
        throw new Error("An array is no scalar");
    }
  }
  toBytes(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(0, this.length));
  }

  private put(length: number, write: (bytes: Buffer, at: number) => void): this {
    const at = this.length;
    this.length += length;
    if (this.length > this.bytes.length) {
      const larger = Buffer.alloc(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(larger);
      this.bytes = larger;
    }
    write(this.bytes, at);
    return this;
  }
}

/**
 * Writes a GGUF header. Whole numbers become u32 or i32, others f32, unless `types` says otherwise;
 * an omitted array becomes that many synthetic strings. Tensor types may be "type-99".
 */
export function writeGguf(metadata: ModelMetadata, options: WriteGgufOptions = {}): WrittenGguf {
  const { version = 3, alignment = 32, types = {} } = options;
  const sink = new ByteSink();
  sink.u32(0x46554747).u32(version).u64(metadata.tensors.length).u64(metadata.values.size);
  for (const [key, value] of metadata.values) writeKey(sink, key, value, types[key]);

  const tensorOffsets: number[] = [];
  let offset = 0;
  for (const { name, shape, type } of metadata.tensors) {
    sink.text(name).u32(shape.length);
    for (const dimension of shape) sink.u64(dimension);
    sink.u32(typeId(type)).u64(offset);
    tensorOffsets.push(offset);
    offset += Math.ceil((tensorBytes(type, shape) ?? 0) / alignment) * alignment;
  }
  const headerBytes = sink.length;
  sink.pad(alignment);
  return { header: sink.toBytes(), headerBytes, tensorOffsets, fileBytes: sink.length + offset };
}

const USUAL: WriteGgufOptions = {};
const made = new WeakMap<ModelMetadata, WrittenGguf>();

/** Writes a GGUF file whose tensor data is a hole: of full size, but taking up the header's space only. */
export async function writeSparseGguf(
  path: string,
  metadata: ModelMetadata,
  options: WriteGgufOptions = USUAL,
): Promise<WrittenGguf> {
  const written = options === USUAL ? ggufOf(metadata) : writeGguf(metadata, options);
  const file = await open(path, "w");
  try {
    await file.write(written.header);
    await file.truncate(written.fileBytes);
  } finally {
    await file.close();
  }
  return written;
}

/** {@link writeGguf} with nothing special. A thousand models of a stage are often of one file: its header is made once. */
export function ggufOf(metadata: ModelMetadata): WrittenGguf {
  const written = made.get(metadata) ?? writeGguf(metadata);
  made.set(metadata, written);
  return written;
}

function writeKey(sink: ByteSink, key: string, value: MetadataValue, asked: GgufType | undefined): void {
  sink.text(key);
  if (isOmitted(value)) {
    const length = value.length ?? 0;
    sink.u32(GgufType.ARRAY).u32(GgufType.STRING).u64(length);
    for (let i = 0; i < length; i++) sink.text(`tok${i}`);
  } else if (typeof value === "object") {
    const type = asked ?? guessedType(value);
    sink.u32(GgufType.ARRAY).u32(type).u64(value.length);
    for (const element of value) sink.scalar(type, element);
  } else {
    const type = asked ?? guessedType([value]);
    sink.u32(type).scalar(type, value);
  }
}

function guessedType(values: readonly (string | number | bigint | boolean)[]): GgufType {
  if (values.some((value) => typeof value === "string")) return GgufType.STRING;
  if (values.length > 0 && values.every((value) => typeof value === "boolean")) return GgufType.BOOL;
  const numbers = values.map(Number);
  const whole = values.every((value) => typeof value === "bigint" || Number.isSafeInteger(value));
  if (!whole || numbers.some((n) => Object.is(n, -0)))
    return numbers.every((n) => Math.fround(n) === n) ? GgufType.F32 : GgufType.F64;
  if (numbers.every((n) => n >= 0 && n < 2 ** 32)) return GgufType.U32;
  if (numbers.every((n) => n >= -(2 ** 31) && n < 2 ** 31)) return GgufType.I32;
  return numbers.some((n) => n < 0) ? GgufType.I64 : GgufType.U64;
}

function typeId(name: string): number {
  const known = TENSOR_TYPES.find((type) => type.name === name.toUpperCase());
  return known ? known.id : Number(name.replace("type-", ""));
}
