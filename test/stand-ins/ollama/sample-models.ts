import type { MetadataValue, ModelMetadata, TensorInfo } from "../../../src/memory/metadata";
import { oracleModel } from "../../memory/mlx/oracle";
import { readOracle } from "../../memory/oracle";
import { fileBytes, sha256, type StandInModel, type Weights } from "./model";

let oracle: ReadonlyMap<string, ModelMetadata> | undefined;

/** A model of the oracle with the keys a published file has: a real tokenizer instead of the oracle's placeholder. */
export function measuredModel(name: string): ModelMetadata {
  oracle ??= new Map(readOracle().map((model) => [model.name, model.header]));
  const header = oracle.get(name);
  if (!header) throw new Error(`The oracle has no model ${name}`);
  const values = new Map<string, MetadataValue>();
  for (const [key, value] of header.values) {
    if (key.endsWith(".vocab_size")) continue;
    if (key === "tokenizer.ggml.tokens") addTokenizer(values, value);
    else if (key !== "tokenizer.ggml.model") values.set(key, value);
  }
  return { values, tensors: header.tensors };
}

function addTokenizer(values: Map<string, MetadataValue>, tokens: MetadataValue): void {
  values.set("tokenizer.ggml.model", "gpt2");
  values.set("tokenizer.ggml.pre", "qwen2");
  values.set("tokenizer.ggml.tokens", tokens);
  values.set("tokenizer.ggml.merges", tokens);
}

function withTypes(metadata: ModelMetadata, type: (tensor: TensorInfo) => string | undefined): ModelMetadata {
  return { ...metadata, tensors: metadata.tensors.map((tensor) => ({ ...tensor, type: type(tensor) ?? tensor.type })) };
}

function withValues(metadata: ModelMetadata, entries: Readonly<Record<string, MetadataValue>>): ModelMetadata {
  return { ...metadata, values: new Map([...metadata.values, ...Object.entries(entries)]) };
}

function renamed(metadata: ModelMetadata, from: string, to: string): ModelMetadata {
  const values = [...metadata.values].map(([key, value]): [string, MetadataValue] => [
    key.startsWith(`${from}.`) ? to + key.slice(from.length) : key,
    value === from ? to : value,
  ]);
  return { ...metadata, values: new Map(values) };
}

/**
 * qwen3-coder-next as the Ollama library has it: 48.0 GiB on the GPU and 166.9 MiB of input embeddings on the CPU, more
 * than llama.cpp's own Q4_K_M, and the KV heads as one entry per layer with zeros for the linear layers.
 */
function qwen3CoderNext(): ModelMetadata {
  const heavier = withTypes(measuredModel("qwen3-coder-next"), ({ name }) =>
    name.includes(".ffn_down_exps.") ? "Q6_K" : name.includes(".attn_qkv.") ? "Q4_K" : undefined,
  );
  const perLayer = Array.from({ length: 48 }, (_, layer) => (layer % 4 === 3 ? 2 : 0));
  return withValues(heavier, { "qwen3next.attention.head_count_kv": perLayer });
}

/** gpt-oss:20b as the Ollama library has it: experts MXFP4, all other weights BF16, 13.8 GB. */
function gptOss(): ModelMetadata {
  const bf16 = withTypes(measuredModel("gpt-oss-20b"), ({ type }) => (type === "Q8_0" ? "BF16" : undefined));
  return renamed(bf16, "gpt-oss", "gptoss");
}

/** gemma3:27b as the Ollama library has it: one file that holds the vision tower (SigLIP, 27 blocks of F16), too. */
function gemma3(): ModelMetadata {
  const text = measuredModel("gemma3-27b");
  const [width, ffn] = [1152, 4304];
  const tensor = (name: string, type: string, ...shape: number[]): TensorInfo => ({ name, type, shape });
  const blocks = Array.from({ length: 27 }, (_, block) => {
    const linear = (name: string, from: number, to: number) => [
      tensor(`v.blk.${block}.${name}.weight`, "F16", from, to),
      tensor(`v.blk.${block}.${name}.bias`, "F32", to),
    ];
    return [
      ...["attn_k", "attn_output", "attn_q", "attn_v"].flatMap((name) => linear(name, width, width)),
      ...["layer_norm1", "layer_norm2"].flatMap((name) => [
        tensor(`v.blk.${block}.${name}.weight`, "F32", width),
        tensor(`v.blk.${block}.${name}.bias`, "F32", width),
      ]),
      ...linear("mlp.fc1", width, ffn),
      ...linear("mlp.fc2", ffn, width),
    ];
  });
  const vision = [
    tensor("mm.mm_input_projection.weight", "F16", 5376, width),
    tensor("mm.mm_soft_emb_norm.weight", "F32", width),
    ...blocks.flat(),
    tensor("v.patch_embedding.bias", "F32", width),
    tensor("v.patch_embedding.weight", "F16", 14, 14, 3, width),
    tensor("v.position_embedding.weight", "F16", width, 4096),
    tensor("v.post_layernorm.bias", "F32", width),
    tensor("v.post_layernorm.weight", "F32", width),
  ];
  const keys = {
    "gemma3.vision.attention.head_count": 16,
    "gemma3.vision.attention.layer_norm_epsilon": 0.000001,
    "gemma3.vision.block_count": 27,
    "gemma3.vision.embedding_length": width,
    "gemma3.vision.feed_forward_length": ffn,
    "gemma3.vision.image_size": 896,
    "gemma3.vision.num_channels": 3,
    "gemma3.vision.patch_size": 14,
  };
  return withValues({ ...text, tensors: [...text.tensors, ...vision] }, keys);
}

/** qwen3:8b as the Ollama library has it: the value projections F16, 5.2 GB. */
function qwen3(): ModelMetadata {
  return withTypes(measuredModel("qwen3-8b"), ({ name }) => (name.includes(".attn_v.") ? "F16" : undefined));
}

type Sample = Pick<StandInModel, "name" | "parameterSize" | "quantization" | "capabilities"> & Partial<StandInModel>;

/** A GGUF model of the stand-in out of its header. */
export function ggufModel(metadata: ModelMetadata, sample: Sample): StandInModel {
  const architecture = String(metadata.values.get("general.architecture"));
  const number = (key: string) => Number(metadata.values.get(`${architecture}.${key}`));
  return {
    modifiedAt: "2026-11-02T09:14:03.112345678+01:00",
    format: "gguf",
    family: architecture,
    contextLength: number("context_length"),
    embeddingLength: number("embedding_length"),
    template: "{{ .Prompt }}",
    license: 'Apache License\nVersion 2.0, "as is"\nFROM the copyright holder',
    parameters: {},
    weights: weightsOf(metadata, sample.name),
    ...sample,
  };
}

function weightsOf(metadata: ModelMetadata, seed: string): Weights {
  return { digest: sha256(`blob ${seed}`), bytes: fileBytes(metadata), metadata };
}

const TEXT = ["completion", "tools"] as const;

/** Builders of the sample, most recently changed first. */
const BUILDERS: Readonly<Record<string, () => StandInModel>> = {
  "qwen3-coder-next:q4_K_M": () =>
    ggufModel(qwen3CoderNext(), {
      name: "qwen3-coder-next:q4_K_M",
      parameterSize: "79.7B",
      quantization: "Q4_K_M",
      capabilities: TEXT,
      parameters: { temperature: 1, top_k: 40, top_p: 0.95 },
      renderer: "qwen3-coder",
      parser: "qwen3-coder",
      requires: "0.15.5",
      modifiedAt: "2026-11-20T18:02:44.5+01:00",
    }),
  "gpt-oss:20b": () =>
    ggufModel(gptOss(), {
      name: "gpt-oss:20b",
      parameterSize: "20.9B",
      quantization: "MXFP4",
      capabilities: [...TEXT, "thinking"],
      renderer: "harmony",
      parser: "harmony",
    }),
  "gemma3:27b": () =>
    ggufModel(gemma3(), {
      name: "gemma3:27b",
      parameterSize: "27.4B",
      quantization: "Q4_K_M",
      capabilities: ["completion", "vision"],
      parameters: { stop: ["<end_of_turn>"], temperature: 1, top_k: 64 },
    }),
  "qwen3-coder:30b": () =>
    ggufModel(measuredModel("qwen3-coder-30b"), {
      name: "qwen3-coder:30b",
      parameterSize: "30.5B",
      quantization: "Q4_K_M",
      capabilities: TEXT,
      parameters: { stop: ["<|im_start|>", "<|im_end|>"], repeat_penalty: 1.05 },
      renderer: "qwen3-coder",
      parser: "qwen3-coder",
    }),
  "qwen3:8b": () =>
    ggufModel(qwen3(), {
      name: "qwen3:8b",
      parameterSize: "8.2B",
      quantization: "Q4_K_M",
      capabilities: [...TEXT, "thinking"],
      parameters: { stop: ["<|im_start|>", "<|im_end|>"], temperature: 0.6 },
    }),
  "llama3.1:8b": () =>
    ggufModel(measuredModel("llama3.1-8b"), {
      name: "llama3.1:8b",
      parameterSize: "8.0B",
      quantization: "Q4_K_M",
      capabilities: TEXT,
    }),
  "nomic-embed-text:latest": () =>
    ggufModel(measuredModel("nomic-embed-text-v1.5"), {
      name: "nomic-embed-text:latest",
      parameterSize: "137M",
      quantization: "F16",
      capabilities: ["embedding"],
      parameters: { num_ctx: 8192 },
    }),
  "qwen3.6:27b-mlx": () => ({
    ...mlxModel("qwen3.8-27b-nvfp4", 17_383_219_200),
    name: "qwen3.6:27b-mlx",
    modifiedAt: "2026-09-14T20:00:00Z",
    parameterSize: "27.8B",
    quantization: "nvfp4",
    capabilities: ["completion", "vision", "tools", "thinking"],
  }),
  "gpt-oss:120b-cloud": () => ({
    name: "gpt-oss:120b-cloud",
    modifiedAt: "2026-10-01T08:00:00Z",
    format: "",
    family: "gptoss",
    parameterSize: "116.8B",
    quantization: "MXFP4",
    capabilities: [...TEXT, "thinking"],
    parameters: {},
    remote: { host: "https://ollama.com:443", model: "gpt-oss:120b" },
  }),
};

/** One of the sample's models by name. */
export function sampleModel(name: string): StandInModel {
  const build = BUILDERS[name];
  if (!build) throw new Error(`No sample model ${name}; there are ${Object.keys(BUILDERS).join(", ")}`);
  return build();
}

/** The sample: nine models with true-to-life metadata and tensors. */
export function sampleModels(): readonly StandInModel[] {
  return Object.keys(BUILDERS).map(sampleModel);
}

/** So many small models, each with a file of its own. */
export function manyModels(count: number): readonly StandInModel[] {
  const metadata = measuredModel("llama3.1-8b");
  return Array.from({ length: count }, (_, index) =>
    ggufModel(metadata, {
      name: `tuned-${String(index).padStart(3, "0")}:8b`,
      parameterSize: "8.0B",
      quantization: "Q4_K_M",
      capabilities: TEXT,
    }),
  );
}

/**
 * An MLX model with the dimensions of a measured one. Weights that it has beside those are what Ollama's build has and
 * mlx-lm doesn't load: a vision tower, and the layer that drafts.
 */
export function mlxModel(measured: string, weightBytes?: number): StandInModel {
  const { files, weights } = oracleModel(measured);
  const bytes = weightBytes ?? weights;
  const beside = bytes - weights;
  const tensors = beside > 0 ? [...files.tensors, { name: "mtp.fc.weight", bytes: beside }] : files.tensors;
  const config = files.config as Readonly<Record<string, unknown>>;
  const text = { ...config, ...(config["text_config"] as object | undefined) } as Readonly<Record<string, unknown>>;
  const family = String(config["model_type"]);
  const number = (key: string) => Number(text[key]);
  return {
    name: measured,
    modifiedAt: "2026-10-20T08:00:00Z",
    format: "safetensors",
    family,
    parameterSize: "27.8B",
    quantization: "nvfp4",
    contextLength: number("max_position_embeddings"),
    embeddingLength: number("hidden_size"),
    capabilities: TEXT,
    parameters: {},
    weights: {
      digest: sha256(`mlx ${measured} ${bytes}`),
      bytes,
      mlx: { ...files, tensors },
      mlxInfo: {
        "general.architecture": family,
        "general.parameter_count": 27_800_000_000,
        [`${family}.block_count`]: number("num_hidden_layers"),
        [`${family}.context_length`]: number("max_position_embeddings"),
        [`${family}.embedding_length`]: number("hidden_size"),
        // Only what config.json has at its top is told.
        ...(typeof config["num_attention_heads"] === "number"
          ? { [`${family}.attention.head_count`]: config["num_attention_heads"] }
          : {}),
      },
    },
  };
}
