import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tensorBytes, tensorType, TENSOR_TYPES, tensorTypeName } from "../../../src/memory/gguf/tensor-types";

/** Bits per weight, from ggml's block layouts. */
const BITS: Readonly<Record<string, number>> = {
  Q1_0: 1.125,
  IQ1_S: 1.5625,
  TQ1_0: 1.6875,
  IQ1_M: 1.75,
  IQ2_XXS: 2.0625,
  TQ2_0: 2.0625,
  Q2_0: 2.25,
  IQ2_XS: 2.3125,
  IQ2_S: 2.5625,
  Q2_K: 2.625,
  IQ3_XXS: 3.0625,
  IQ3_S: 3.4375,
  Q3_K: 3.4375,
  IQ4_XS: 4.25,
  MXFP4: 4.25,
  Q4_0: 4.5,
  Q4_K: 4.5,
  IQ4_NL: 4.5,
  NVFP4: 4.5,
  Q4_1: 5,
  Q5_0: 5.5,
  Q5_K: 5.5,
  Q5_1: 6,
  Q6_K: 6.5625,
  Q8_0: 8.5,
  F16: 16,
  BF16: 16,
  F32: 32,
};

describe("tensor types", () => {
  it.each(Object.entries(BITS))("%s takes %d bits per weight", (name, bits) => {
    expect((tensorBytes(name, [2560, 3])! * 8) / (2560 * 3)).toBe(bits);
    expect(tensorBytes(name.toLowerCase(), [2560, 3])).toBe(tensorBytes(name, [2560, 3]));
  });

  it("have one name and one number each", () => {
    expect(new Set(TENSOR_TYPES.map(({ id }) => id)).size).toBe(TENSOR_TYPES.length);
    for (const type of TENSOR_TYPES) {
      expect(tensorTypeName(type.id)).toBe(type.name);
      expect(tensorType(type.name)).toBe(type);
    }
  });

  it("that are not known have no size", () => {
    expect(tensorTypeName(99)).toBe("type-99");
    expect(tensorTypeName(4)).toBe("type-4");
    for (const name of ["type-99", "unknown", "", "Q4_K_M", "__proto__", "constructor"])
      expect(tensorBytes(name, [256])).toBeUndefined();
  });

  it("have no size for an impossible shape", () => {
    for (const shape of [[0], [-32], [1.5], [NaN], [Infinity], [2 ** 53], [2 ** 32, 2 ** 32], [32, 0]])
      expect(tensorBytes("F32", shape)).toBeUndefined();
    expect(tensorBytes("Q4_K", [255])).toBeUndefined();
    expect(tensorBytes("Q4_K", [])).toBeUndefined();
    expect(tensorBytes("F32", [])).toBe(4);
    expect(tensorBytes("F32", [2 ** 51])).toBeUndefined();
  });

  it("have sizes that add up over rows", () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(fc.constantFrom(...TENSOR_TYPES), shape, ({ name, blockSize, bytesPerBlock }, [blocks, rows]) => {
        expect(tensorBytes(name, [blocks * blockSize, rows])).toBe(blocks * bytesPerBlock * rows);
      }),
    );
  });
});
