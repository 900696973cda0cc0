import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OllamaProblem } from "../../src/ollama/problems";
import {
  fromLines,
  readDescription,
  readInstalledModels,
  readLoadedModels,
  readParameters,
} from "../../src/ollama/wire";
import { cpuMs } from "../support/cpu-time";

/** The result, or undefined where a problem was thrown; any other error is a crash. */
function unlessProblem<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof OllamaProblem) return undefined;
    throw error;
  }
}

const json = fc.jsonValue({ maxDepth: 4 });
/** An object with the right names and mostly wrong values. */
const like = (sample: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(Object.fromEntries(Object.entries(sample).map(([key, good]) => [key, fc.oneof(good, json)])), {
    requiredKeys: [],
  });
const details = like({
  format: fc.constantFrom("gguf", "safetensors"),
  family: fc.string(),
  families: fc.constant(null),
  context_length: fc.integer(),
});

describe("the list of models", () => {
  const digest = "a".repeat(64);

  it("holds what every release says, and no more than was said", () => {
    const models = [{ name: "x:1", digest, size: 5, details: { format: "gguf", families: null, context_length: 0 } }];
    expect(readInstalledModels({ models })).toEqual([
      {
        name: "x:1",
        digest,
        sizeBytes: 5,
        format: "gguf",
        runner: "ggml",
        families: [],
        capabilities: [],
        cloud: false,
      },
    ]);
    expect(readInstalledModels({ models: null })).toEqual([]);
  });

  it.each([
    [{ format: "gguf", runner: "llamacpp" }, "llamacpp"],
    [{ format: "gguf", runner: " GGML " }, "ggml"],
    [{ format: "gguf", runner: "" }, "ggml"],
    [{ format: "gguf" }, "ggml"],
    [{ format: "safetensors" }, "mlx"],
    [{ format: "safetensors", runner: "MLX" }, "mlx"],
    [{ format: "gguf", runner: "vulkan" }, undefined],
    [{ format: "onnx" }, undefined],
    [{}, undefined],
  ])("knows what runs %j: %s", (details, runner) => {
    const [model] = readInstalledModels({ models: [{ name: "x:1", digest, details }] });
    expect(model?.runner).toBe(runner);
    const { runner: named, ...rest } = { runner: undefined, ...details };
    const [resident] = readLoadedModels({
      models: [{ name: "x:1", digest, size: 5, size_vram: 5, runner: named, details: rest }],
    });
    expect(resident?.runner).toBe(runner);
  });

  it.each([
    [{ name: "gpt-oss:120b-cloud" }, true],
    [{ name: "x:cloud" }, true],
    [{ name: "x:1", remote_host: "https://ollama.com:443" }, true],
    [{ name: "x:cloudy" }, false],
    [{ name: "my-cloud:8b" }, false],
    [{ name: "x:1", remote_host: "" }, false],
  ])("knows the cloud: %j is %s", (entry, cloud) =>
    expect(readInstalledModels({ models: [{ digest, ...entry }] })[0]?.cloud).toBe(cloud),
  );

  it("of something else than Ollama is a problem", () => {
    for (const answer of [undefined, null, 5, "models", [], {}, { models: {} }, { models: "none" }]) {
      for (const read of [readInstalledModels, readLoadedModels]) {
        expect(() => read(answer)).toThrow(expect.objectContaining({ kind: "not-ollama" }));
      }
    }
  });

  it("ends after 5,000 models", () => {
    const models = Array.from({ length: 6_000 }, (_, index) => ({ name: `x:${index}`, digest, size: 1, size_vram: 1 }));
    expect(readInstalledModels({ models })).toHaveLength(5_000);
    expect(readLoadedModels({ models })).toHaveLength(5_000);
  });

  it("describes no model of more than 65,536 tensors", () => {
    const answer = (count: number) => ({
      model_info: {},
      tensors: Array(count).fill({ name: "t", type: "F16", shape: [1] }),
    });
    expect(readDescription(answer(65_536), true).metadata.tensors).toHaveLength(65_536);
    expect(() => readDescription(answer(65_537), true)).toThrow("The model lists too many tensors.");
  });

  it("full of junk gives sound entries or a problem, never a crash", () => {
    const entry = like({
      name: fc.string({ minLength: 1 }),
      model: fc.string(),
      digest: fc.constant(digest),
      size: fc.double(),
      size_vram: fc.integer(),
      context_length: fc.integer(),
      details,
    });
    fc.assert(
      fc.property(fc.oneof(fc.record({ models: fc.array(fc.oneof(entry, json)) }), json), (answer) => {
        for (const model of unlessProblem(() => readInstalledModels(answer)) ?? []) {
          expect(model.name).not.toBe("");
          expect(Number.isSafeInteger(model.sizeBytes) && model.sizeBytes >= 0).toBe(true);
          if (model.trainedContext !== undefined) expect(model.trainedContext).toBeGreaterThan(0);
        }
        for (const model of unlessProblem(() => readLoadedModels(answer)) ?? []) {
          expect(model.name).not.toBe("");
          expect(Number.isSafeInteger(model.sizeBytes) && Number.isSafeInteger(model.vramBytes)).toBe(true);
        }
      }),
    );
  });

  it("of loaded models leaves out what could not be told from a spill", () => {
    const loaded = { name: "x:1", size: 5, size_vram: 3, digest, context_length: 0 };
    expect(readLoadedModels({ models: [loaded, { ...loaded }] })).toHaveLength(1);
    expect(readLoadedModels({ models: [loaded] })).toEqual([{ name: "x:1", digest, sizeBytes: 5, vramBytes: 3 }]);
    const { name, size } = loaded;
    expect(
      readLoadedModels({
        models: [
          { name, size },
          { name, size_vram: 3 },
          { size, size_vram: 3 },
        ],
      }),
    ).toEqual([]);
  });
});

describe("what show says of a model", () => {
  const info = { "general.architecture": "qwen3", "qwen3.block_count": 36 };

  it("keeps numbers, texts and arrays, and marks what was left out", () => {
    const { metadata, metadataSource } = readDescription(
      {
        model_info: { ...info, "qwen3.heads": [1, 2], "qwen3.pattern": null, "tokenizer.ggml.tokens": ["a", "b", "c"] },
        tensors: [{ name: "output.weight", type: "q4_K", shape: [4096, 8] }],
      },
      true,
    );
    expect(Object.fromEntries(metadata.values)).toEqual({
      ...info,
      "qwen3.heads": [1, 2],
      "qwen3.pattern": { omitted: true },
      "tokenizer.ggml.tokens": { omitted: true, length: 3 },
    });
    expect(metadata.tensors).toEqual([{ name: "output.weight", type: "Q4_K", shape: [4096, 8] }]);
    expect(metadataSource).toBe("show-verbose");
    expect(readDescription({ model_info: info }, false).metadataSource).toBe("show");
  });

  it("never shifts the elements of a damaged array to other layers", () => {
    const { metadata } = readDescription({ model_info: { "x.heads": [8, null, 4] } }, true);
    expect(metadata.values.get("x.heads")).toEqual({ omitted: true, length: 3 });
  });

  it.each([undefined, null, [], {}, { model_info: null }, { model_info: [] }, { model_info: "x" }])(
    "is a problem without metadata: %j",
    (answer) => expect(() => readDescription(answer, false)).toThrow(OllamaProblem),
  );

  it.each([
    [[{ name: "a", type: "F32" }]],
    [[{ name: "a", type: "F32", shape: [-1] }]],
    [[{ name: "a", type: "F32", shape: [0.5] }]],
    [[{ name: "a", shape: [1] }]],
    [[null]],
    [["a"]],
  ])("is a problem with a damaged tensor: %j", (tensors) =>
    expect(() => readDescription({ model_info: info, tensors }, false)).toThrow(OllamaProblem),
  );

  it("full of junk is a sound description or a problem, never a crash", () => {
    const answer = like({
      model_info: fc.dictionary(fc.string(), json),
      tensors: fc.array(like({ name: fc.string(), type: fc.string(), shape: fc.array(fc.integer()) })),
      parameters: fc.string(),
      modelfile: fc.string(),
      capabilities: fc.array(fc.string()),
      details,
    });
    fc.assert(
      fc.property(fc.oneof(answer, json), fc.boolean(), (shown, verbose) => {
        const description = unlessProblem(() => readDescription(shown, verbose));
        if (description === undefined) return;
        expect(description.capabilities.every((capability) => typeof capability === "string")).toBe(true);
        expect(
          description.metadata.tensors.every(({ shape }) =>
            shape.every((side) => Number.isSafeInteger(side) && side >= 0),
          ),
        ).toBe(true);
        expect([...description.metadata.values.values()].every((value) => value !== null && value !== undefined)).toBe(
          true,
        );
      }),
    );
  });
});

describe("the instructions of a Modelfile", () => {
  it("are its first lines: model, projectors, adapters, drafts", () => {
    expect(
      fromLines(
        '# Modelfile generated by "ollama show"\n# FROM qwen3:8b\n\nFROM /m/blobs/sha256-a\nADAPTER /m/l ora \n' +
          "FROM /m/blobs/sha256-b\r\nDRAFT /m/d\nTEMPLATE x\n",
      ),
    ).toEqual({ from: ["/m/blobs/sha256-a", "/m/blobs/sha256-b"], adapters: ["/m/l ora"], drafts: ["/m/d"] });
  });

  it("are not read out of a licence or a template", () => {
    expect(fromLines('FROM /a\nLICENSE """\nFROM the holder\nADAPTER /x\nDRAFT one\n"""\n')).toEqual({
      from: ["/a"],
      adapters: [],
      drafts: [],
    });
  });

  it.each(["FROM x", "FROM", "FROM x\r", " "])(
    "take time in proportion to their length, as of %j and spaces",
    async (start) => {
      const hostile = `${start}${" ".repeat(50_000)}x\n${start}${"\t".repeat(2_000)}\u2028x`;
      expect(await cpuMs(() => fromLines(hostile))).toBeLessThan(500);
    },
  );

  it("become a description whose parts the estimate does not cover", () => {
    const modelfile = "FROM /a\nFROM /p\nADAPTER /l\nDRAFT /d\n";
    expect(readDescription({ model_info: {}, modelfile }, false)).toMatchObject({
      projectors: [{ path: "/p" }],
      adapters: [{ path: "/l" }],
      drafts: ["/d"],
      weightsFile: "/a",
      modelfile,
    });
  });
});

describe("the parameters of a model", () => {
  it("are numbers as Go prints them", () => {
    const lines = [
      "num_ctx                        1.048576e+06",
      'stop                           "<|im_end|>"',
      "num_gpu 0",
    ];
    expect(readParameters(lines.join("\n"))).toEqual({ numCtx: 1_048_576, numGpu: 0, unreadable: [] });
    expect(readParameters("num_batch 64\ndraft_num_predict 3")).toEqual({
      numBatch: 64,
      draftNumPredict: 3,
      unreadable: [],
    });
    // Ollama loads it at 4096.
    expect(readParameters("num_ctx 4096.5")).toEqual({ numCtx: 4096, unreadable: [] });
    expect(readParameters("")).toEqual({ unreadable: [] });
  });

  it.each(['num_ctx "8192"', "num_ctx eight", "num_ctx 1e999", "num_ctx NaN"])(
    "that are no whole number are named: %s",
    (line) => expect(readParameters(line)).toEqual({ unreadable: ["num_ctx"] }),
  );

  it("of junk never crash, and no name of an object's own is taken for one", () => {
    expect(readParameters("constructor 1\n__proto__ 2\ntoString 3")).toEqual({ unreadable: [] });
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (lines) => {
        expect(Array.isArray(readParameters(lines).unreadable)).toBe(true);
      }),
    );
  });
});

describe("what people see of a server's words", () => {
  const entry = (name: string, more: object = {}) => ({ name, digest: "a".repeat(64), size: 1, ...more });

  it.each([
    "a\u0015\rid",
    "a\u001b[201~\rid",
    "a\u202eb",
    "a\nPARAMETER num_ctx 1",
    "a b",
    "a'$(id)'",
    "../x",
    "a".repeat(400),
  ])("is never the name %j, which Ollama itself would refuse", (name) => {
    const models = [entry(name), entry("fine:8b")];
    expect(readInstalledModels({ models }).map((model) => model.name)).toEqual(["fine:8b"]);
    const loaded = models.map((model) => ({ ...model, size_vram: 1 }));
    expect(readLoadedModels({ models: loaded }).map((model) => model.name)).toEqual(["fine:8b"]);
  });

  it("has no line breaks, no control characters and no end", () => {
    const details = { family: "qwen3\r\n\u001b[31mred", quantization_level: "Q".repeat(9_000), parent_model: "a\nb" };
    const [model] = readInstalledModels({ models: [entry("fine:8b", { details, capabilities: ["a\u0000b", 1] })] });
    expect(model).toMatchObject({ family: "qwen3 [31mred", capabilities: ["a b"] });
    expect(model?.quantization).toHaveLength(100);
    const hidden = "a\u200bb\u034fc\u3164d\ufe0fe\u{e0041}f\ud83d";
    const [other] = readInstalledModels({ models: [entry("fine:8b", { details: { family: hidden } })] });
    expect(other?.family).toBe("a b c d e f");
    expect(model).not.toHaveProperty("parentModel", expect.anything());
  });
});
