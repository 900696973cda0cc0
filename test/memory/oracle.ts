import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import type { KvCacheType, RunSettings, Runtime } from "../../src/memory/settings";

type RunRow = readonly [
  totalContext: number,
  parallel: number,
  type: KvCacheType,
  flashAttention: 0 | 1,
  batch: number,
  kvBytes: number,
  stateBytes: number,
  computeB10488: number,
  computeV050: number,
];

export type PackedMetadata = readonly (readonly [key: string, type: string, value: unknown])[];
export type PackedTensors = readonly (readonly [name: string, shape: number[], type: string])[];

interface PackedModel {
  readonly model: string;
  readonly metadata: PackedMetadata;
  readonly tensors: PackedTensors;
  readonly weights: number;
  readonly mapped: number;
  readonly runs: readonly RunRow[];
}

export interface OracleRun {
  readonly settings: Omit<RunSettings, "runtime">;
  readonly kvBytes: number;
  readonly stateBytes: number;
  readonly computeBytes: Readonly<Record<Runtime, number>>;
}

export interface OracleModel {
  readonly name: string;
  readonly header: ModelMetadata;
  /** As plain `/api/show` gives it: every array null. */
  readonly show: ModelMetadata;
  readonly weights: number;
  /** What Metal maps of the file with mmap. */
  readonly mapped: number;
  readonly runs: readonly OracleRun[];
}

/** What llama.cpp allocated for 34 models: packed by scripts/fixtures/compact-truth.ts. */
export function readOracle(): readonly OracleModel[] {
  const file = fileURLToPath(new URL("../fixtures/truth/models.json.gz", import.meta.url));
  return (JSON.parse(gunzipSync(readFileSync(file)).toString()) as PackedModel[]).map(unpack);
}

/** Metadata of a fixture; without its arrays as plain `/api/show` gives it: every array null. */
export function unpackMetadata(metadata: PackedMetadata, tensors: PackedTensors, keepArrays: boolean): ModelMetadata {
  return {
    values: new Map<string, MetadataValue>(
      metadata.map(([key, type, value]) => {
        if (type === "vocab") return [key, { omitted: true, length: Number(value) }];
        return [key, Array.isArray(value) && !keepArrays ? { omitted: true } : (value as MetadataValue)];
      }),
    ),
    tensors: tensors.map(([name, shape, type]) => ({ name, shape, type: type.toUpperCase() })),
  };
}

function unpack(packed: PackedModel): OracleModel {
  return {
    name: packed.model,
    header: unpackMetadata(packed.metadata, packed.tensors, true),
    show: unpackMetadata(packed.metadata, packed.tensors, false),
    weights: packed.weights,
    mapped: packed.mapped,
    runs: packed.runs.map(([total, parallel, kvCacheType, flash, batch, kvBytes, stateBytes, b10488, v050]) => ({
      // One run has a total that four slots do not divide; llama.cpp pads both to the same cells.
      settings: {
        numCtx: Math.ceil(total / parallel),
        parallel,
        kvCacheType,
        flashAttention: flash === 1 ? "on" : "off",
        batch,
      },
      kvBytes,
      stateBytes,
      computeBytes: { b10488, "v0.5.0": v050 },
    })),
  };
}
