import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { described, inputFor, installed, llama, measured, oracle } from "../fit/inputs";
import { judge } from "../../src/fit/verdict";
import { GIB } from "../../src/fit/units";
import { estimate } from "../../src/memory/estimate";
import type { KnownEstimate } from "../../src/memory/estimate-types";
import type { ModelMetadata } from "../../src/memory/metadata";
import type { KvCacheType, RunSettings } from "../../src/memory/settings";
import { type PackedMetadata, type PackedTensors, unpackMetadata } from "./oracle";

type Row = readonly [
  numCtx: number,
  batch: number,
  type: KvCacheType,
  drafted: number,
  mapped: number,
  mappedWithout: number,
  kvMain: number,
  kvDraft: number,
  state: number,
  stateWithout: number,
  computeMain: number,
  computeDraft: number,
];

interface Packed {
  readonly model: string;
  readonly metadata: PackedMetadata;
  readonly tensors: PackedTensors;
  readonly runs: readonly Row[];
}

const file = fileURLToPath(new URL("../fixtures/mtp/models.json.gz", import.meta.url));
const models = (JSON.parse(gunzipSync(readFileSync(file)).toString()) as Packed[]).map(
  ({ model, metadata, tensors, runs }) => ({ name: model, runs, header: unpackMetadata(metadata, tensors, true) }),
);

function known(metadata: ModelMetadata, settings: RunSettings): KnownEstimate {
  const sum = estimate(metadata, settings);
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

const settings = ([numCtx, batch, kvCacheType]: Row): RunSettings => ({
  numCtx,
  batch,
  kvCacheType,
  parallel: 1,
  flashAttention: "auto",
  runtime: "v0.5.0",
});

describe.each(models)("$name, drafting for itself", ({ header, runs }) => {
  it("has weights, both caches and the copies of its state to the byte, and both compute buffers within 5 %", () => {
    for (const row of runs) {
      const [, , , drafted, mapped, , kvMain, kvDraft, state, , computeMain, computeDraft] = row;
      const sum = known(header, { ...settings(row), draftNumPredict: drafted });
      expect([sum.mappedWeights, sum.kvCache, sum.recurrentState]).toEqual([mapped, kvMain + kvDraft, state]);
      const compute = computeMain + computeDraft;
      expect(Math.abs(sum.compute - compute)).toBeLessThanOrEqual(0.05 * compute);
      expect(Math.abs(sum.compute - compute)).toBeLessThanOrEqual(sum.uncertainty);
    }
  });

  it("loads, keeps and computes nothing of it without drafting", () => {
    for (const row of runs) {
      const [, , , , , mapped, kvMain, , , state, computeMain] = row;
      const sum = known(header, settings(row));
      expect([sum.mappedWeights, sum.kvCache, sum.recurrentState]).toEqual([mapped, kvMain, state]);
      expect(Math.abs(sum.compute - computeMain)).toBeLessThanOrEqual(sum.uncertainty);
    }
  });
});

describe("drafting", () => {
  const plain = measured("qwen3-8b").header;
  const [first] = models;
  if (first === undefined) throw new Error("There is no measured model that drafts.");

  it("is ignored by a model without prediction layers, as Ollama does", () => {
    const run = settings([8192, 512, "f16", 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(known(plain, { ...run, draftNumPredict: 4 })).toEqual(known(plain, run));
  });

  it("is Unknown for a number llama.cpp does not take, and for layers of Ollama's former converter", () => {
    const run = { ...settings([8192, 512, "f16", 4, 0, 0, 0, 0, 0, 0, 0, 0]), draftNumPredict: 1.5 };
    expect(estimate(first.header, run)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("1.5") });
    const legacy = { ...plain, tensors: [...plain.tensors, { name: "mtp.fc.weight", type: "F16", shape: [8, 8] }] };
    expect(estimate(legacy, { ...run, draftNumPredict: 4 })).toMatchObject({ kind: "unknown" });
    expect(estimate(legacy, { ...run, draftNumPredict: 0 })).toMatchObject({ kind: "known" });
  });

  it("is judged where the Modelfile turns it on, and said in the settings", () => {
    const from = oracle.find(({ name }) => name === "qwen3.5-27b") ?? oracle[0];
    if (from === undefined) throw new Error("There is no measured model.");
    const input = (draftNumPredict: number | undefined) =>
      inputFor(from, 100 * GIB, {
        model: installed(from),
        options: { context: 32_768 },
        description: described(first.header, { parameters: { draftNumPredict, unreadable: [] } }),
      });
    const [off, on] = [llama(judge(input(undefined))), llama(judge(input(4)))];
    expect(on.run.draftNumPredict).toEqual({ value: 4, source: "Modelfile (draft_num_predict)", assumed: false });
    expect(off.run.draftNumPredict).toBeUndefined();
    expect(on.estimate.recurrentState).toBe(5 * off.estimate.recurrentState);
    expect(on.spareBytes).toBeLessThan(off.spareBytes - GIB);
  });
});
