import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MetadataValue, ModelMetadata } from "../../../src/memory/metadata";
import { ggufModel, measuredModel, mlxModel, sampleModel, type StandInModel } from "../../stand-ins/ollama";
import { sha256 } from "../../stand-ins/ollama/model";
import type { WorldModel } from "./schema";

/** A model of a world file; other files are named from `folder`. */
export function modelOf(model: WorldModel, folder: string): StandInModel {
  if (typeof model === "string") return sampleModel(model);
  const { name, parameters, requires, parentModel, capabilities, system, quantization, parameterSize } = model;
  const base = baseOf(model, folder);
  const adapterFiles = new Map(
    model.adapters?.map((file) => [sha256(`adapter ${file}`), readMetadata(join(folder, file))] as const),
  );
  // A file of another name is another file, unless it is a variant.
  const label = [name, model.runner].filter((part) => part !== undefined).join(" ");
  const weights = name === undefined || parentModel !== undefined ? base.weights : renamed(base.weights, label);
  const { projector } = model;
  return {
    ...base,
    name: name ?? base.name,
    weights: weights && {
      ...weights,
      projector:
        projector === undefined
          ? weights.projector
          : { digest: sha256(`projector ${projector}`), metadata: readMetadata(join(folder, projector)) },
    },
    parameters: parameters ?? base.parameters,
    runner: model.runner,
    converts: model.converts ? renamed(weights, `${label} converted`) : undefined,
    requires: requires ?? base.requires,
    capabilities: capabilities ?? base.capabilities,
    quantization: quantization ?? base.quantization,
    parameterSize: parameterSize ?? base.parameterSize,
    parentModel,
    system,
    adapters: model.adapters && [...adapterFiles.keys()],
    adapterFiles,
    missingBytes: model.missingBytes,
  };
}

const TEXT = ["completion", "tools"] as const;

function baseOf(model: Exclude<WorldModel, string>, folder: string): StandInModel {
  const { sample, measured, file, mlx: measuredMlx, mlxGib, weightBytes } = model;
  if (sample !== undefined) return sampleModel(sample);
  if (measured !== undefined) return fromHeader(measuredModel(measured), measured);
  if (file !== undefined) return fromHeader(readMetadata(join(folder, file)), file.replace(/\.json$/, ""));
  if (measuredMlx !== undefined) return mlxModel(measuredMlx, weightBytes);
  const name = model.name ?? "model:mlx";
  const mlx = sampleModel("qwen3.6:27b-mlx");
  const bytes = Math.round((mlxGib ?? 0) * 1024 ** 3);
  return {
    ...mlx,
    name,
    weights: mlx.weights && { ...mlx.weights, mlx: undefined, digest: sha256(`blob ${name}`), bytes },
  };
}

function fromHeader(metadata: ModelMetadata, name: string): StandInModel {
  return ggufModel(metadata, { name, parameterSize: "8B", quantization: "Q4_K_M", capabilities: TEXT });
}

function renamed(weights: StandInModel["weights"], name: string): StandInModel["weights"] {
  return weights && { ...weights, digest: sha256(`blob ${name}`) };
}

/**
 * A header as JSON: `metadata` as [key, value] or [key, type, value], `tensors` as [name, shape, type]. A list of tokens
 * may be written as `{"omitted": true, "length": 128000}`, or as type `vocab` with its length.
 */
function readMetadata(path: string): ModelMetadata {
  const file = JSON.parse(readFileSync(path, "utf8")) as {
    readonly metadata: readonly (readonly [string, unknown] | readonly [string, string, unknown])[];
    readonly tensors: readonly (readonly [string, number[], string])[];
  };
  const values = file.metadata.map(([key, second, third]): [string, MetadataValue] =>
    second === "vocab" ? [key, { omitted: true, length: Number(third) }] : [key, (third ?? second) as MetadataValue],
  );
  const tensors = file.tensors.map(([name, shape, type]) => ({ name, shape, type: type.toUpperCase() }));
  return { values: new Map(values), tensors };
}
