import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  estimateMlx,
  type KnownMlxEstimate,
  type MlxRun,
  MOST_TOKENS,
  openMlxModel,
} from "../../../src/memory/mlx/estimate";
import type { MlxFiles, MlxTensor } from "../../../src/memory/mlx/files";
import { oracleModel } from "./oracle";

const LLAMA = {
  model_type: "llama",
  hidden_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  num_key_value_heads: 2,
};

const embedding: MlxTensor = { name: "model.embed_tokens.weight", bytes: 1000, shape: [10, 50], type: "BF16" };

const files = (config: unknown, ...tensors: MlxTensor[]): MlxFiles => ({ config, tensors: [embedding, ...tensors] });
const named = (...names: string[]): MlxTensor[] => names.map((name) => ({ name, bytes: 10 }));

function at(model: MlxFiles, run: MlxRun): KnownMlxEstimate {
  const opened = openMlxModel(model);
  const sum = opened.kind === "known" ? estimateMlx(opened, run) : opened;
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

function reasonOf(model: MlxFiles): string {
  const opened = openMlxModel(model);
  return opened.kind === "unknown" ? opened.reason : "known";
}

describe("types that only Ollama runs", () => {
  const cohere = {
    model_type: "cohere2_moe",
    hidden_size: 1024,
    num_hidden_layers: 9,
    num_attention_heads: 16,
    num_key_value_heads: 2,
    head_dim: 64,
    sliding_window: 512,
  };
  const ROW = 2 * 2 * 64 * 2;

  it("cohere2_moe: the last of four sees every token, counted behind a first layer of its own", () => {
    // Layers 3 and 7 without, layers 0, 4 and 8 with a dense layer first.
    expect(at(files(cohere), { tokens: 4096 }).kvCache).toBe(ROW * (2 * 4096 + 7 * 512));
    expect(at(files({ ...cohere, first_k_dense_replace: 1 }), { tokens: 4096 }).kvCache).toBe(
      ROW * (3 * 4096 + 6 * 512),
    );
  });

  it("gemma3 4B, whose config.json names neither heads nor a context, takes 131,072 tokens and no more", () => {
    const text = { model_type: "gemma3_text", hidden_size: 2560, num_hidden_layers: 34, sliding_window: 1024 };
    const opened = openMlxModel(files({ model_type: "gemma3", text_config: text }));
    expect(opened).toMatchObject({ kind: "known", shape: { trainedContext: 131_072 } });
    expect(at(files({ model_type: "gemma3", text_config: text }), { tokens: 4096 }).kvCache).toBe(
      2 * 4 * 256 * 2 * (5 * 4096 + 29 * 1024),
    );
  });

  it("Nemotron that sees: its llm_config decides", () => {
    const { files: nemotron, runs } = oracleModel("nemotron-3-nano-30b-a3b-4bit");
    const run = runs[5];
    const wrapped = { ...nemotron, config: { model_type: "NemotronH_Nano_VL_V2", llm_config: nemotron.config } };
    expect(at(wrapped, { tokens: run?.tokens ?? 0 })).toMatchObject({
      kvCache: run?.kvBytes,
      recurrentState: run?.stateBytes,
    });
  });
});

describe("layers that draft", () => {
  const qwen = oracleModel("qwen3.8-27b-nvfp4").files;
  const nemotron = oracleModel("nemotron-3-nano-30b-a3b-4bit").files;
  const more = (model: MlxFiles, ...names: string[]) =>
    at({ ...model, tensors: [...model.tensors, ...named(...names)] }, { tokens: 65_536 }).kvCache -
    at(model, { tokens: 65_536 }).kvCache;

  it("are one attending layer where a qwen3.5 has mtp tensors, whatever its config announces", () => {
    expect(more(qwen, "mtp.fc.weight", "mtp.layers.0.self_attn.k_proj.weight")).toBe(4096 * 65_536);
    expect(more(qwen, "language_model.mtp.fc.weight", "language_model.mtp.layers.1.mlp.up_proj.weight")).toBe(
      4096 * 65_536,
    );
    expect(more(qwen, "model.attempt.weight")).toBe(0);
  });

  it("are those of a nemotron_h that attend", () => {
    const layer = 2 * 2 * 128 * 2 * 65_536;
    expect(more(nemotron, "mtp.layers.0.mixer.q_proj.weight", "mtp.layers.1.mixer.experts.up_proj.weight")).toBe(layer);
    expect(more(nemotron, "mtp.layers.0.mixer.q_proj", "mtp.layers.2.mixer.o_proj.weight")).toBe(2 * layer);
    expect(more(nemotron, "mtp.layers.0.mixer.gate.weight")).toBe(0);
  });

  it("make a model unknown where a draft model of an unknown kind comes with it", () => {
    const draft = named("draft.model.layers.0.self_attn.q_proj.weight");
    expect(reasonOf(files(LLAMA, ...draft))).toBe("It carries a draft model whose cache this version can't size.");
    expect(reasonOf({ ...files(LLAMA, ...draft), draftConfig: { model_type: "dflash" } })).toContain("draft model");
    expect(reasonOf({ ...files(LLAMA, ...draft), draftConfig: { model_type: "gemma4_assistant" } })).toBe("known");
  });
});

describe("activations", () => {
  const kv = (...tensors: MlxTensor[]) =>
    at({ config: LLAMA, tensors: [...tensors, ...named("other.weight")] }, { tokens: 256 }).kvCache;
  const HALF = 4 * 256 * 2 * 2 * 128 * 2;

  it("have the type of the embedding, or of the scales it is unpacked with", () => {
    const tensor = (part: string, type: string) => ({ ...embedding, name: `model.embed_tokens.${part}`, type });
    expect(kv(tensor("weight", "BF16"))).toBe(HALF);
    expect(kv(tensor("weight", "F32"))).toBe(2 * HALF);
    expect(kv(tensor("weight", "U32"), tensor("scales", "F16"))).toBe(HALF);
    expect(kv(tensor("weight", "U32"), tensor("scales", "F32"))).toBe(2 * HALF);
    expect(kv(tensor("weight", "U32"), tensor("scales", "U8"))).toBe(HALF);
    expect(kv()).toBe(HALF);
  });
});

describe("scores", () => {
  const scratch = (name: string, run: MlxRun) => at(oracleModel(name).files, run).scratch;

  it.each([
    ["qwen3.5-27b-4bit", 100_352],
    ["qwen3.5-35b-a3b-4bit", 67_584],
    ["gemma4-e4b-4bit", 34_816],
    ["gemma4-26b-a4b-4bit", 67_584],
    ["gemma4-31b-4bit", 133_120],
    ["glm-4.7-flash-4bit", 83_968],
    // Fused on Metal.
    ["gemma3-27b-4bit", 0],
    ["llama3.1-8b-4bit", 0],
    ["gpt-oss-20b-mxfp4-q8", 0],
    ["laguna-xs-2-4bit", 0],
    ["nemotron-3-nano-30b-a3b-4bit", 0],
  ])("of %s are %i bytes a token", (name, bytes) => {
    expect(scratch(name, { tokens: 131_072 })).toBe(bytes * 131_072);
    expect(scratch(name, { tokens: 131_072, prefillStep: 512 })).toBe((bytes / 4) * 131_072);
  });

  describe("of latent attention, for 32,768 tokens of 4 heads", () => {
    const N = 32_768;
    const CHUNK = 2048;
    const heads = 4;
    const config = {
      hidden_size: 256,
      num_hidden_layers: 2,
      num_attention_heads: heads,
      num_key_value_heads: heads,
      kv_lora_rank: 64,
      qk_rope_head_dim: 64,
      qk_nope_head_dim: 128,
      v_head_dim: 128,
    };
    const of = (model_type: string, sizes: object = {}, chip?: string) =>
      at(files({ ...config, model_type, ...sizes }), { tokens: N, chip }).scratch;
    const once = CHUNK * N * (heads * 2 + 1);

    it("are held once by Ollama, which attends to the rows themselves", () => {
      expect(of("glm4_moe_lite")).toBe(once);
    });

    it("are once those of positions in mlx-lm, beside K and V of every head, and again where sizes aren't fused", () => {
      for (const type of ["deepseek_v3", "kimi_k2", "joyai_llm_flash"]) {
        expect(of(type)).toBe(once + N * heads * (128 + 128) * 2);
        expect(of(type, { v_head_dim: 96 })).toBe(once + CHUNK * N * heads * 2 + N * heads * (128 + 96) * 2);
        // A mask that is an array is never fused by an M5 alone.
        const unfused = { qk_nope_head_dim: 256, v_head_dim: 256 };
        expect(of(type, unfused, "M5")).toBe(of(type, unfused, "M1"));
      }
    });

    it("of mistral4 are none where the whole key has the size of the values, beside K, its copy and V", () => {
      expect(of("mistral4", { qk_nope_head_dim: 64 })).toBe(N * heads * (64 + 128 + 128) * 2);
      expect(of("mistral4")).toBe(once + N * heads * (128 + 192 + 128) * 2);
    });
  });

  it("are held by unfused windows too", () => {
    // gemma3-1b: 4 heads of 256, windows of 512, four layers that see every token.
    expect(scratch("gemma3-1b-8bit", { tokens: 2048 })).toBe(2048 * 2048 * 9);
    expect(scratch("gemma3-1b-8bit", { tokens: 2048, chip: "M5" })).toBe(2048 * 2048 * 9);
  });

  it("are only those of short last chunks on an M5, for heads of 256 that see every token", () => {
    const at128K = (chip: string, name = "qwen3.5-27b-4bit", prefillStep = 2048) =>
      scratch(name, { tokens: 131_072, chip, prefillStep });
    for (const chip of ["M1", "Apple M4 Max", "m3 pro", "", "A18 Pro", "M", "Intel Core i9"]) {
      expect(at128K(chip)).toBe(100_352 * 131_072);
    }
    expect(at128K("Apple M5 Max")).toBe(1023 * 49 * 131_072);
    expect(at128K("M5", "qwen3.5-27b-4bit", 512)).toBe(512 * 49 * 131_072);
    expect(at128K("M5", "gemma4-31b-4bit")).toBe(133_120 * 131_072);
    expect(at128K("M5", "glm-4.7-flash-4bit")).toBe(83_968 * 131_072);
  });
});

describe("scores of which it isn't known whether MLX holds them", () => {
  const model = oracleModel("qwen3.5-27b-4bit").files;
  const tokens = 131_072;
  const [held, fused] = [100_352 * tokens, 1023 * 49 * tokens];
  const unsure = (chip?: string, files = model) => at(files, { tokens, chip, isFusingUnsure: true });

  it("are in the range both ways: on an M5 above what it can, on a chip nobody knows below", () => {
    const [m4, m5] = [at(model, { tokens, chip: "M4" }), at(model, { tokens, chip: "M5" })];
    for (const chip of ["M5", "Apple M6 Pro", "Apple M12"]) {
      const sum = unsure(chip);
      expect([sum.scratch, sum.scratchRange]).toEqual([fused, { low: fused, high: held }]);
      expect([sum.low, sum.total, sum.high]).toEqual([m5.low, m5.total, m4.high]);
    }
    for (const chip of [undefined, "", "Apple A19 Pro"]) {
      const sum = unsure(chip);
      expect([sum.scratch, sum.scratchRange]).toEqual([held, { low: fused, high: held }]);
      expect([sum.low, sum.total, sum.high]).toEqual([m5.low, m4.total, m4.high]);
    }
  });

  it("change nothing on M1 to M4, nor where every chip holds them, or none", () => {
    for (const chip of ["M1", "Apple M4 Max"]) expect(unsure(chip)).toEqual(at(model, { tokens, chip }));
    for (const name of ["gemma4-31b-4bit", "glm-4.7-flash-4bit", "llama3.1-8b-4bit"]) {
      for (const chip of ["M5", undefined]) {
        const { files } = oracleModel(name);
        expect(unsure(chip, files)).toEqual(at(files, { tokens, chip }));
      }
    }
  });
});

describe("saved states", () => {
  it.each([
    ["llama3.1-8b-4bit", 0],
    ["glm-4.7-flash-4bit", 0],
    ["gpt-oss-20b-mxfp4-q8", 2],
    ["gemma4-e4b-4bit", 2],
    ["nemotron-3-nano-30b-a3b-4bit", 8],
    ["qwen3.5-27b-4bit", 8],
    ["gemma4-31b-4bit", 8],
  ])("of %s end at %i GiB", (name, gib) => {
    expect(at(oracleModel(name).files, { tokens: 1 }).savedStates).toBe(gib * 1024 ** 3);
  });
});

describe("unknown models", () => {
  it.each([
    ["no object", [], "Its config.json isn't a JSON object."],
    ["no type", { hidden_size: 1 }, "Its config.json names no model_type."],
    ["an unknown type", { ...LLAMA, model_type: "shiny" }, `This version can't size MLX models of the type "shiny".`],
    ["a type with a cache of its own", { model_type: "llama4" }, "Its type, llama4, keeps its tokens in a way"],
    [
      "a wrapper around an unknown type",
      { model_type: "mistral3", text_config: { model_type: "shiny" } },
      'type "shiny"',
    ],
    ["a name of Object.prototype", { ...LLAMA, model_type: "constructor" }, 'of the type "constructor"'],
    ["no layers", { ...LLAMA, num_hidden_layers: 0 }, "Its config.json has no usable num_hidden_layers."],
    ["too many layers", { ...LLAMA, num_hidden_layers: 1e6 }, "num_hidden_layers"],
    ["a missing key", { ...LLAMA, num_hidden_layers: null }, "Its config.json has no num_hidden_layers."],
    ["a text for a number", { ...LLAMA, num_key_value_heads: "8" }, "num_key_value_heads"],
    ["half a head", { ...LLAMA, num_key_value_heads: 1.5 }, "num_key_value_heads"],
    ["a negative window", { ...LLAMA, model_type: "gpt_oss", sliding_window: -1 }, "sliding_window"],
    ["sliding layers without a window", { ...LLAMA, model_type: "gpt_oss" }, "Its config.json has no sliding_window."],
    ["heads that don't divide", { ...LLAMA, num_attention_heads: 7 }, "heads don't divide"],
    ["too few layer types", { ...LLAMA, layer_types: ["full_attention"] }, "another number of layers"],
    ["other layer types", { ...LLAMA, layer_types: new Array(4).fill("chunked_attention") }, "can't size"],
    ["recurrent layers out of place", { ...LLAMA, layer_types: new Array(4).fill("mamba") }, "recurrent layers"],
    ["a list that is none", { ...LLAMA, layer_types: "full_attention" }, "no usable layer_types"],
  ])("with %s say so", (_, config, words) => {
    expect(reasonOf(files(config))).toContain(words);
  });

  it("are those whose tensors are of another model, or have no sizes", () => {
    const tensor = { name: "model.layers.3.self_attn.k_proj.weight", bytes: 10, shape: [512, 8], type: "U32" };
    expect(reasonOf(files(LLAMA, tensor))).toBe(
      "Its config.json and its tensors contradict each other (layer 3, k_proj).",
    );
    expect(reasonOf(files(LLAMA, { ...tensor, shape: [256, 8] }))).toBe("known");
    expect(reasonOf(files(LLAMA, { ...tensor, name: `vision_tower.${tensor.name}` }))).toBe("known");
    for (const bytes of [Number.NaN, -1, 0.5, Infinity, 2 ** 53]) {
      expect(reasonOf(files(LLAMA, { name: "x", bytes }))).toContain("don't add up");
    }
    expect(reasonOf({ config: LLAMA, tensors: [] })).toBe("It lists no tensors.");
  });

  it("never make it throw, hang or answer with something that is no number, whatever the config says", () => {
    const value = fc.oneof(
      fc.constantFrom(null, "", "full_attention", true, [], {}, -1, 0, 1, 7, 1e9, 2 ** 32, 1e300, Number.NaN),
      fc.array(fc.constantFrom("sliding_attention", "mamba", "*", 3, null), { maxLength: 5 }),
    );
    const configs = ["qwen3.5-9b-4bit", "gemma4-e4b-4bit", "gpt-oss-20b-mxfp4-q8", "falcon-h1-7b-4bit"].map((name) => ({
      ...(oracleModel(name).files.config as Record<string, unknown>),
      quantization: undefined,
    }));
    const model = fc.constantFrom(...configs).chain((config) => {
      const text = ("text_config" in config ? config["text_config"] : config) as Record<string, unknown>;
      return fc
        .dictionary(fc.constantFrom(...Object.keys(text)), value, { maxKeys: 3 })
        .map((changed) => ({ ...config, ...text, ...changed, text_config: undefined }));
    });
    fc.assert(
      fc.property(model, fc.nat(300_000), fc.constantFrom(1, 2, 255, 2048), (config, tokens, prefillStep) => {
        const opened = openMlxModel(files(config));
        const sum = opened.kind === "known" ? estimateMlx(opened, { tokens, prefillStep }) : opened;
        if (sum.kind === "unknown") expect(sum.reason).toMatch(/^[A-Z].*\.$/);
        else {
          expect(Number.isSafeInteger(sum.high) && sum.low <= sum.total && sum.total <= sum.high).toBe(true);
          expect(sum.cachePeak).toBeGreaterThanOrEqual(sum.kvCache + sum.recurrentState);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are requests of no usable length", () => {
    const model = openMlxModel(files(LLAMA));
    if (model.kind === "unknown") throw new Error(model.reason);
    for (const run of [
      { tokens: 0 },
      { tokens: 1.5 },
      { tokens: Number.NaN },
      { tokens: MOST_TOKENS + 1 },
      { tokens: 1, generated: -1 },
      { tokens: 1, prefillStep: 0 },
    ]) {
      expect(estimateMlx(model, run)).toEqual({
        kind: "unknown",
        reason: "The request has no usable number of tokens.",
      });
    }
    expect(estimateMlx(model, { tokens: MOST_TOKENS, generated: MOST_TOKENS, prefillStep: 1 }).kind).toBe("known");
  });
});

describe("caches", () => {
  const model = fc.constantFrom("gemma4-26b-a4b-4bit", "qwen3.5-9b-4bit", "gpt-oss-20b-mxfp4-q8").map((name) => {
    const opened = openMlxModel(oracleModel(name).files);
    if (opened.kind === "unknown") throw new Error(opened.reason);
    return opened;
  });

  it("never shrink, and nothing else does, where a prompt is longer", () => {
    fc.assert(
      fc.property(
        model,
        fc.integer({ min: 1, max: 40_000 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 4096 }),
        (opened, tokens, more, prefillStep) => {
          const [less, greater] = [tokens, tokens + more].map((count) =>
            estimateMlx(opened, { tokens: count, prefillStep }),
          );
          if (less?.kind !== "known" || greater?.kind !== "known") throw new Error("unknown");
          for (const term of ["kvCache", "scratch", "low", "high", "total"] as const) {
            expect(greater[term]).toBeGreaterThanOrEqual(less[term]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
