import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gguf, GGMLQuantizationType, type GGUFTypedMetadata, serializeGgufMetadata } from "@huggingface/gguf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MetadataValue, ModelMetadata } from "../../../src/memory/metadata";
import { memorySource } from "./memory-source";
import { GgufType } from "../../../src/memory/gguf/metadata-values";
import { readGgufHeader } from "../../../src/memory/gguf/read-header";
import { TENSOR_TYPES } from "../../../src/memory/gguf/tensor-types";
import { writeGguf } from "../../stand-ins/gguf-writer";
import { anyModel, largeModel, SMALL_MODEL, SMALL_TYPES } from "./samples";

// The other reader knows files by their path only.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gguf-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What both readers make of the same bytes, in the same terms. */
async function bothRead(bytes: Uint8Array) {
  const path = join(folder, "model.gguf");
  await writeFile(path, bytes);
  const theirs = await gguf(path, { allowLocalFile: true, typedMetadata: true });
  const keys = Object.keys(theirs.typedMetadata).filter(
    (key) => !["version", "tensor_count", "kv_count"].includes(key),
  );
  const ours = await readGgufHeader(memorySource(bytes), { arrays: new Set(keys) });
  return {
    ours: {
      values: ours.metadata.values,
      tensors: ours.metadata.tensors,
      offsets: ours.layout?.tensorOffsets,
      dataOffset: ours.layout?.dataOffset,
    },
    theirs: {
      values: new Map(keys.map((key) => [key, inOurTerms(theirs.typedMetadata[key]!.value)])),
      tensors: theirs.tensorInfos.map(({ name, shape, dtype }) => ({
        name,
        shape: shape.map(Number),
        type: GGMLQuantizationType[dtype],
      })),
      offsets: theirs.tensorInfos.map(({ offset }) => Number(offset)),
      dataOffset: Number(theirs.tensorDataOffset),
    },
  };
}

/** They give every 64-bit number as bigint, we only those that need it. */
function inOurTerms(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOurTerms);
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

describe("beside @huggingface/gguf", () => {
  it.each([2, 3])("a file with every kind of value, version %i", async (version) => {
    const { ours, theirs } = await bothRead(writeGguf(SMALL_MODEL, { types: SMALL_TYPES, version }).header);
    expect(ours).toEqual(theirs);
  });

  it("any sound file", async () => {
    await fc.assert(
      fc.asyncProperty(anyModel, async (model) => {
        const { ours, theirs } = await bothRead(writeGguf(model).header);
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 60 },
    );
  });

  it("a file over several pages, its vocabulary decoded", async () => {
    const { ours, theirs } = await bothRead(writeGguf(largeModel(12_000, 8_000)).header);
    expect(ours).toEqual(theirs);
  });

  it("a header that the other library wrote", async () => {
    const typed = {
      version: { value: 3, type: GgufType.U32 },
      tensor_count: { value: 0n, type: GgufType.U64 },
      kv_count: { value: 9n, type: GgufType.U64 },
      "general.architecture": { value: "qwen3next", type: GgufType.STRING },
      "qwen3next.block_count": { value: 48, type: GgufType.U32 },
      "qwen3next.rope.freq_base": { value: 5_000_000, type: GgufType.F32 },
      "qwen3next.ssm.group_count": { value: 16, type: GgufType.U16 },
      "x.bool": { value: true, type: GgufType.BOOL },
      "x.list": { value: [1, -2, 3], type: GgufType.ARRAY, subType: GgufType.I32 },
      "x.texts": { value: ["a", "é", ""], type: GgufType.ARRAY, subType: GgufType.STRING },
      "x.large": { value: 2n ** 62n, type: GgufType.I64 },
      "x.double": { value: 0.1, type: GgufType.F64 },
    } as unknown as GGUFTypedMetadata;
    const { metadata, keyCount } = await readGgufHeader(memorySource(serializeGgufMetadata(typed)));
    const expected = Object.entries(typed)
      .slice(3)
      .map(([key, { value }]): [string, MetadataValue] => [key, value as MetadataValue]);
    expect(keyCount).toBe(9);
    expect([...metadata.values]).toEqual(expected);
  });

  it("the names and numbers of all tensor types", () => {
    for (const { id, name } of TENSOR_TYPES) expect(GGMLQuantizationType[id]).toBe(name);
    const theirs = Object.values(GGMLQuantizationType).filter((id) => typeof id === "number");
    expect(theirs.filter((id) => !TENSOR_TYPES.some((type) => type.id === id))).toEqual([]);
  });

  it("is stricter: what the other takes for whole when cut off is refused here", async () => {
    const model: ModelMetadata = SMALL_MODEL;
    const { header } = writeGguf(model, { types: SMALL_TYPES });
    await expect(readGgufHeader(memorySource(header.subarray(0, 1000)))).rejects.toMatchObject({ fault: "truncated" });
  });
});
