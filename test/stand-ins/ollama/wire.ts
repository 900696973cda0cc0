import { isOmitted, type MetadataValue } from "../../../src/memory/metadata";
import type { MlxFiles } from "../../../src/memory/mlx/files";
import type { Abilities } from "./abilities";
import { runnerOf } from "./builds";
import { digestOf, type ParameterValue, sizeOf, type StandInModel } from "./model";

type Json = Record<string, unknown>;

/** A model that is in memory. */
export interface Resident {
  readonly model: StandInModel;
  readonly numCtx: number;
  readonly sizeBytes: number;
  readonly vramBytes: number;
  /** What it really takes, in all and of the GPU. */
  readonly realBytes: number;
  readonly gpuBytes: number;
  readonly loadedAt: Date;
  readonly expiresAt: Date;
  /** For how long it stays, as it was asked for. */
  readonly keepAlive?: unknown;
  /** What an MLX runner has read last. */
  readonly lastPrompt?: string;
  /** It's listed, but not loaded yet. */
  readonly isLoading?: true;
}

/** An entry of `/api/tags`. */
export function tagsEntry(model: StandInModel, can: Abilities): Json {
  const name = model.shownAs ?? model.name;
  return {
    name,
    model: name,
    ...(can.cloudModels && model.remote ? { remote_model: model.remote.model, remote_host: model.remote.host } : {}),
    modified_at: model.modifiedAt,
    size: sizeOf(model),
    digest: digestOf(model),
    details: {
      ...details(model),
      parent_model: can.richTags ? (model.parentModel ?? "") : "",
      ...(can.richTags && !model.remote
        ? { context_length: model.contextLength, embedding_length: model.embeddingLength }
        : {}),
      ...runnerIn(model, can),
    },
    ...(can.richTags ? { capabilities: model.capabilities } : {}),
  };
}

/** An entry of `/api/ps`; the parent is never named there. `grown` = by so many bytes since it was loaded. */
export function psEntry({ model, ...resident }: Resident, can: Abilities, grown = 0): Json {
  return {
    name: model.name,
    model: model.name,
    size: resident.sizeBytes + grown,
    digest: digestOf(model),
    details: { ...details(model), parent_model: "" },
    expires_at: resident.expiresAt.toISOString(),
    size_vram: resident.vramBytes + grown,
    ...(can.psContext ? { context_length: resident.numCtx } : {}),
    // What runs it says llama.cpp whatever the manifest has.
    ...(can.runners ? { runner: runnerOf(model) === "mlx" ? "mlx" : "llamacpp" } : {}),
  };
}

/** The answer of `/api/show`. */
export function showAnswer(model: StandInModel, verbose: boolean, can: Abilities, modelsFolder: string): Json {
  const { weights } = model;
  const tensors = weights?.metadata?.tensors.map(({ name, type, shape }) => ({ name, type, shape }));
  const mlxTensors = weights?.mlx
    ? shownTensors(weights.mlx)
    : [{ name: "model.layers.0.mlp.up_proj.weight", type: "U32", shape: [17408, 640] }];
  const projector = weights?.projector?.metadata.values;
  return {
    license: model.license ?? "",
    modelfile: modelfile(model, modelsFolder),
    ...(Object.keys(model.parameters).length > 0 ? { parameters: parameterLines(model.parameters) } : {}),
    template: model.template ?? "",
    ...(model.system ? { system: model.system } : {}),
    details: {
      ...details(model),
      parent_model: model.parentModel ?? "",
      ...runnerIn(model, can),
    },
    model_info: modelInfo(model, verbose, can),
    ...(projector ? { projector_info: infoOf(projector, verbose, can) } : {}),
    ...(tensors
      ? can.leavesOutTensors && !verbose
        ? {}
        : { tensors }
      : weights?.mlxInfo && verbose
        ? { tensors: mlxTensors }
        : {}),
    capabilities: model.capabilities,
    modified_at: model.modifiedAt,
    ...(can.requires && model.requires ? { requires: model.requires } : {}),
    ...(can.cloudModels && model.remote ? { remote_model: model.remote.model, remote_host: model.remote.host } : {}),
  };
}

/** Bits of a packed weight. */
const PACKED = 4;

/** Tensors of an MLX model as show prints them: weights alone, unpacked, without scales. */
function shownTensors({ tensors }: MlxFiles): readonly Json[] {
  return tensors.flatMap(({ name, shape, type }) => {
    if (shape === undefined || /\.(?:scales|biases)$/.test(name)) return [];
    const [out = 0, ...rest] = shape;
    const packed = type === "U32" && rest.length === 1;
    return [
      {
        name: name.replace(/^language_model\./, ""),
        type: packed ? "nvfp4" : type,
        shape: packed ? [out, ((rest[0] ?? 0) * 32) / PACKED] : shape,
      },
    ];
  });
}

function runnerIn(model: StandInModel, can: Abilities): Json {
  const runner = runnerOf(model);
  return can.runners && runner !== undefined ? { runner } : {};
}

function details(model: StandInModel): Json {
  return {
    parent_model: "",
    format: model.format,
    family: model.family,
    families: model.remote ? null : [model.family],
    parameter_size: model.parameterSize,
    quantization_level: model.quantization,
  };
}

function modelInfo(model: StandInModel, verbose: boolean, can: Abilities): Json {
  const { weights } = model;
  if (model.remote) {
    return { "general.architecture": model.family, [`${model.family}.context_length`]: 131072 };
  }
  if (!weights?.metadata) return { ...weights?.mlxInfo };
  const parameters = weights.metadata.tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1),
    0,
  );
  return { ...infoOf(weights.metadata.values, verbose, can), "general.parameter_count": parameters };
}

/** GGUF keys as show prints them: sorted, no name and chat template, arrays null unless verbose. */
function infoOf(values: ReadonlyMap<string, MetadataValue>, verbose: boolean, can: Abilities): Json {
  const shown = [...values]
    .filter(([key]) => key !== "general.name" && key !== "tokenizer.chat_template")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]): [string, unknown] => [
      key,
      typeof value === "object" && !verbose ? brief(value, can) : whole(value),
    ]);
  return Object.fromEntries(shown);
}

/** Before 0.6.7 arrays came along, whatever was asked. */
function brief(value: MetadataValue, can: Abilities): unknown {
  return can.leavesOutArrays ? null : whole(value);
}

function whole(value: MetadataValue): unknown {
  if (isOmitted(value)) return Array.from({ length: value.length ?? 0 }, (_, index) => `tok${index}`);
  return typeof value === "bigint" ? Number(value) : value;
}

function modelfile(model: StandInModel, modelsFolder: string): string {
  const blob = (digest: string) => `${modelsFolder}/blobs/sha256-${digest}`;
  const parameters = Object.entries(model.parameters).flatMap(([name, value]) =>
    (typeof value === "object" ? value : [value]).map(
      (one) => `PARAMETER ${name} ${typeof one === "number" ? goNumber(one) : quoted(one)}`,
    ),
  );
  const { weights } = model;
  const lines = [
    '# Modelfile generated by "ollama show"',
    ...(model.format === "safetensors"
      ? [`FROM ${model.name}`]
      : ["# To build a new Modelfile based on this, replace FROM with:", `# FROM ${model.name}`, ""]),
    ...(weights && model.format !== "safetensors" ? [`FROM ${blob(weights.digest)}`] : []),
    ...(model.adapters ?? []).map((digest) => `ADAPTER ${blob(digest)}`),
    ...(model.drafts ?? []).map((digest) => `DRAFT ${blob(digest)}`),
    ...(weights?.projector ? [`FROM ${blob(weights.projector.digest)}`] : []),
    ...(model.template ? [`TEMPLATE ${quoted(model.template)}`] : []),
    ...(model.system ? [`SYSTEM ${quoted(model.system)}`] : []),
    ...(model.renderer ? [`RENDERER ${model.renderer}`] : []),
    ...(model.parser ? [`PARSER ${model.parser}`] : []),
    ...parameters,
    ...(model.license ? [`LICENSE ${quoted(model.license)}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** Quotes only where a text has line breaks or outer spaces, three of them where it has quotes itself. */
function quoted(text: string): string {
  if (!/\n|^ | $/.test(text)) return text;
  return text.includes('"') ? `"""${text}"""` : `"${text}"`;
}

function parameterLines(parameters: StandInModel["parameters"]): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) => parameterTexts(value).map((text) => `${name.padEnd(30)} ${text}`))
    .join("\n");
}

/** As Go prints values with %#v: texts quoted. */
function parameterTexts(value: ParameterValue): readonly string[] {
  if (typeof value === "number") return [goNumber(value)];
  return (typeof value === "string" ? [value] : value).map((text) => JSON.stringify(text));
}

/** Parameters are floating-point numbers to Go, which have an exponent from a million on. */
function goNumber(value: number): string {
  return Math.abs(value) < 1e6 ? String(value) : value.toExponential().replace(/e\+(\d)$/, "e+0$1");
}
