import { describe, expect, it } from "vitest";
import { estimate } from "../../src/memory/estimate";
import type { KnownEstimate } from "../../src/memory/estimate-types";
import type { ModelMetadata } from "../../src/memory/metadata";
import { RUNTIMES, type Runtime } from "../../src/memory/settings";
import { type OracleModel, type OracleRun, readOracle } from "./oracle";

const GIB = 1024 ** 3;
const LIMITS = [12, 18, 25, 38, 48, 52, 56, 78, 110, 168].map((gib) => gib * GIB);
const models = readOracle();

function known(metadata: ModelMetadata, run: OracleRun, runtime: Runtime): KnownEstimate {
  const sum = estimate(metadata, { ...run.settings, runtime });
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

describe.each(models)("$name", (model: OracleModel) => {
  it.each(["header", "show"] as const)("has KV cache and state to the byte, weights within 64 KiB (%s)", (form) => {
    expect(model.runs.length).toBeGreaterThan(0);
    for (const run of model.runs) {
      const sum = known(model[form], run, "b10488");
      expect({ kv: sum.kvCache, state: sum.recurrentState }).toEqual({ kv: run.kvBytes, state: run.stateBytes });
      expect(Math.abs(sum.weights - model.weights)).toBeLessThanOrEqual(64 * 1024);
    }
  });
});

describe("what Metal maps of the file", () => {
  it.each(models)("is known to the byte for $name", ({ header, mapped, runs }) => {
    for (const run of runs) expect(known(header, run, "b10488").mappedWeights).toBe(mapped);
  });
});

describe.each(RUNTIMES)("totals of %s", (runtime) => {
  const cases = models.flatMap((model) =>
    model.runs.map((run) => {
      const sum = known(model.header, run, runtime);
      return { sum, truth: model.weights + run.kvBytes + run.stateBytes + run.computeBytes[runtime] };
    }),
  );

  it("are off by at most 1 % in 99 of 100 runs", () => {
    const errors = cases.map(({ sum, truth }) => Math.abs(sum.total - truth) / truth).sort((a, b) => a - b);
    expect(errors.length).toBeGreaterThan(2000);
    expect(errors[Math.floor(errors.length * 0.99)]).toBeLessThanOrEqual(0.01);
  });

  it("are never off by more than 2 % or 256 MiB, nor more than 5 % too low", () => {
    for (const { sum, truth } of cases) {
      expect(Math.abs(sum.total - truth)).toBeLessThanOrEqual(Math.max(0.02 * truth, GIB / 4));
      expect(sum.total).toBeGreaterThanOrEqual(0.95 * truth);
    }
  });

  it("give no false Fits and no false Spills, and Tight in under 1 % of cases", () => {
    let tight = 0;
    for (const { sum, truth } of cases) {
      for (const limit of LIMITS) {
        if (sum.total + sum.uncertainty <= limit) expect(truth).toBeLessThanOrEqual(limit);
        else if (sum.total - sum.uncertainty > limit) expect(truth).toBeGreaterThan(limit);
        else tight += 1;
      }
    }
    expect(tight / (cases.length * LIMITS.length)).toBeLessThan(0.01);
  });
});

describe("the headline model", () => {
  const model = models.find(({ name }) => name === "qwen3-coder-next");
  const at = (numCtx: number) =>
    estimate(model?.header ?? { values: new Map(), tensors: [] }, {
      numCtx,
      parallel: 1,
      kvCacheType: "f16",
      flashAttention: "auto",
      batch: 512,
      runtime: "b10488",
    }) as KnownEstimate;

  it("has about 45 GiB of weights, 24 KiB of KV cache a token, 75 MiB of state, and grows linearly", () => {
    expect(at(8192).weights / GIB).toBeCloseTo(44.99, 2);
    expect((at(262_144).kvCache - at(8192).kvCache) / (262_144 - 8192)).toBe(24_576);
    expect(at(8192).recurrentState).toBe(79_036_416);
    expect(at(262_144).recurrentState).toBe(79_036_416);
    expect(at(262_144).kvCache).toBe(32 * at(8192).kvCache);
  });
});
