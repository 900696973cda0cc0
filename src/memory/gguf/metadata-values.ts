import type { MetadataArray, MetadataValue, OmittedArray } from "../metadata";
import { GgufError } from "./gguf-error";
import { shownName } from "../shown-name";
import type { HeaderCursor } from "./header-cursor";
import {
  MAX_ARRAY_DEPTH,
  MAX_ARRAY_LENGTH,
  MAX_DECODED_BYTES,
  MAX_NESTED_ARRAYS,
  MAX_TEXT_BYTES,
  MAX_UNASKED_NUMBERS,
  MAX_UNASKED_TEXTS,
} from "./limits";

/** Value types of GGUF keys, by their number in the file. */
export enum GgufType {
  U8 = 0,
  I8 = 1,
  U16 = 2,
  I16 = 3,
  U32 = 4,
  I32 = 5,
  F32 = 6,
  BOOL = 7,
  STRING = 8,
  ARRAY = 9,
  U64 = 10,
  I64 = 11,
  F64 = 12,
}

interface ScalarType {
  readonly bytes: number;
  read(cursor: HeaderCursor): number | bigint | boolean;
}

const SCALARS: Readonly<Partial<Record<number, ScalarType>>> = {
  [GgufType.U8]: { bytes: 1, read: (cursor) => cursor.u8() },
  [GgufType.I8]: { bytes: 1, read: (cursor) => cursor.i8() },
  [GgufType.U16]: { bytes: 2, read: (cursor) => cursor.u16() },
  [GgufType.I16]: { bytes: 2, read: (cursor) => cursor.i16() },
  [GgufType.U32]: { bytes: 4, read: (cursor) => cursor.u32() },
  [GgufType.I32]: { bytes: 4, read: (cursor) => cursor.i32() },
  [GgufType.F32]: { bytes: 4, read: (cursor) => cursor.f32() },
  [GgufType.BOOL]: { bytes: 1, read: (cursor) => cursor.u8() !== 0 },
  [GgufType.U64]: { bytes: 8, read: (cursor) => cursor.u64() },
  [GgufType.I64]: { bytes: 8, read: (cursor) => cursor.i64() },
  [GgufType.F64]: { bytes: 8, read: (cursor) => cursor.f64() },
};

/** What decoded values may still cost, over one whole file. */
export class DecodeBudget {
  private bytesLeft = MAX_DECODED_BYTES;
  private nestedArraysLeft = MAX_NESTED_ARRAYS;

  /** Takes `bytes` off the budget; false if they are more than what is left. */
  take(bytes: number): boolean {
    if (bytes > this.bytesLeft) return false;
    this.bytesLeft -= bytes;
    return true;
  }

  /** Counts an array inside an array; false if there were too many. */
  takeNestedArray(): boolean {
    return --this.nestedArraysLeft >= 0;
  }
}

/**
 * Reads the value behind a key and its type. Arrays come back decoded if `asked`, or if they are short and no part
 * of the tokenizer; otherwise they are skipped and come back as an {@link OmittedArray}, as does a text too long to keep.
 *
 * @throws GgufError "bad-type", "too-large", "truncated", or what the source throws
 */
export async function readValue(
  cursor: HeaderCursor,
  key: string,
  type: number,
  asked: boolean,
  budget: DecodeBudget,
): Promise<MetadataValue> {
  const scalar = SCALARS[type];
  if (scalar) {
    await cursor.require(scalar.bytes);
    return scalar.read(cursor);
  }
  if (type === GgufType.STRING) return (await readText(cursor, budget)) ?? { omitted: true };
  if (type === GgufType.ARRAY) return readArray(cursor, key, asked, budget);
  throw new GgufError("bad-type", `The key ${shownName(key)} has value type ${type}, which GGUF doesn't know.`);
}

async function readArray(
  cursor: HeaderCursor,
  key: string,
  asked: boolean,
  budget: DecodeBudget,
): Promise<MetadataArray | OmittedArray> {
  const { elementType, length } = await readArrayHead(cursor, key);
  const scalar = SCALARS[elementType];
  const shortEnough = length <= (scalar ? MAX_UNASKED_NUMBERS : MAX_UNASKED_TEXTS);
  if (!asked && (!shortEnough || key.startsWith("tokenizer."))) {
    await skipElements(cursor, key, elementType, length, budget, 1);
    return { omitted: true, length };
  }

  if (scalar) {
    if (!budget.take(length * 16)) {
      cursor.skip(length * scalar.bytes);
      return { omitted: true, length };
    }
    const numbers: (number | bigint | boolean)[] = [];
    while (numbers.length < length) {
      if (!cursor.has(scalar.bytes)) await cursor.require(scalar.bytes);
      numbers.push(scalar.read(cursor));
    }
    return numbers;
  }

  if (elementType === GgufType.STRING) {
    const texts: string[] = [];
    while (texts.length < length) {
      const text = await readText(cursor, budget);
      if (text === undefined) {
        await cursor.skipTexts(length - texts.length - 1);
        return { omitted: true, length };
      }
      texts.push(text);
    }
    return texts;
  }

  await skipElements(cursor, key, elementType, length, budget, 1);
  return { omitted: true, length };
}

async function readArrayHead(cursor: HeaderCursor, key: string): Promise<{ elementType: number; length: number }> {
  await cursor.require(12);
  const elementType = cursor.u32();
  const length = cursor.count();
  if (length > MAX_ARRAY_LENGTH)
    throw new GgufError("too-large", `The key ${shownName(key)} claims an array of ${length} elements.`);
  cursor.checkRemaining(length * leastBytes(key, elementType));
  return { elementType, length };
}

/** Bytes that an element of this type takes at the least. */
function leastBytes(key: string, elementType: number): number {
  const scalar = SCALARS[elementType];
  if (scalar) return scalar.bytes;
  if (elementType === GgufType.STRING) return 8;
  if (elementType === GgufType.ARRAY) return 12;
  throw new GgufError(
    "bad-type",
    `The key ${shownName(key)} is an array of value type ${elementType}, which GGUF doesn't know.`,
  );
}

async function skipElements(
  cursor: HeaderCursor,
  key: string,
  elementType: number,
  length: number,
  budget: DecodeBudget,
  depth: number,
): Promise<void> {
  const scalar = SCALARS[elementType];
  if (scalar) return cursor.skip(length * scalar.bytes);
  if (elementType === GgufType.STRING) return cursor.skipTexts(length);
  for (let i = 0; i < length; i++) {
    if (depth >= MAX_ARRAY_DEPTH || !budget.takeNestedArray())
      throw new GgufError("too-large", `The key ${shownName(key)} holds too many arrays inside arrays.`);
    const inner = await readArrayHead(cursor, key);
    await skipElements(cursor, key, inner.elementType, inner.length, budget, depth + 1);
  }
}

/** A string; skipped and undefined if it is too long to keep. */
async function readText(cursor: HeaderCursor, budget: DecodeBudget): Promise<string | undefined> {
  if (!cursor.has(8)) await cursor.require(8);
  const length = cursor.count();
  if (length > MAX_TEXT_BYTES || !budget.take(length + 16)) {
    cursor.skip(length);
    return undefined;
  }
  if (!cursor.has(length)) await cursor.require(length);
  return cursor.text(length);
}
