import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UnknownMlxModel } from "../../../src/memory/mlx/config";
import { headerLength, MAX_HEADER_BYTES, parseHeader } from "../../../src/memory/mlx/safetensors-header";
import { safetensorsHeader } from "./folder";
import { oracleModel } from "./oracle";

const { tensors } = oracleModel("qwen3.8-27b-nvfp4").files;
const file = safetensorsHeader(tensors);

/** The tensors of a file, as a reader asks for them: its length first, then so many bytes. */
function read(bytes: Uint8Array) {
  const length = headerLength(bytes.subarray(0, 8));
  return parseHeader(bytes.subarray(8, 8 + length), length);
}

function reasonOf(bytes: Uint8Array): string {
  try {
    read(bytes);
    return "read";
  } catch (error) {
    if (!(error instanceof UnknownMlxModel)) throw error;
    return error.message;
  }
}

const ofJson = (json: unknown) => withLength(Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));
function withLength(header: Uint8Array, length = BigInt(header.length)): Uint8Array {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length);
  return Buffer.concat([start, header]);
}

describe("a safetensors header", () => {
  it("gives names, types, shapes and bytes of all tensors, and no metadata", () => {
    expect(read(file)).toEqual(tensors);
    expect(read(ofJson({ __metadata__: {} }))).toEqual([]);
  });

  it("cut at any byte says so", () => {
    for (let end = 0; end < file.length; end += end < 4000 ? 1 : 4001) {
      expect(reasonOf(file.subarray(0, end))).toBe("Its safetensors file is cut off in its header.");
    }
  });

  it("says so whatever byte is wrong, or is read as something else", () => {
    const small = safetensorsHeader(tensors.slice(0, 3));
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(small);
        changed[at] = byte;
        expect(reasonOf(changed)).toMatch(/^(read|The header of its .*\.|Its safetensors file .*\.)$/);
      }),
    );
  });

  it("of an absurd length isn't asked for", () => {
    const tooLarge = "The header of its safetensors file is too large.";
    expect(reasonOf(withLength(file, BigInt(MAX_HEADER_BYTES) + 1n))).toBe(tooLarge);
    expect(reasonOf(withLength(file, 2n ** 64n - 1n))).toBe(tooLarge);
    expect(reasonOf(withLength(file, 0n))).toBe("The header of its safetensors file is damaged.");
  });

  it.each([
    ["no object", []],
    ["no JSON", "{"],
    ["a tensor that is null", { a: null }],
    ["a tensor that is a number", { a: 1 }],
    ["no type", { a: { shape: [1], data_offsets: [0, 2] } }],
    ["a shape of texts", { a: { dtype: "BF16", shape: ["1"], data_offsets: [0, 2] } }],
    ["a side that is no number", '{"a":{"dtype":"BF16","shape":[1e999],"data_offsets":[0,2]}}'],
    ["a negative side", { a: { dtype: "BF16", shape: [-1], data_offsets: [0, 2] } }],
    ["too many sides", { a: { dtype: "BF16", shape: new Array(9).fill(1), data_offsets: [0, 2] } }],
    ["one offset", { a: { dtype: "BF16", shape: [1], data_offsets: [2] } }],
    ["offsets that run back", { a: { dtype: "X", shape: [1], data_offsets: [2, 0] } }],
    ["a huge offset", { a: { dtype: "X", shape: [1], data_offsets: [0, 2 ** 60] } }],
    ["bytes that aren't those of its shape", { a: { dtype: "BF16", shape: [3], data_offsets: [0, 4] } }],
    ["sides whose product overflows", { a: { dtype: "U8", shape: [2 ** 52, 2 ** 52], data_offsets: [0, 4] } }],
  ])("with %s is damaged", (_, json) => {
    expect(reasonOf(ofJson(json))).toBe("The header of its safetensors file is damaged.");
  });

  it("of a type it doesn't know counts the bytes in the file", () => {
    expect(read(ofJson({ a: { dtype: "F4", shape: [3], data_offsets: [4, 6] } }))).toEqual([
      { name: "a", type: "F4", shape: [3], bytes: 2 },
    ]);
  });

  it("of brackets alone isn't turned into millions of values", () => {
    expect(reasonOf(ofJson(`[${"[],".repeat(1_000_000)}1]`))).toBe("The header of its safetensors file is damaged.");
    const many = Object.fromEntries(
      Array.from({ length: 70_000 }, (_, index) => [index, { dtype: "U8", shape: [], data_offsets: [0, 1] }]),
    );
    expect(reasonOf(ofJson(many))).toBe("Its safetensors file lists too many tensors.");
  });
});
