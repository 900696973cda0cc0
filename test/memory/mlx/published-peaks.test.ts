import { expect, it } from "vitest";
import { estimateMlx, openMlxModel } from "../../../src/memory/mlx/estimate";
import { oracleModel } from "./oracle";

/** Peaks in GB that people measured on Macs with text weights: mlx-lm#1781 (first four), claude-code-local#44. */
const PEAKS = [
  ["qwen3.5-27b-4bit", 131_072, 2048, 39.78],
  ["qwen3.5-27b-4bit", 131_072, 1024, 32.26],
  ["qwen3.5-27b-4bit", 131_072, 512, 28.54],
  ["qwen3.5-27b-4bit", 131_072, 256, 26.52],
  ["gemma4-31b-4bit", 21_400, 1024, 20.9],
  ["gemma4-31b-4bit", 38_500, 1024, 23.5],
  ["gemma4-31b-4bit", 38_500, 512, 21.9],
] as const;

it.each(PEAKS)("%s at %i tokens in chunks of %i peaks inside the range", (name, tokens, prefillStep, peakGb) => {
  const model = openMlxModel(oracleModel(name).files);
  const sum = model.kind === "known" ? estimateMlx(model, { tokens, prefillStep }) : model;
  if (sum.kind === "unknown") throw new Error(sum.reason);
  expect(sum.low / 1e9).toBeLessThanOrEqual(peakGb);
  expect(sum.high / 1e9).toBeGreaterThanOrEqual(peakGb);
});

it("adds a gigabyte, or 8 % of what grows, above the estimate, and takes three off below, never under what is sure", () => {
  const model = openMlxModel(oracleModel("llama3.1-8b-4bit").files);
  if (model.kind === "unknown") throw new Error(model.reason);
  for (const [tokens, above] of [
    [256, 1e9],
    [131_072, 0.08 * 131_072 * 131_072],
  ] as const) {
    const sum = estimateMlx(model, { tokens });
    if (sum.kind === "unknown") throw new Error(sum.reason);
    expect(sum.high - sum.total).toBe(Math.ceil(above));
    expect(sum.low).toBe(Math.max(sum.total - 3e9, sum.weights + sum.kvCache));
  }
});
