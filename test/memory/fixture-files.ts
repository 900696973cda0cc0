import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import type { KvCacheType, RunSettings, Runtime } from "../../src/memory/settings";

type Row = readonly [
  totalContext: number,
  batch: number,
  parallel: number,
  type: KvCacheType,
  flashAttention: RunSettings["flashAttention"],
  kvBytes: number,
  stateBytes: number,
  computeV050: number,
  computeB10488: number | null,
  mapped: number | null,
];

interface Packed {
  readonly model: string;
  readonly metadata: readonly (readonly [key: string, value: MetadataValue])[];
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], type: string])[];
  readonly runs: readonly Row[];
}

export interface MeasuredRun {
  readonly settings: Omit<RunSettings, "runtime">;
  readonly kvBytes: number;
  readonly stateBytes: number;
  /** Absent where only the other rules were measured. */
  readonly computeBytes: Readonly<Partial<Record<Runtime, number>>>;
  /** What Metal maps of the file; absent for a model that was made in memory. */
  readonly mapped?: number;
}

export interface MeasuredFile {
  readonly name: string;
  readonly metadata: ModelMetadata;
  readonly runs: readonly MeasuredRun[];
}

/** Small files of many architectures: packed by scripts/fixtures/compact-architectures.ts. */
export function readMeasuredFiles(): readonly MeasuredFile[] {
  const file = fileURLToPath(new URL("../fixtures/architectures/models.json.gz", import.meta.url));
  return (JSON.parse(gunzipSync(readFileSync(file)).toString()) as Packed[]).map(
    ({ model, metadata, tensors, runs }) => ({
      name: model,
      metadata: {
        values: new Map(metadata),
        tensors: tensors.map(([name, shape, type]) => ({ name, shape, type: type.toUpperCase() })),
      },
      runs: runs.map(([total, batch, parallel, kvCacheType, flashAttention, kv, state, v050, b10488, mapped]) => ({
        settings: { numCtx: Math.ceil(total / parallel), parallel, batch, kvCacheType, flashAttention },
        kvBytes: kv,
        stateBytes: state,
        computeBytes: { "v0.5.0": v050, b10488: b10488 ?? undefined },
        mapped: mapped ?? undefined,
      })),
    }),
  );
}
