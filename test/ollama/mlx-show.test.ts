import { describe, expect, it } from "vitest";
import { estimateMlx, openMlxModel } from "../../src/memory/mlx/estimate";
import type { MlxFiles, MlxTensor } from "../../src/memory/mlx/files";
import type { MetadataValue } from "../../src/memory/metadata";
import { readMlxShow, type ShownMlxModel } from "../../src/ollama/mlx-show";
import { readDescription } from "../../src/ollama/wire";
import { oracleModel } from "../memory/mlx/oracle";

type Json = Readonly<Record<string, unknown>>;

/** The answer to verbose show for a model of an oracle, as Ollama's x/server/show.go makes it. */
function shown({ config, tensors }: MlxFiles): Json {
  const json = config as Json;
  const type = String(json["model_type"]);
  const text = (json["text_config"] ?? {}) as Json;
  const info: Record<string, unknown> = {
    "general.architecture": type,
    "general.parameter_count": 27_000_000_000,
    [`${type}.context_length`]: text["max_position_embeddings"] ?? json["max_position_embeddings"],
    [`${type}.embedding_length`]: text["hidden_size"] ?? json["hidden_size"],
    [`${type}.block_count`]: text["num_hidden_layers"] ?? json["num_hidden_layers"],
    // These only come from the top of config.json.
    [`${type}.attention.head_count`]: json["num_attention_heads"],
    [`${type}.attention.head_count_kv`]: json["num_key_value_heads"],
  };
  return {
    model_info: JSON.parse(JSON.stringify(info)) as Json,
    tensors: unpacked(tensors, json["quantization"] as Json),
  };
}

/** Without scales, and with the shapes that packed weights stand for. */
function unpacked(tensors: readonly MlxTensor[], quantization: Json): readonly Json[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return tensors.flatMap(({ name, type, shape = [] }) => {
    if (/\.(?:scales|biases)$/.test(name)) return [];
    const base = name.replace(/\.weight$/, "");
    const scales = byName.get(`${base}.scales`)?.shape;
    const own = (quantization[base] ?? quantization) as Json;
    const columns = scales && Number(scales.at(-1)) * Number(own["group_size"]);
    return [
      { name, type: columns === undefined ? type : "nvfp4", shape: columns ? [...shape.slice(0, -1), columns] : shape },
    ];
  });
}

const WEIGHTS = 20_000_000_000;

function read(files: MlxFiles, change: (answer: Json) => Json = (answer) => answer) {
  const { metadata } = readDescription(change(shown(files)), true);
  return readMlxShow({ metadata, sizeBytes: WEIGHTS });
}

describe("a model on another Mac", () => {
  it.each([
    ["llama3.1-8b-4bit", 0],
    ["qwen3-8b-mxfp4", 0],
    ["glm-4.7-flash-4bit", 0],
    ["qwen3.8-27b-nvfp4", 1],
    ["qwen3.5-35b-a3b-4bit", 1],
    ["qwen3-coder-next-4bit", 1],
    ["nemotron-3-nano-30b-a3b-4bit", 1],
    ["gemma3-27b-4bit", 1],
    ["gemma4-26b-a4b-4bit", 1],
    ["gemma4-31b-4bit", 1],
    ["muse-glimmer-4bit", 1],
  ])("%s has what it really has, with %i assumptions", (name, cautions) => {
    const { files, runs } = oracleModel(name);
    const reading = read(files);
    if (reading.kind === "unknown") throw new Error(reading.reason);
    expect(reading.cautions.length).toBe(cautions);
    const [from, real] = [reading.files, files].map((model) => openMlxModel(model));
    if (from?.kind !== "known" || real?.kind !== "known") throw new Error("unknown");
    expect(from.shape).toEqual(real.shape);
    for (const { tokens, generated, prefillStep, kvBytes, stateBytes } of runs) {
      expect(estimateMlx(from, { tokens, generated, prefillStep })).toMatchObject({
        weights: WEIGHTS,
        kvCache: kvBytes,
        recurrentState: stateBytes,
      });
    }
  });

  it("gemma4-e4b shares what its last layers keep; its windows are taken for the largest of the family", () => {
    const reading = read(oracleModel("gemma4-e4b-4bit").files);
    expect(reading).toMatchObject({
      files: { config: { num_kv_shared_layers: 18, sliding_window: 1024 } },
      cautions: ["Its windows are assumed to be 1024 tokens: its server doesn't tell."],
    });
  });

  it("counts the layer that drafts", () => {
    const { files } = oracleModel("qwen3.8-27b-nvfp4");
    const kv = (reading: ReturnType<typeof read>) => {
      const model = reading.kind === "read" ? openMlxModel(reading.files) : reading;
      const sum = model.kind === "known" ? estimateMlx(model, { tokens: 65_536 }) : model;
      return sum.kind === "known" ? sum.kvCache : Number.NaN;
    };
    const drafting = read(files, (answer) => ({
      ...answer,
      tensors: [...(answer["tensors"] as Json[]), { name: "mtp.fc.weight", type: "BF16", shape: [1, 1] }],
    }));
    expect(kv(drafting) - kv(read(files))).toBe(4096 * 65_536);
  });
});

describe("what a server doesn't tell", () => {
  const reasonOf = (reading: ReturnType<typeof read>): string => {
    const model = reading.kind === "read" ? openMlxModel(reading.files) : reading;
    return model.kind === "unknown" ? model.reason : "known";
  };
  const without = (pattern: RegExp) => (answer: Json) => ({
    ...answer,
    tensors: (answer["tensors"] as { name: string }[]).filter(({ name }) => !pattern.test(name)),
  });
  const llama = oracleModel("llama3.1-8b-4bit").files;
  const insideText = (files: MlxFiles, type: string): MlxFiles => ({
    ...files,
    config: { model_type: type, text_config: files.config, quantization: (files.config as Json)["quantization"] },
  });

  it.each([
    ["laguna-xs-2-4bit", "which of its layers keep a window"],
    ["gpt-oss-20b-mxfp4-q8", "which of its layers keep a window"],
    ["deepseek-v2-lite-4bit", "what its layers keep"],
    ["falcon-h1-7b-4bit", "the size of its recurrent layers"],
  ])("makes %s unknown", (name, what) => {
    expect(reasonOf(read(oracleModel(name).files))).toBe(`Over the network its server doesn't tell ${what}.`);
  });

  it("makes a model unknown whose heads nothing counts", () => {
    expect(reasonOf(read(insideText(llama, "llama")))).toContain("doesn't tell its head sizes");
    expect(reasonOf(read(oracleModel("glm-4.7-flash-4bit").files, without(/kv_a_layernorm/)))).toContain("head sizes");
    expect(reasonOf(read(oracleModel("qwen3-8b-mxfp4").files, without(/[ko]_proj/)))).toContain("head sizes");
  });

  it("makes a small gemma4 unknown whose layers all have tensors for K", () => {
    const { files } = oracleModel("gemma4-e4b-4bit");
    const all = read(files, (answer) => ({
      ...answer,
      tensors: (answer["tensors"] as Json[]).flatMap((tensor) => {
        const shape = tensor["shape"] as number[];
        const name = String(tensor["name"]);
        return name.endsWith("q_proj.weight")
          ? [tensor, { ...tensor, name: name.replace("q_proj", "k_proj"), shape: [(shape[0] ?? 0) / 4, shape[1]] }]
          : name.endsWith("k_proj.weight")
            ? []
            : [tensor];
      }),
    }));
    expect(reasonOf(all)).toContain("which of its layers share what they keep");
  });

  it("is said of a type, of layers and of tensors", () => {
    const { files } = oracleModel("llama3.1-8b-4bit");
    const withInfo = (key: string, value: unknown) => (answer: Json) => ({
      ...answer,
      model_info: { ...(answer["model_info"] as Json), [key]: value },
    });
    expect(reasonOf(read(files, withInfo("general.architecture", null)))).toBe("Its server doesn't tell its type.");
    expect(reasonOf(read(files, withInfo("general.architecture", "shiny")))).toContain("layers and tensors");
    expect(reasonOf(read(files, withInfo("llama.block_count", -1)))).toContain("layers and tensors");
    expect(reasonOf(read(files, withInfo("llama.block_count", 1e9)))).toContain("num_hidden_layers");
    expect(reasonOf(read(files, (answer) => ({ ...answer, tensors: [] })))).toContain("layers and tensors");
    const unknownType: ShownMlxModel = {
      metadata: {
        values: new Map<string, MetadataValue>([
          ["general.architecture", "shiny"],
          ["shiny.block_count", 4],
          ["shiny.embedding_length", 64],
        ]),
        tensors: [{ name: "a", type: "BF16", shape: [1] }],
      },
      sizeBytes: 1,
    };
    expect(reasonOf(readMlxShow(unknownType))).toBe(`This version can't size MLX models of the type "shiny".`);
  });
});
