import { parseBoundedJson } from "./bounded-json";
import { UnknownMlxModel } from "./config";
import type { MlxTensor } from "./files";
import { isObject } from "../json-object";

/** Far above real headers: the longest known have some hundred kilobytes. */
export const MAX_HEADER_BYTES = 8 * 1024 * 1024;
export const MAX_TENSORS = 65_536;
const MAX_NAME = 512;
const MAX_SIDES = 8;
/** Values in the JSON of so many tensors. */
const MAX_PARTS = 12 * MAX_TENSORS;

/** The header's length comes first. */
export const LENGTH_BYTES = 8;

/** Bits of an element of each type that safetensors knows; of others only the bytes in the file are known. */
const TYPE_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  U16: 16,
  I16: 16,
  F16: 16,
  BF16: 16,
  U32: 32,
  I32: 32,
  F32: 32,
  U64: 64,
  I64: 64,
  F64: 64,
};

/**
 * Length of the header by the first eight bytes of a safetensors file.
 *
 * @throws UnknownMlxModel where there are fewer, or the header is empty or larger than {@link MAX_HEADER_BYTES}
 */
export function headerLength(start: Uint8Array): number {
  if (start.length < LENGTH_BYTES) throw cutOff();
  const length = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length === 0n) throw damaged();
  if (length > BigInt(MAX_HEADER_BYTES)) throw new UnknownMlxModel("The header of its safetensors file is too large.");
  return Number(length);
}

/**
 * The tensors that a header of `length` bytes lists; data isn't looked at, and need not be there.
 *
 * @throws UnknownMlxModel for a header that is cut off, no JSON, absurdly long, or contradicts itself
 */
export function parseHeader(header: Uint8Array, length: number): readonly MlxTensor[] {
  if (header.length < length) throw cutOff();
  const parsed = parseBoundedJson(header, MAX_PARTS)?.json;
  if (!isObject(parsed)) throw damaged();
  const entries = Object.entries(parsed).filter(([name]) => name !== "__metadata__");
  if (entries.length > MAX_TENSORS) throw tooMany();
  return entries.map(([name, entry]) => tensorOf(name, entry));
}

function tensorOf(name: string, entry: unknown): MlxTensor {
  if (!isObject(entry)) throw damaged();
  const { dtype, shape, data_offsets: offsets } = entry;
  if (name.length > MAX_NAME || typeof dtype !== "string" || dtype.length > MAX_NAME) throw damaged();
  if (!isSizes(shape) || shape.length > MAX_SIDES || !isSizes(offsets)) throw damaged();
  const [begin, end] = offsets;
  if (offsets.length !== 2 || begin === undefined || end === undefined || end < begin) throw damaged();
  const bits = Object.hasOwn(TYPE_BITS, dtype) ? TYPE_BITS[dtype] : undefined;
  const bytes = end - begin;
  if (bits !== undefined && shape.reduce((product, side) => product * side, bits) !== bytes * 8) throw damaged();
  return { name, type: dtype, shape, bytes };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

const damaged = () => new UnknownMlxModel("The header of its safetensors file is damaged.");
const cutOff = () => new UnknownMlxModel("Its safetensors file is cut off in its header.");
const tooMany = () => new UnknownMlxModel("Its safetensors file lists too many tensors.");
