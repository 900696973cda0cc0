import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { estimate } from "../src/memory/estimate";
import type { KnownEstimate } from "../src/memory/estimate-types";
import type { MetadataValue, ModelMetadata } from "../src/memory/metadata";
import { type KvCacheType, type RunSettings, RUNTIMES, type Runtime } from "../src/memory/settings";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** GPU limits that verdicts are counted over. */
const LIMITS = [12, 18, 25, 38, 48, 52, 56, 78, 110, 168].map((gib) => gib * GIB);

/** A file of llama.cpp's measured allocations, as far as it is read here. */
interface MeasuredModel {
  readonly model: string;
  readonly metadata: readonly (readonly [key: string, type: string, value: unknown])[];
  readonly tensors: readonly (readonly [name: string, shape: number[], type: string])[];
  readonly weights: { readonly nommap_gpu_bytes: number };
  readonly runs: readonly MeasuredRun[];
}

interface MeasuredRun {
  readonly settings: {
    readonly n_ctx: number;
    readonly n_batch: number;
    readonly n_ubatch: number;
    readonly n_parallel: number;
    readonly kv_unified: boolean;
    readonly flash_attn: boolean;
    readonly type_k: string;
    readonly type_v: string;
    readonly n_outputs_max: number;
    readonly swa_full: boolean;
    readonly embeddings: boolean;
  };
  readonly error?: string;
  readonly kv_bytes: number;
  readonly recurrent_bytes: number;
  readonly compute_gpu_bytes: number;
  readonly compute_gpu_bytes_b10488: number;
}

export interface AccuracyRow {
  readonly model: string;
  readonly runtime: Runtime;
  readonly runs: number;
  /** Runs whose compute buffer is met to the byte. */
  readonly exact: number;
  /** Share of the true total, by size; and the extremes with their sign. */
  readonly p99: number;
  readonly largest: number;
  readonly mostUnder: number;
  /** Largest difference in bytes, with its sign. */
  readonly largestBytes: number;
  /** Runs whose true total lies outside of the band. */
  readonly outsideBand: number;
  readonly falseFits: number;
  readonly falseSpills: number;
  /** Verdicts that are too close to call, of all. */
  readonly tight: number;
  /** Runs or models that came out Unknown. */
  readonly unknown: number;
}

interface Case {
  readonly truth: number;
  readonly sum: KnownEstimate;
  readonly exact: boolean;
}

/**
 * How well the estimates meet llama.cpp's measured allocations: one row for each model file in the folder and each
 * runtime, and two for all of them. Only runs that Ollama can produce count.
 */
export function accuracy(folder: string): readonly AccuracyRow[] {
  const models = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as MeasuredModel);
  return RUNTIMES.flatMap((runtime) => {
    const perModel = models.map((model) => ({ model: model.model, ...casesOf(model, runtime) }));
    const all = {
      model: "all",
      cases: perModel.flatMap(({ cases }) => cases),
      unknown: perModel.reduce((sum, { unknown }) => sum + unknown, 0),
    };
    return [...perModel, all].map((group) => rowOf(group.model, runtime, group.cases, group.unknown));
  });
}

function casesOf(
  model: MeasuredModel,
  runtime: Runtime,
): { readonly cases: readonly Case[]; readonly unknown: number } {
  const metadata = metadataOf(model);
  const counted = model.runs.filter(counts);
  const cases = counted.flatMap((run): readonly Case[] => {
    const sum = estimate(metadata, settingsOf(run, runtime));
    if (sum.kind === "unknown") return [];
    const compute = runtime === "b10488" ? run.compute_gpu_bytes_b10488 : run.compute_gpu_bytes;
    const truth = model.weights.nommap_gpu_bytes + run.kv_bytes + run.recurrent_bytes + compute;
    return [{ truth, sum, exact: sum.compute === compute }];
  });
  return { cases, unknown: counted.length - cases.length };
}

function metadataOf({ metadata, tensors }: MeasuredModel): ModelMetadata {
  return {
    values: new Map(
      metadata.map(([key, type, value]): [string, MetadataValue] =>
        type === "vocab" ? [key, { omitted: true, length: Number(value) }] : [key, value as MetadataValue],
      ),
    ),
    tensors: tensors.map(([name, shape, type]) => ({ name, shape, type: type.toUpperCase() })),
  };
}

function counts({ settings, error }: MeasuredRun): boolean {
  const allLogits = settings.n_outputs_max === 0 && !settings.embeddings;
  const isOllamas = !settings.kv_unified && !settings.swa_full && !allLogits;
  return error === undefined && isOllamas && settings.type_k === settings.type_v;
}

function settingsOf({ settings }: MeasuredRun, runtime: Runtime): RunSettings {
  return {
    numCtx: Math.ceil(settings.n_ctx / settings.n_parallel),
    parallel: settings.n_parallel,
    kvCacheType: settings.type_k as KvCacheType,
    flashAttention: settings.flash_attn ? "on" : "off",
    batch: Math.min(settings.n_batch, settings.n_ubatch),
    runtime,
  };
}

function rowOf(model: string, runtime: Runtime, cases: readonly Case[], unknown: number): AccuracyRow {
  const errors = cases.map(({ truth, sum }) => (sum.total - truth) / truth);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const byBytes = cases.map(({ truth, sum }) => sum.total - truth).sort((a, b) => Math.abs(b) - Math.abs(a));
  const verdicts = cases.flatMap((item) => LIMITS.map((limit) => verdictOf(item, limit)));
  return {
    model,
    runtime,
    runs: cases.length,
    exact: cases.filter(({ exact }) => exact).length,
    p99: sizes[Math.floor(sizes.length * 0.99)] ?? 0,
    largest: sizes.at(-1) ?? 0,
    mostUnder: Math.min(0, ...errors),
    largestBytes: byBytes[0] ?? 0,
    outsideBand: cases.filter(({ truth, sum }) => Math.abs(sum.total - truth) > sum.uncertainty).length,
    falseFits: verdicts.filter((verdict) => verdict === "false fits").length,
    falseSpills: verdicts.filter((verdict) => verdict === "false spills").length,
    tight: verdicts.filter((verdict) => verdict === "tight").length / Math.max(1, verdicts.length),
    unknown,
  };
}

function verdictOf({ truth, sum }: Case, limit: number): "right" | "false fits" | "false spills" | "tight" {
  if (sum.total + sum.uncertainty <= limit) return truth <= limit ? "right" : "false fits";
  if (sum.total - sum.uncertainty > limit) return truth > limit ? "right" : "false spills";
  return "tight";
}

/** The rows as a table for people. */
export function accuracyTable(rows: readonly AccuracyRow[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const header =
    "model|runtime|runs|exact|p99|largest|most under|MiB|outside band|false fits|false spills|tight|unknown".split("|");
  const lines = rows.map((row) => [
    row.model,
    row.runtime,
    String(row.runs),
    String(row.exact),
    percent(row.p99),
    percent(row.largest),
    percent(row.mostUnder),
    (row.largestBytes / MIB).toFixed(1),
    String(row.outsideBand),
    String(row.falseFits),
    String(row.falseSpills),
    percent(row.tight),
    String(row.unknown),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [header, ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .join("\n");
}

const [, script, folder] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (folder === undefined) throw new Error("Give the folder of measured models.");
  process.stdout.write(`${accuracyTable(accuracy(folder))}\n`);
}
