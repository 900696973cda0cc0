import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { MlxFiles } from "../../../src/memory/mlx/files";

type RunRow = readonly [tokens: number, generated: number, step: number, kv: number, state: number, peak: number];

interface PackedModel {
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly (readonly [name: string, shape: number[], type: string])[];
  readonly weights: number;
  readonly runs: readonly RunRow[];
}

export interface MlxOracleRun {
  readonly tokens: number;
  readonly generated: number;
  readonly prefillStep: number;
  readonly kvBytes: number;
  readonly stateBytes: number;
  /** The most that all caches held at any time. */
  readonly peakBytes: number;
}

export interface MlxOracleModel {
  readonly name: string;
  readonly files: MlxFiles;
  readonly weights: number;
  readonly runs: readonly MlxOracleRun[];
}

/** What the caches of mlx-lm held for 29 models: packed by scripts/fixtures/compact-mlx-truth.ts. */
export function readMlxOracle(): readonly MlxOracleModel[] {
  return read("models.json.gz");
}

/** The same for a small model of every type: measured by scripts/fixtures/measure_mlx_caches.py. */
export function readMlxModelTypes(): readonly MlxOracleModel[] {
  return read("model-types.json.gz");
}

const opened = new Map<string, readonly MlxOracleModel[]>();

function read(name: string): readonly MlxOracleModel[] {
  const earlier = opened.get(name);
  if (earlier !== undefined) return earlier;
  const file = fileURLToPath(new URL(`../../fixtures/truth-mlx/${name}`, import.meta.url));
  const models = (JSON.parse(gunzipSync(readFileSync(file)).toString()) as PackedModel[]).map(unpack);
  opened.set(name, models);
  return models;
}

/** Bytes of an element of each type that MLX stores. */
const TYPE_BYTES: Readonly<Record<string, number>> = { BF16: 2, F16: 2, F32: 4, U32: 4, U8: 1 };

function unpack({ model, config, tensors, weights, runs }: PackedModel): MlxOracleModel {
  return {
    name: model,
    files: {
      config,
      tensors: tensors.map(([name, shape, type]) => ({
        name,
        shape,
        type,
        bytes: shape.reduce((product, side) => product * side, TYPE_BYTES[type] ?? Number.NaN),
      })),
    },
    weights,
    runs: runs.map(([tokens, generated, prefillStep, kvBytes, stateBytes, peakBytes]) => ({
      tokens,
      generated,
      prefillStep,
      kvBytes,
      stateBytes,
      peakBytes,
    })),
  };
}

export function oracleModel(name: string): MlxOracleModel {
  const model = readMlxOracle().find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`There is no oracle of ${name}.`);
  return model;
}
