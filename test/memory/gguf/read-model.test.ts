import { describe, expect, it } from "vitest";
import type { MetadataValue, TensorInfo } from "../../../src/memory/metadata";
import { memorySource } from "./memory-source";
import { readGgufModel, type ReadGgufModelOptions } from "../../../src/memory/gguf/read-model";
import { writeGguf } from "../../stand-ins/gguf-writer";
import { SMALL_MODEL, SMALL_TYPES } from "./samples";

interface Part {
  readonly no: MetadataValue;
  readonly count?: MetadataValue;
  readonly total?: number;
  readonly tensors: readonly TensorInfo[];
}

function part({ no, count = 3, total = 3, tensors }: Part): Uint8Array {
  const keys: [string, MetadataValue][] = [
    ["split.no", no],
    ["split.count", count],
    ["split.tensors.count", total],
  ];
  const first: [string, MetadataValue][] = [
    ["general.architecture", "llama"],
    ["llama.block_count", 3],
    ["llama.context_length", 4096],
    ["llama.embedding_length", 64],
    ["tokenizer.ggml.tokens", { omitted: true, length: 5 }],
  ];
  return writeGguf({ values: new Map(no === 0 ? [...first, ...keys] : keys), tensors }).header;
}

const tensor = (i: number): TensorInfo => ({ name: `blk.${i}.ffn_up.weight`, shape: [64, 8], type: "F16" });
const name = (i: number) => `big-0000${i + 1}-of-00003.gguf`;
const parts = [0, 1, 2].map((no) => part({ no, tensors: [tensor(no)] }));

/** Reads part `given`, the others being found under their names; says what was opened and closed. */
async function readParts(given: number, files: readonly Uint8Array[], options: ReadGgufModelOptions = {}) {
  const opened: string[] = [];
  let open = 0;
  const model = await readGgufModel(memorySource(files[given]!), {
    fileName: name(given),
    openSibling: async (fileName) => {
      opened.push(fileName);
      open++;
      const bytes = files[[0, 1, 2].findIndex((i) => name(i) === fileName)]!;
      return { ...memorySource(bytes), close: async () => void open-- };
    },
    ...options,
  });
  expect(open).toBe(0);
  return { model, opened };
}

describe("a model", () => {
  it("of one file", async () => {
    const model = await readGgufModel(memorySource(writeGguf(SMALL_MODEL, { types: SMALL_TYPES }).header));
    expect(model.metadata.tensors).toEqual(SMALL_MODEL.tensors);
    expect(model.parts).toHaveLength(1);
  });

  it("split in three is put together from any of its parts", async () => {
    for (const given of [0, 1, 2]) {
      const { model, opened } = await readParts(given, parts);
      expect(model.metadata.values.get("general.architecture")).toBe("llama");
      expect(model.metadata.tensors).toEqual([tensor(0), tensor(1), tensor(2)]);
      expect(model.parts.map(({ split }) => split?.no)).toEqual([0, 1, 2]);
      expect(opened).toEqual([0, 1, 2].filter((i) => i !== given).map(name));
    }
  });

  it("split in three has all its keys in the first part", async () => {
    // The keys that say so stand behind the tokenizer, as a rule: then the file is not known to be split at all.
    const { model } = await readParts(0, parts, { tensors: false });
    expect(model.metadata.values.get("llama.block_count")).toBe(3);
    const fromSecond = await readParts(1, parts, { tensors: false });
    expect(fromSecond.opened).toEqual([name(0)]);
    expect(fromSecond.model.metadata.values.get("llama.block_count")).toBe(3);
  });

  it("that says it has one part is not split", async () => {
    const alone = part({ no: 0, count: 1, tensors: [tensor(0)] });
    expect((await readGgufModel(memorySource(alone))).metadata.tensors).toEqual([tensor(0)]);
  });

  it.each<[string, number, readonly Uint8Array[], ReadGgufModelOptions?]>([
    ["no name to go by", 0, parts, { fileName: undefined }],
    ["a blob's name", 0, parts, { fileName: "sha256-0123" }],
    ["the name of another part", 0, parts, { fileName: name(1) }],
    ["nobody to open the others", 0, parts, { openSibling: undefined }],
    ["a part twice", 0, [parts[0]!, parts[1]!, parts[1]!]],
    ["a part of another split", 0, [parts[0]!, part({ no: 1, count: 4, tensors: [] }), parts[2]!]],
    ["a file that is not split among the parts", 0, [parts[0]!, writeGguf(SMALL_MODEL).header, parts[2]!]],
    ["a tensor too few", 0, [parts[0]!, part({ no: 1, tensors: [] }), parts[2]!]],
    ["65,535 parts", 0, [part({ no: 0, count: 65_535, tensors: [] })], { fileName: "b-00001-of-65535.gguf" }],
  ])("split, with %s, is refused", async (_, given, files, options) => {
    await expect(readParts(given, files, options)).rejects.toMatchObject({ name: "GgufError", fault: "split" });
  });

  it("that has a tensor in two parts is refused", async () => {
    const files = [parts[0]!, part({ no: 1, tensors: [tensor(0)] }), parts[2]!];
    await expect(readParts(0, files)).rejects.toMatchObject({ fault: "duplicate" });
  });

  it("that is damaged in one part names the damage, and closes what it opened", async () => {
    const files = [parts[0]!, parts[1]!.subarray(0, 50), parts[2]!];
    let open = 0;
    const reading = readGgufModel(memorySource(files[0]!), {
      fileName: name(0),
      openSibling: async () => {
        open++;
        return { ...memorySource(files[1]!), close: async () => void open-- };
      },
    });
    await expect(reading).rejects.toMatchObject({ fault: "truncated" });
    expect(open).toBe(0);
  });

  it("keeps to one limit over all its parts", async () => {
    const maxBytes = parts[0]!.length + parts[1]!.length + 50;
    await expect(readParts(0, parts, { maxBytes })).rejects.toMatchObject({ fault: "too-large" });
    expect((await readParts(0, parts, { maxBytes: maxBytes + 200 })).model.parts).toHaveLength(3);
  });
});
