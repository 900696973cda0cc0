import { describe, expect, it } from "vitest";
import { estimateMlx, type KnownMlxEstimate, type MlxRun, openMlxModel } from "../../../src/memory/mlx/estimate";
import type { MlxFiles } from "../../../src/memory/mlx/files";
import { readMlxOracle } from "./oracle";

const models = readMlxOracle();

function known(files: MlxFiles, run: MlxRun): KnownMlxEstimate {
  const model = openMlxModel(files);
  const sum = model.kind === "known" ? estimateMlx(model, run) : model;
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

it("knows 29 models and 290 runs", () => {
  expect(models.length).toBe(29);
  expect(models.flatMap(({ runs }) => runs).length).toBe(290);
});

describe.each(models)("$name", ({ files, weights, runs }) => {
  it("has weights, K and V, and states to the byte", () => {
    for (const run of runs) {
      const sum = known(files, run);
      expect({ weights: sum.weights, kv: sum.kvCache, state: sum.recurrentState }).toEqual({
        weights,
        kv: run.kvBytes,
        state: run.stateBytes,
      });
      expect(sum.total).toBe(sum.weights + sum.kvCache + sum.recurrentState + sum.scratch + sum.constant);
    }
  });

  it("never has caches larger than at their peak, which is met to the byte", () => {
    for (const run of runs) expect(known(files, run).cachePeak).toBe(run.peakBytes);
  });
});
