import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepPeaks, MOST_MODELS, MOST_PEAKS, type MlxPeak, narrowRange, provesNoCap } from "../../src/fit/mlx-peaks";
import { judgeMlx } from "../../src/fit/mlx-verdict";
import { GIB } from "../../src/fit/units";
import { estimateMlx, type KnownMlxEstimate } from "../../src/memory/mlx/estimate";
import { mlxModel, QWEN_27B } from "./mlx-model";

function at(tokens: number, model = QWEN_27B): KnownMlxEstimate {
  const sum = estimateMlx(model, { tokens });
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

function peak(readTokens: number, peakBytes: number, more: Partial<MlxPeak> = {}): MlxPeak {
  return {
    model: "qwen3.8:27b-mlx",
    at: "2026-11-24T10:00:00.000+01:00",
    promptTokens: readTokens + 100,
    readTokens,
    readWhole: true,
    chunkTokens: 2048,
    peakBytes,
    ...more,
  };
}

function narrowed(tokens: number, ...peaks: MlxPeak[]) {
  return narrowRange(QWEN_27B, peaks, {})(at(tokens), tokens);
}

describe("a measured peak", () => {
  const ROUNDING = 0.005 * GIB;
  const measured = 34e9;

  it("is the most that prompts up to its length take, as saved states may be part of it", () => {
    expect(at(98_304).total).toBeGreaterThan(measured);
    for (const tokens of [65_536, 98_304]) {
      expect(narrowed(tokens, peak(98_304, measured)).high).toBe(
        Math.min(at(tokens).high, Math.ceil(measured + ROUNDING)),
      );
    }
  });

  it("bounds longer prompts too: they grow from there as steeply as was ever seen", () => {
    const growth = 1.08 * (at(131_072).kvCache + at(131_072).scratch - at(98_304).kvCache - at(98_304).scratch);
    expect(narrowed(131_072, peak(98_304, measured)).high).toBe(Math.ceil(measured + ROUNDING + growth));
  });

  it("changes nothing where it lies above the range's end by saved states alone", () => {
    const { low, high } = at(32_768);
    expect(narrowed(32_768, peak(32_768, high + 8 * GIB))).toEqual({ low, high });
  });

  it("above the range and all saved states proves it too low, for the same and longer prompts", () => {
    const above = 2e9;
    const odd = peak(32_768, at(32_768).high + 8 * GIB + above + ROUNDING);
    expect(narrowed(32_768, odd).high).toBe(at(32_768).high + above);
    expect(narrowed(65_536, odd).high).toBe(at(65_536).high + above);
    expect(narrowed(16_384, odd).high).toBe(at(16_384).high);
  });

  it("takes the low end down with it, never below weights and cache", () => {
    const { weights, kvCache, recurrentState, low } = at(98_304);
    const sure = weights + kvCache + recurrentState;
    expect(low).toBeGreaterThan(sure + 2e9);
    expect(narrowed(98_304, peak(98_304, sure + 1e9))).toEqual({
      low: Math.ceil(sure + 1e9 + ROUNDING),
      high: Math.ceil(sure + 1e9 + ROUNDING),
    });
    // Less than what is there for sure was measured of something else.
    expect(narrowed(98_304, peak(98_304, sure - 1e9))).toEqual({ low, high: at(98_304).high });
    for (const bytes of [sure, sure + 1, sure + 1e8]) {
      const range = narrowed(98_304, peak(98_304, bytes));
      expect(range.low).toBeGreaterThanOrEqual(sure);
      expect(range.high).toBeGreaterThanOrEqual(range.low);
    }
  });

  it("tells nothing where no whole chunk was read, or chunks had another length", () => {
    const { low, high } = at(65_536);
    for (const other of [
      { chunkTokens: undefined },
      { chunkTokens: 512 },
      { readTokens: 0 },
      // Read from what was saved, so that only the last tokens were new.
      { readTokens: 1000 },
    ]) {
      expect(narrowed(65_536, peak(65_536, 24e9, other))).toEqual({ low, high });
    }
  });

  it("moves verdict and safe context", () => {
    const input = { model: QWEN_27B, limitBytes: 24.96 * GIB, tokens: 32_768 };
    const [before, after] = [judgeMlx(input), judgeMlx({ ...input, peaks: [peak(34_816, 24.2e9)] })];
    expect([before.kind, after.kind]).toEqual(["tight", "fits"]);
    if (before.kind === "unknown" || after.kind === "unknown") throw new Error("unknown");
    expect(after.safeTokens).toBeGreaterThan(34_815);
    expect(after.safeTokens).toBeGreaterThan(before.safeTokens);
    expect(after.possibleTokens).toBeGreaterThanOrEqual(after.safeTokens);
    expect(after.estimate.high).toBe(Math.ceil(24.2e9 + ROUNDING));
  });

  it("never makes the range empty, nor shorter prompts more than longer ones", () => {
    const models = ["qwen3.5-9b-4bit", "gemma4-26b-a4b-4bit", "llama3.1-8b-4bit"].map((name) => mlxModel(name));
    const peaks = fc.array(
      fc.record({ readTokens: fc.integer({ min: 1, max: 120_000 }), peakBytes: fc.integer({ min: 1e9, max: 60e9 }) }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        peaks,
        fc.integer({ min: 1, max: 120_000 }),
        fc.integer({ min: 0, max: 9000 }),
        (model, measured, tokens, more) => {
          const rangeOf = narrowRange(
            model,
            measured.map(({ readTokens, peakBytes }) => peak(readTokens, peakBytes)),
            {},
          );
          const [less, greater] = [tokens, tokens + more].map((count) => rangeOf(at(count, model), count));
          const { weights, kvCache, recurrentState } = at(tokens, model);
          expect(less?.low).toBeGreaterThanOrEqual(weights + kvCache + recurrentState);
          expect(less?.high).toBeGreaterThanOrEqual(less?.low ?? Infinity);
          expect(greater?.high).toBeGreaterThanOrEqual(less?.high ?? Infinity);
          expect(greater?.low).toBeGreaterThanOrEqual(less?.low ?? Infinity);
        },
      ),
    );
  });
});

it("a prompt that was read as a whole proves that a shorter context on show caps nothing", () => {
  const read = peak(55_296, 30e9, { promptTokens: 56_000 });
  expect(provesNoCap([read], 40_960)).toBe(true);
  expect(provesNoCap([read], 56_000)).toBe(false);
  expect(provesNoCap([{ ...read, readWhole: false }], 40_960)).toBe(false);
  expect(provesNoCap([], 1)).toBe(false);
});

describe("peaks that are kept", () => {
  it("are the last of each model and context", () => {
    const [old, newer, other] = [
      peak(2048, 1, { promptTokens: 3000 }),
      peak(2048, 2, { promptTokens: 2900 }),
      peak(2048, 3, { promptTokens: 2900, model: "gemma4:26b" }),
    ];
    expect(keepPeaks([old], [other, newer])).toEqual([other, newer]);
    expect(keepPeaks([], [])).toEqual([]);
  });

  it("are bounded by model, and by models", () => {
    const many = Array.from({ length: 80 }, (_, index) => peak(2048, index, { promptTokens: 1024 * (index + 1) }));
    const kept = keepPeaks(many, []);
    expect(kept.length).toBe(MOST_PEAKS);
    expect(kept.at(-1)?.peakBytes).toBe(79);
    const models = Array.from({ length: 150 }, (_, index) => peak(2048, index, { model: `m${index}` }));
    expect(keepPeaks(models, [peak(2048, 0, { model: "m0" })]).map(({ model }) => model)).toEqual([
      ...models.slice(150 - MOST_MODELS + 1).map(({ model }) => model),
      "m0",
    ]);
  });
});
