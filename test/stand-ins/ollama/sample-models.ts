import { createHash } from "node:crypto";
import { tensorBytes } from "../../../src/memory/gguf/tensor-types";
import type { MetadataValue, ModelMetadata, TensorInfo } from "../../../src/memory/metadata";
import { readOracle } from "../../memory/oracle";

/** A model as the stand-in server keeps it. */
export interface StandInModel {
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  readonly format: "gguf" | "safetensors" | "";
  readonly family: string;
  readonly parameterSize: string;
  readonly quantization: string;
  readonly capabilities: readonly string[];
  readonly metadata: ModelMetadata;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly parent?: string;
  readonly remoteHost?: string;
  /** Further FROM, ADAPTER and DRAFT lines of the Modelfile. */
  readonly extraLines?: readonly string[];
}

const NOTHING: ModelMetadata = { values: new Map(), tensors: [] };
const oracle = readOracle();

export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Bytes of all tensors together. */
function tensorSum(tensors: readonly TensorInfo[]): number {
  return tensors.reduce((sum, { type, shape }) => sum + (tensorBytes(type, shape) ?? 0), 0);
}

function metadataOf(name: string): ModelMetadata {
  const model = oracle.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`There is no fixture of ${name}.`);
  return model.header;
}

/** A GGUF model with the metadata of a fixture. */
export function ggufModel(
  name: string,
  fixture: string,
  extra: Partial<StandInModel> & Pick<StandInModel, "parameterSize" | "quantization">,
): StandInModel {
  const metadata = extra.metadata ?? metadataOf(fixture);
  return {
    name,
    digest: digestOf(name),
    size: tensorSum(metadata.tensors) + 6_000_000,
    format: "gguf",
    family: String(metadata.values.get("general.architecture")),
    capabilities: ["completion", "tools"],
    parameters: {},
    ...extra,
    metadata,
  };
}

/**
 * Ollama's own file of this model is larger than the plain Q4_K_M: 48.2 GiB. The fixture's expert tensors are widened
 * from the first layer on until it is that large.
 */
function publishedCoderNext(): ModelMetadata {
  const { values, tensors } = metadataOf("qwen3-coder-next");
  const goal = 48.2 * 1024 ** 3;
  let sum = tensorSum(tensors);
  const widened = tensors.map((tensor) => {
    if (sum >= goal || tensor.type !== "Q4_K" || !tensor.name.includes("_exps.")) return tensor;
    const wider = { ...tensor, type: "Q5_K" };
    sum += (tensorBytes(wider.type, wider.shape) ?? 0) - (tensorBytes(tensor.type, tensor.shape) ?? 0);
    return wider;
  });
  return { values, tensors: widened };
}

/** The handful of models that the preview and most tests show. */
export function sampleModels(): StandInModel[] {
  return [
    ggufModel("qwen3-coder-next:q4_K_M", "qwen3-coder-next", {
      metadata: publishedCoderNext(),
      parameterSize: "79.7B",
      quantization: "Q4_K_M",
    }),
    ggufModel("qwen3-coder:30b", "qwen3-coder-30b", { parameterSize: "30.5B", quantization: "Q4_K_M" }),
    ggufModel("gpt-oss:20b", "gpt-oss-20b", {
      parameterSize: "20.9B",
      quantization: "MXFP4",
      capabilities: ["completion", "tools", "thinking"],
    }),
    ggufModel("llama3.1:8b", "llama3.1-8b", { parameterSize: "8.0B", quantization: "Q4_K_M" }),
    ggufModel("gemma3:27b", "gemma3-27b", { parameterSize: "27.4B", quantization: "Q4_K_M" }),
    ggufModel("nomic-embed-text:latest", "nomic-embed-text-v1.5", {
      parameterSize: "137M",
      quantization: "F16",
      capabilities: ["embedding"],
    }),
    mlxModel("qwen3.5:35b-mlx"),
    cloudModel("gpt-oss:120b-cloud"),
  ];
}

export function mlxModel(name: string): StandInModel {
  return {
    name,
    digest: digestOf(name),
    size: 21_900_000_000,
    format: "safetensors",
    family: "qwen3_5_moe",
    parameterSize: "35.1B",
    quantization: "nvfp4",
    capabilities: ["completion"],
    metadata: NOTHING,
    parameters: {},
  };
}

export function cloudModel(name: string): StandInModel {
  return {
    name,
    digest: digestOf(name),
    size: 384,
    format: "",
    family: "gptoss",
    parameterSize: "116.8B",
    quantization: "MXFP4",
    capabilities: ["completion"],
    metadata: NOTHING,
    parameters: {},
    remoteHost: "https://ollama.com:443",
  };
}

/** `count` models of the same kind under different names and digests. */
export function manyModels(count: number): StandInModel[] {
  return Array.from({ length: count }, (_, index) =>
    ggufModel(`llama3.1:copy-${index}`, "llama3.1-8b", { parameterSize: "8.0B", quantization: "Q4_K_M" }),
  );
}

/** `model_info` as show sends it: arrays null unless verbose, vocabularies as that many words. */
export function modelInfo(metadata: ModelMetadata, verbose: boolean): Record<string, unknown> {
  return Object.fromEntries([...metadata.values].map(([key, value]) => [key, infoValue(value, verbose)]));
}

function infoValue(value: MetadataValue, verbose: boolean): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  if (!verbose) return null;
  return "omitted" in value ? Array.from({ length: Math.min(value.length ?? 0, 1000) }, (_, i) => `tok${i}`) : value;
}
