import { describe, expect, it } from "vitest";
import { estimateMlx, openMlxModel } from "../../../src/memory/mlx/estimate";
import { MODEL_TYPES, WRAPPERS } from "../../../src/memory/mlx/registry";
import { readMlxModelTypes } from "./oracle";

const models = readMlxModelTypes();

describe.each(models)("a $name model", ({ files, weights, runs }) => {
  const model = openMlxModel(files);

  it("has what mlx-lm's own code holds, to the byte", () => {
    for (const { tokens, generated, prefillStep, kvBytes, stateBytes, peakBytes } of runs) {
      const sum = model.kind === "known" ? estimateMlx(model, { tokens, generated, prefillStep }) : model;
      expect(sum).toMatchObject({
        kind: "known",
        weights,
        kvCache: kvBytes,
        recurrentState: stateBytes,
        cachePeak: peakBytes,
      });
    }
  });
});

it("measures every type that mlx-lm knows", () => {
  const measured = new Set(models.map(({ files }) => (files.config as { model_type: string }).model_type));
  const named = [...MODEL_TYPES.keys(), ...WRAPPERS.keys()].filter((name) => !measured.has(name));
  // Only Ollama runs the first three; the last is another spelling of lfm2-vl.
  expect(named.sort()).toEqual(
    ["NemotronH_Nano_Omni_Reasoning_V3", "NemotronH_Nano_VL_V2", "cohere2_moe", "lfm2_vl"].sort(),
  );
});
