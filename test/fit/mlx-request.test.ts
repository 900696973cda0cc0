import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fillerPrompt } from "../../src/fit/filler-prompt";
import type { MlxPeak } from "../../src/fit/mlx-peaks";
import {
  outcomeWords,
  placeInRange,
  type PredictedPeak,
  predictedPeak,
  promptRefusal,
  promptRisks,
  requestRoom,
} from "../../src/fit/mlx-request";
import { GIB } from "../../src/fit/units";
import { judge, type JudgeInput } from "../../src/fit/verdict";
import { limitOf, planFor } from "./inputs";
import { mlxPlanFor } from "./mlx-plan";

function roomFor(ramGib: number, changes: Partial<JudgeInput> = {}) {
  const { input } = mlxPlanFor(ramGib, changes);
  return { input, room: requestRoom(input, judge(input)) };
}

function spaceFor(ramGib: number, changes: Partial<JudgeInput> = {}) {
  const { input, room } = roomFor(ramGib, changes);
  if (room?.kind !== "room") throw new Error(room?.reason ?? "none");
  return { input, room };
}

describe("how long a prompt is sent", () => {
  it("is what is judged, cut to what is safe, in whole 1,024 tokens", () => {
    expect(spaceFor(64).room).toEqual({
      kind: "room",
      suggestedTokens: 32_768,
      safeTokens: 186_624,
      mostTokens: expect.closeTo(219_272, -3),
    });
    expect(spaceFor(32).room.suggestedTokens).toBe(25_600);
    expect(spaceFor(64, { options: { context: 262_144 } }).room.suggestedTokens).toBe(186_368);
  });

  it("never goes beyond what may work, whatever is typed", () => {
    const { input, room } = spaceFor(64);
    expect(promptRefusal(undefined, room)).toContain("Enter a number");
    expect(promptRefusal(4095, room)).toContain("At least 4,096");
    expect(promptRefusal(4096, room)).toBeUndefined();
    expect(promptRefusal(room.mostTokens, room)).toBeUndefined();
    expect(promptRefusal(room.mostTokens + 1, room)).toContain("a longer one would fail");
    expect(promptRisks(input, room.safeTokens, room)).toEqual([]);
    expect(promptRisks(input, room.safeTokens + 1, room).join()).toContain("Only up to 186,624 tokens is safe");
  });

  it("ends before the trained context, and at a context that this server is known to enforce", () => {
    expect(spaceFor(512).room.mostTokens).toBe(262_143);
    const cuts = [{ model: "qwen3.8:27b-mlx", promptTokens: 90_000, limitTokens: 65_536 }];
    expect(spaceFor(64, { cuts }).room.mostTokens).toBe(65_536);
  });

  it("is the shortest that tells anything where none is safe", () => {
    const { room } = spaceFor(64, { limit: limitOf(20.5 * GIB) });
    expect([room.safeTokens < 4096, room.suggestedTokens, room.mostTokens > 8192]).toEqual([true, 4096, true]);
  });

  it("is none where nothing useful works, where others are loaded, and for what isn't MLX's", () => {
    expect(roomFor(24).room).toMatchObject({ kind: "none", reason: expect.stringContaining("at least 4,096 tokens") });
    expect(roomFor(16).room).toMatchObject({ kind: "none", reason: expect.stringContaining("won't load") });
    const other = { name: "gemma4:26b", digest: "other", sizeBytes: 1, vramBytes: 1 };
    expect(roomFor(64, { loaded: [other] }).room).toMatchObject({
      kind: "none",
      reason: expect.stringContaining("Unload gemma4:26b first"),
    });
    expect(roomFor(64, { loaded: [{ ...other, digest: "mlx" }] }).room?.kind).toBe("room");
    const { input } = planFor("qwen3-8b", 64, 26);
    expect(requestRoom(input, judge(input))).toBeUndefined();
    const embeds = mlxPlanFor(64).input;
    const model = { ...embeds.model, capabilities: ["embedding"] };
    expect(requestRoom({ ...embeds, model }, judge(embeds))).toBeUndefined();
  });

  it("names other programs that hold so much of the GPU's memory that it may fail", () => {
    const { input, room } = spaceFor(64, { programsGpuBytes: 40 * GIB });
    expect(promptRisks(input, 32_768, room).join()).toContain("Other programs hold 40.0 GiB");
  });
});

describe("what was counted", () => {
  const { input } = mlxPlanFor(64);
  const predicted = predictedPeak(input, 32_768) as PredictedPeak;
  const counted = (peakBytes: number, more: Partial<MlxPeak> = {}) =>
    outcomeWords({
      kind: "counted",
      predicted,
      peak: {
        model: "qwen3.8:27b-mlx",
        at: "2026-11-24T10:00:00Z",
        promptTokens: 32_768,
        readTokens: 32_768,
        readWhole: true,
        chunkTokens: 2048,
        peakBytes,
        ...more,
      },
    });

  it("is inside from one end of the range to the other, by the log's hundredths", () => {
    fc.assert(
      fc.property(fc.double({ min: -0.5, max: 1.5, noNaN: true }), (share) => {
        const bytes = predicted.low + share * (predicted.high - predicted.low);
        const place = placeInRange(Number((bytes / GIB).toFixed(2)) * GIB, predicted);
        if (share >= 0 && share <= 1) expect(place).toBe("inside");
        else if (share < -0.01) expect(place).toBe("below");
        else if (share > 1.01) expect(place).toBe("above");
      }),
    );
    expect(counted(predicted.total)).toMatchObject({ title: "Inside the Range", isGood: true });
  });

  it("above the range may be of saved states, up to what those take", () => {
    expect(counted(predicted.high + 4 * GIB)).toMatchObject({ title: "Above the Range", isGood: false });
    expect(counted(predicted.high + 4 * GIB).sentences.join()).toContain("up to 8.0 GiB: unload the model");
    expect(counted(predicted.high + 9 * GIB).sentences.join()).toContain("the estimates of this model go by it");
  });

  it("isn't used where it's less than weights and cache, or was read in other pieces", () => {
    expect(counted(predicted.low - GIB)).toMatchObject({ title: "Below the Range", isGood: true });
    const nothing = counted(predicted.sure - GIB);
    expect(nothing).toMatchObject({ title: "Not Verified", isGood: false });
    expect(nothing.sentences.join()).toContain("it isn't used");
    expect(counted(predicted.total, { chunkTokens: 512 }).sentences.join()).toContain("in other pieces than usual");
  });
});

it("the limit decides what is refused, not the range alone", () => {
  const { room } = spaceFor(64, { limit: limitOf(28 * GIB) });
  expect(room.mostTokens).toBeGreaterThan(room.safeTokens);
  expect(room.suggestedTokens).toBeLessThanOrEqual(room.safeTokens);
});

it("the filler is as many words as asked for, and another text each time", () => {
  expect(fillerPrompt(1000).split(" ")).toHaveLength(1000);
  expect(fillerPrompt(20)).not.toBe(fillerPrompt(20));
  expect(fillerPrompt(3, () => 0)).toBe("the the the");
  expect(fillerPrompt(3, () => 0.999999)).toMatch(/^[a-z]+( [a-z]+){2}$/);
});
