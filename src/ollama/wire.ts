import type { InstalledModel, LoadedModel, ModelDescription, ModelParameters } from "../fit/facts";
import { isObject, type JsonObject } from "../memory/json-object";
import type { MetadataValue, ModelMetadata, TensorInfo } from "../memory/metadata";
import { oneLine } from "../fit/one-line";
import { buildKey } from "../fit/model-builds";
import { parseModelName } from "../fit/model-name";
import { modelFormat, type ModelRunner, modelRunner } from "../fit/model-runner";
import { distinctBuilds } from "./builds";
import { present } from "./present";
import { OllamaProblem } from "./problems";

const MOST_MODELS = 5_000;
const MOST_BUILDS = 32;
const MOST_TENSORS = 65_536;
const MOST_LABEL_CHARACTERS = 100;

/** A text as it is, line breaks and all: for what is read further, not for people. */
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
/** One short line for people. */
export const label = (value: unknown): string | undefined =>
  typeof value === "string" ? text(oneLine(value, MOST_LABEL_CHARACTERS)) : undefined;
/** A model name that Ollama itself would take. Others can't come from an honest server, and could run on a paste. */
const modelName = (value: unknown): string | undefined =>
  typeof value === "string" && parseModelName(value) !== undefined ? value : undefined;
/** The model that one was made from; a digest in the place of a name, as of one build of several, says nothing. */
const parentName = (value: unknown): string | undefined =>
  /^(?:sha256-|\w+:)[0-9a-f]{64}(?::latest)?$/.test(String(value)) ? undefined : modelName(value);
const size = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
export const labels = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value.slice(0, 50) : []).map(label).filter((each) => each !== undefined);

function list(answer: unknown): readonly JsonObject[] {
  const models = isObject(answer) ? answer["models"] : undefined;
  // A server without models sends null on old releases.
  if (isObject(answer) && models === null) return [];
  if (!Array.isArray(models)) throw new OllamaProblem("not-ollama", "The server answers, but not like Ollama.");
  return models.slice(0, MOST_MODELS).filter(isObject);
}

/** Builds of `/api/tags`; entries without a digest or with a name that Ollama would refuse are left out. */
export function readInstalledModels(answer: unknown): readonly InstalledModel[] {
  const rows = list(answer).flatMap((entry): InstalledModel[] => {
    const name = modelName(entry["name"]) ?? modelName(entry["model"]);
    const digest = label(entry["digest"]);
    if (name === undefined || digest === undefined) return [];
    const details = isObject(entry["details"]) ? entry["details"] : {};
    const format = modelFormat(label(details["format"]));
    const trained = size(details["context_length"]);
    return [
      {
        name,
        digest,
        sizeBytes: size(entry["size"]) ?? 0,
        format,
        families: labels(details["families"]),
        capabilities: labels(entry["capabilities"]),
        cloud: Boolean(entry["remote_host"]) || /:(?:.*-)?cloud$/i.test(name),
        ...present({
          runner: modelRunner(label(details["runner"]), format),
          modifiedAt: label(entry["modified_at"]),
          family: label(details["family"]),
          parameterSize: label(details["parameter_size"]),
          quantization: label(details["quantization_level"]),
          trainedContext: trained === 0 ? undefined : trained,
          parentModel: parentName(details["parent_model"]),
        }),
      },
    ];
  });
  return distinctBuilds(rows);
}

/**
 * Models of `/api/ps`; entries without their sizes are left out, as they could not be told from a spill, and a build that's
 * listed twice is loaded once.
 */
export function readLoadedModels(answer: unknown): readonly LoadedModel[] {
  const rows = list(answer).flatMap((entry): LoadedModel[] => {
    const name = modelName(entry["name"]) ?? modelName(entry["model"]);
    const bytes = size(entry["size"]);
    const vram = size(entry["size_vram"]);
    if (name === undefined || bytes === undefined || vram === undefined) return [];
    const details = isObject(entry["details"]) ? entry["details"] : {};
    return [
      {
        name,
        digest: label(entry["digest"]) ?? "",
        sizeBytes: bytes,
        vramBytes: vram,
        ...present({
          runner: modelRunner(label(entry["runner"]), modelFormat(label(details["format"]))),
          contextLength: size(entry["context_length"]) || undefined,
          expiresAt: label(entry["expires_at"]),
        }),
      },
    ];
  });
  return [...new Map(rows.map((row) => [`${buildKey(row)} ${row.runner ?? ""}`, row])).values()];
}

/** A build of a name, as show mentions it beside the one that it describes. */
export interface ShownBuild {
  readonly runner: ModelRunner;
  /** Hex SHA-256 of its manifest; absent where it isn't told. */
  readonly digest?: string;
  /** The file it runs, as the server names it. */
  readonly weightsFile?: string;
}

/** What show says of one build, and which others its name has. */
export interface ShownModel extends ModelDescription {
  /** Where the name has several builds on the server: all of them. */
  readonly builds: readonly ShownBuild[];
}

/** The builds that `/api/show` lists under `manifests`: in short beside a build's description, or with `all_manifests` whole. */
export function readShownBuilds(answer: unknown): readonly ShownBuild[] {
  const listed = isObject(answer) ? answer["manifests"] : undefined;
  if (!Array.isArray(listed)) return [];
  return listed.slice(0, MOST_BUILDS).flatMap((entry: unknown) => {
    if (!isObject(entry)) return [];
    const details = isObject(entry["details"]) ? entry["details"] : {};
    const format = modelFormat(label(entry["format"]) ?? label(details["format"]));
    const runner = modelRunner(label(entry["runner"]) ?? label(details["runner"]), format);
    if (runner === undefined) return [];
    const { from } = fromLines(text(entry["modelfile"]) ?? "");
    return [{ runner, ...present({ digest: manifestDigest(entry["digest"]), weightsFile: from[0] }) }];
  });
}

const manifestDigest = (value: unknown): string | undefined =>
  typeof value === "string" ? /^(?:sha256[:-])?([0-9a-f]{64})$/i.exec(value)?.[1]?.toLowerCase() : undefined;

/** `/api/show` as metadata and parameters. Throws where it holds no metadata at all. */
export function readDescription(answer: unknown, verbose: boolean): ShownModel {
  if (!isObject(answer) || !isObject(answer["model_info"])) {
    throw new OllamaProblem("bad-answer", "Ollama's answer holds no metadata of the model.");
  }
  const modelfile = text(answer["modelfile"]);
  const sources = fromLines(modelfile ?? "");
  return {
    metadata: { values: readValues(answer["model_info"]), tensors: readTensors(answer["tensors"]) },
    metadataSource: verbose ? "show-verbose" : "show",
    parameters: readParameters(text(answer["parameters"]) ?? ""),
    capabilities: labels(answer["capabilities"]),
    // The first FROM is the model, further ones are projectors, whose size a remote server does not tell.
    projectors: sources.from.slice(1).map((path) => ({ path })),
    adapters: sources.adapters.map((path) => ({ path })),
    drafts: sources.drafts,
    builds: readShownBuilds(answer),
    ...present({
      parentModel: isObject(answer["details"]) ? parentName(answer["details"]["parent_model"]) : undefined,
      weightsFile: sources.from[0],
      requires: label(answer["requires"]),
      modelfile,
    }),
  };
}

/** Paths behind FROM, ADAPTER and DRAFT of the Modelfile that show gives. */
export function fromLines(modelfile: string): {
  readonly from: readonly string[];
  readonly adapters: readonly string[];
  readonly drafts: readonly string[];
} {
  const from: string[] = [];
  const adapters: string[] = [];
  const drafts: string[] = [];
  const lists = new Map([
    ["FROM", from],
    ["ADAPTER", adapters],
    ["DRAFT", drafts],
  ]);
  for (const line of modelfile.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const instruction = line.trimEnd();
    const end = instruction.search(/[ \t]/);
    const list = lists.get(instruction.slice(0, Math.max(0, end)));
    // These come first; behind them stand texts that could hold lines of any kind.
    if (list === undefined) break;
    list.push(instruction.slice(end).trimStart());
  }
  return { from, adapters, drafts };
}

function readValues(info: JsonObject): ModelMetadata["values"] {
  const values = new Map<string, MetadataValue>();
  for (const [key, value] of Object.entries(info)) {
    if (value === null) values.set(key, { omitted: true });
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      values.set(key, value);
    // Vocabularies are megabytes and decide nothing.
    else if (Array.isArray(value) && key.startsWith("tokenizer."))
      values.set(key, { omitted: true, length: value.length });
    // With elements missing, those behind them would belong to other layers.
    else if (Array.isArray(value))
      values.set(key, value.every(isPlain) ? value : { omitted: true, length: value.length });
  }
  return values;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function readTensors(tensors: unknown): readonly TensorInfo[] {
  if (!Array.isArray(tensors)) return [];
  if (tensors.length > MOST_TENSORS) throw new OllamaProblem("bad-answer", "The model lists too many tensors.");
  return tensors.map((entry: unknown) => {
    const tensor = isObject(entry) ? entry : {};
    const shape = tensor["shape"];
    const name = text(tensor["name"]);
    const type = text(tensor["type"]);
    if (
      name === undefined ||
      type === undefined ||
      !Array.isArray(shape) ||
      !shape.every((side) => size(side) !== undefined)
    ) {
      throw new OllamaProblem("bad-answer", "Ollama's list of the model's tensors is damaged.");
    }
    return { name, type: type.toUpperCase(), shape: shape as number[] };
  });
}

const NUMBERS = {
  num_ctx: "numCtx",
  num_gpu: "numGpu",
  num_batch: "numBatch",
  draft_num_predict: "draftNumPredict",
} as const;

/** The parameters that change memory: one "name value" line each, numbers maybe as 1.048576e+06. */
export function readParameters(parameters: string): ModelParameters {
  const numbers: Record<string, number> = {};
  const unreadable: string[] = [];
  for (const line of parameters.split("\n")) {
    const name = /^\S+/.exec(line)?.[0] as keyof typeof NUMBERS | undefined;
    if (name === undefined || !Object.hasOwn(NUMBERS, name)) continue;
    const text = line.slice(name.length).trim();
    // Ollama cuts a fraction off (api/types.go, FromMap).
    const value = text === "" ? Number.NaN : Math.trunc(Number(text));
    if (Number.isSafeInteger(value)) numbers[NUMBERS[name]] = value;
    else unreadable.push(name);
  }
  return { ...numbers, unreadable };
}
