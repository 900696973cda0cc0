import { createHash } from "node:crypto";
import type { ModelMetadata } from "../../../src/memory/metadata";
import type { MlxFiles } from "../../../src/memory/mlx/files";
import { tensorBytes } from "../../../src/memory/gguf/tensor-types";

/** The files of a model, shared by the model and its variants. */
export interface Weights {
  /** Hex SHA-256 of the blob. */
  readonly digest: string;
  readonly bytes: number;
  /** Header of the GGUF file; absent for MLX. */
  readonly metadata?: ModelMetadata;
  /** `model_info` of an MLX model. */
  readonly mlxInfo?: Readonly<Record<string, number | string>>;
  /** Its config.json and tensors, where more is known of an MLX model. */
  readonly mlx?: MlxFiles;
  readonly projector?: { readonly digest: string; readonly metadata: ModelMetadata };
}

export type ParameterValue = number | string | readonly string[];

/** A model as the stand-in server keeps it. */
export interface StandInModel {
  /** As `/api/tags` prints it, tag included. */
  readonly name: string;
  readonly modifiedAt: string;
  readonly format: "gguf" | "safetensors" | "";
  /** What its manifest says runs it. Default: as the format has it. */
  readonly runner?: "mlx" | "llamacpp" | "ggml";
  /** What Ollama from 0.40 on makes of its file when it's loaded first. */
  readonly converts?: Weights;
  /** In a list: the name it's shown under, where that isn't its own. */
  readonly shownAs?: string;
  readonly family: string;
  readonly parameterSize: string;
  readonly quantization: string;
  readonly contextLength?: number;
  readonly embeddingLength?: number;
  readonly capabilities: readonly string[];
  /** Absent for a cloud model. */
  readonly weights?: Weights;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly parentModel?: string;
  readonly template?: string;
  readonly system?: string;
  readonly license?: string;
  readonly renderer?: string;
  readonly parser?: string;
  readonly requires?: string;
  readonly remote?: { readonly host: string; readonly model: string };
  /** LoRA adapters and draft models: hex digests of their blobs. */
  readonly adapters?: readonly string[];
  /** Headers of adapters, by digest. */
  readonly adapterFiles?: ReadonlyMap<string, ModelMetadata>;
  /** So much of the end of its file, or of its largest tensor's, is not there; nothing of it where that's all. */
  readonly missingBytes?: number;
  readonly drafts?: readonly string[];
}

export interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly name?: string;
  readonly from?: string;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: "application/vnd.docker.distribution.manifest.v2+json";
  readonly config: Layer;
  readonly layers: readonly Layer[];
  readonly runner?: string;
  readonly format?: string;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Bytes of a GGUF file: its tensors and, as the header is not written for that, what headers of its kind weigh. */
export function fileBytes(metadata: ModelMetadata): number {
  let bytes = 0;
  for (const { type, shape } of metadata.tensors) bytes += Math.ceil((tensorBytes(type, shape) ?? 0) / 32) * 32;
  return bytes + HEADER_BYTES;
}

const HEADER_BYTES = 5_947_776;

/** The small blobs of a model, by digest. */
export function smallBlobs(model: StandInModel): ReadonlyMap<string, string> {
  const texts = [model.template, model.system, model.license].filter((text) => text !== undefined);
  const { mlx } = model.weights ?? {};
  const files = mlx ? [JSON.stringify(mlx.config)] : [];
  return new Map([configOf(model), ...paramsOf(model), ...texts, ...files].map((text) => [sha256(text), text]));
}

/** What follows from a model, which never changes, is worked out once: lists are asked for all the time. */
function once<T>(work: (model: StandInModel) => T): (model: StandInModel) => T {
  const known = new WeakMap<StandInModel, T>();
  return (model) => {
    const result = known.get(model) ?? work(model);
    known.set(model, result);
    return result;
  };
}

/** The manifest as Ollama stores it; `/api/tags` gives its SHA-256 as the model's digest. */
export const manifestOf = once((model): Manifest => {
  const layer = (kind: string, text: string): Layer => ({
    mediaType: `application/vnd.ollama.image.${kind}`,
    digest: `sha256:${sha256(text)}`,
    size: Buffer.byteLength(text),
  });
  const blob = (kind: string, digest: string, size: number): Layer => ({
    mediaType: `application/vnd.ollama.image.${kind}`,
    digest: `sha256:${digest}`,
    size,
    ...(model.parentModel ? { from: model.parentModel } : {}),
  });
  const { weights } = model;
  const config = configOf(model);
  return {
    schemaVersion: 2,
    mediaType: "application/vnd.docker.distribution.manifest.v2+json",
    config: {
      mediaType: "application/vnd.docker.container.image.v1+json",
      digest: `sha256:${sha256(config)}`,
      size: Buffer.byteLength(config),
    },
    layers: [
      ...(weights ? weightLayers(model, weights, blob) : []),
      ...(weights?.projector
        ? [blob("projector", weights.projector.digest, fileBytes(weights.projector.metadata))]
        : []),
      ...(model.adapters ?? []).map((digest) => {
        const file = model.adapterFiles?.get(digest);
        return blob("adapter", digest, file === undefined ? 1_000_000 : fileBytes(file));
      }),
      ...(model.drafts ?? []).map((digest) => blob("draft", digest, 1_000_000)),
      ...(model.template ? [layer("template", model.template)] : []),
      ...(model.system ? [layer("system", model.system)] : []),
      ...(model.license ? [layer("license", model.license)] : []),
      ...paramsOf(model).map((text) => layer("params", text)),
    ],
    ...(model.runner ? { runner: model.runner, format: model.format } : {}),
  };
});

/** The weights of a GGUF model are one layer; of an MLX model every tensor is one, and config.json. */
function weightLayers(
  { name, format }: StandInModel,
  { digest, bytes, mlx }: Weights,
  blob: (kind: string, digest: string, size: number) => Layer,
): readonly Layer[] {
  if (mlx === undefined) return [blob(format === "safetensors" ? "tensor" : "model", digest, bytes)];
  const config = JSON.stringify(mlx.config);
  const json = { ...blob("json", sha256(config), Buffer.byteLength(config)), name: "config.json" };
  return [
    ...mlx.tensors.map((tensor) => ({
      ...blob("tensor", sha256(`${name} ${tensor.name}`), tensor.bytes),
      name: tensor.name,
    })),
    json,
  ];
}

export const digestOf = once((model) => sha256(JSON.stringify(manifestOf(model))));

/** What `/api/tags` calls the size: all layers and the config, shared or not. */
export function sizeOf(model: StandInModel): number {
  const { config, layers } = manifestOf(model);
  return layers.reduce((sum, { size }) => sum + size, config.size);
}

function configOf(model: StandInModel): string {
  return JSON.stringify({
    model_format: model.format,
    model_family: model.family,
    model_families: [model.family],
    model_type: model.parameterSize,
    file_type: model.quantization,
    renderer: model.renderer,
    parser: model.parser,
    requires: model.requires,
    remote_host: model.remote?.host,
    remote_model: model.remote?.model,
  });
}

function paramsOf(model: StandInModel): readonly string[] {
  return Object.keys(model.parameters).length === 0 ? [] : [JSON.stringify(model.parameters)];
}

/** Whether Ollama lets it only embed (server/images.go, Capabilities). */
export function onlyEmbeds({ capabilities }: StandInModel): boolean {
  return capabilities.includes("embedding") && !capabilities.includes("completion");
}
