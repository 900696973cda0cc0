import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeMlx, type JudgedMlx, type MlxJudgeInput, usualContext } from "../../src/fit/mlx-verdict";
import {
  fusingText,
  MLX_CONTEXT_NOTE,
  mlxBadgeText,
  mlxVerdictSentence,
  savedStatesSentence,
} from "../../src/fit/mlx-verdict-text";
import { GIB, MIB } from "../../src/fit/units";
import { estimateMlx } from "../../src/memory/mlx/estimate";
import { mlxModel, QWEN_27B } from "./mlx-model";

function judged(limitGib: number, tokens: number, more: Partial<MlxJudgeInput> = {}): JudgedMlx {
  const verdict = judgeMlx({ model: QWEN_27B, limitBytes: limitGib * GIB, tokens, ...more });
  if (verdict.kind === "unknown") throw new Error(verdict.reason);
  return verdict;
}

describe("qwen3.8:27b-mlx on four Macs", () => {
  it.each([
    [64, 51.84, 186_624, 219_272],
    [48, 37.44, 102_400, 128_256],
    [32, 24.96, 25_915, 49_433],
    [24, 17.76, 0, 4013],
  ])("of %i GB is safe and possible within 256 tokens of the sheet", (_, limitGib, safe, possible) => {
    const { safeTokens, possibleTokens } = judged(limitGib, 32_768);
    expect(Math.abs(safeTokens - safe)).toBeLessThan(256);
    expect(Math.abs(possibleTokens - possible)).toBeLessThan(256);
  });

  it("changes its verdict at exactly these contexts", () => {
    const { safeTokens, possibleTokens } = judged(51.84, 32_768);
    expect(
      [safeTokens, safeTokens + 1, possibleTokens, possibleTokens + 1].map((at) => judged(51.84, at).kind),
    ).toEqual(["fits", "tight", "tight", "fails"]);
  });

  it("loads by Ollama's own check, to the byte", () => {
    const most = 18_174_721_596 + 512 * MIB;
    const at = (bytes: number, overheadBytes = 0) =>
      judgeMlx({ model: QWEN_27B, tokens: 4096, limitBytes: bytes, overheadBytes }).kind;
    expect([at(most - 1), at(most), at(most, 1)]).toEqual(["wont-load", "fails", "wont-load"]);
  });

  it("is safe for longer on an M5 whose MLX is known to fuse", () => {
    expect(judged(51.84, 32_768, { chip: "Apple M5 Max" }).safeTokens).toBe(262_144);
    expect(judged(48, 32_768, { chip: "Apple M5 Max" }).safeTokens).toBeGreaterThan(judged(48, 32_768).safeTokens);
  });
});

describe("where it isn't known whether MLX holds the scores", () => {
  const unsure = (limitGib: number, tokens: number, more: Partial<MlxJudgeInput> = {}) =>
    judged(limitGib, tokens, { isFusingUnsure: true, ...more });

  it("an M5 is as safe as an M4, and a chip nobody knows may do what an M5 can", () => {
    const [m4, m5] = [judged(37.44, 32_768), unsure(37.44, 32_768, { chip: "Apple M5 Pro" })];
    expect([m5.safeTokens, m5.fusing]).toEqual([m4.safeTokens, "newer-chip"]);
    expect(m5.possibleTokens).toBeGreaterThan(m4.possibleTokens);
    const unknown = unsure(37.44, 32_768);
    expect([unknown.safeTokens, unknown.possibleTokens]).toEqual([m4.safeTokens, m5.possibleTokens]);
    expect(fusingText(unknown)).toContain("The chip isn't known");
    expect(unsure(37.44, 32_768, { chip: "Apple M4" }).fusing).toBeUndefined();
  });

  it("a measured peak that leaves no room for them settles it at its length, and bounds no longer one by it", () => {
    const peaks = [
      {
        model: "qwen3.8:27b-mlx",
        at: "2026-11-24T10:00:00Z",
        promptTokens: 65_536,
        readTokens: 65_536,
        readWhole: true,
        chunkTokens: 2048,
        peakBytes: 24 * GIB,
      },
    ];
    const chip = "Apple M5 Pro";
    expect(fusingText(unsure(37.44, 65_536, { chip }))).toMatch(/they take \d.* or \d.*, and the range covers both/);
    expect(unsure(37.44, 65_536, { chip, peaks }).fusing).toBeUndefined();
    expect(unsure(37.44, 65_536, { chip, peaks }).estimate.high).toBeLessThan(24.1 * GIB);
    const longer = unsure(37.44, 131_072, { chip, peaks });
    const m4 = judged(37.44, 131_072).estimate;
    // From there it grows as if the scores were held.
    const growth =
      m4.kvCache + m4.scratch - judged(37.44, 65_536).estimate.kvCache - judged(37.44, 65_536).estimate.scratch;
    expect(longer.estimate.high).toBeGreaterThan(24 * GIB + growth);
  });
});

describe("words", () => {
  it.each([
    [51.84, 32_768, "Fits to 182K"],
    [51.84, 200_000, "Tight above 182K"],
    [51.84, 250_000, "Fails above 214K"],
    [24.96, 32_768, "Tight above 25K"],
    [17.76, 32_768, "Fails"],
    [20.5, 4096, "Tight"],
    [17, 32_768, "Won't Load: 16.9 of 16.5 GiB"],
    [107.52, 116_000, "Fits to 256K"],
  ])("under %f GiB at %i tokens are %s", (limitGib, tokens, badge) => {
    expect(mlxBadgeText(judged(limitGib, tokens))).toBe(badge);
  });

  it("say what was judged, what it peaks at, and to where it is safe", () => {
    expect(mlxVerdictSentence(judged(51.84, 32_768))).toBe(
      "51.8 GiB limit, 32K tokens: fits, with a peak of about 25.1 GiB. Safe to about 182K tokens.",
    );
    expect(mlxVerdictSentence(judged(24.96, 32_768))).toBe(
      "25.0 GiB limit, 32K tokens: too close to call. Its peak is between 22.3 GiB and 26.0 GiB, and so is the limit. Safe to about 25K tokens.",
    );
    expect(mlxVerdictSentence(judged(17.76, 32_768))).toBe(
      "17.8 GiB limit, 32K tokens: at least 4.5 GiB too much: the request dies or the Mac freezes. No useful context is safe.",
    );
    expect(mlxVerdictSentence(judged(17, 32_768))).toBe(
      "Ollama won't load it: its weights take 16.9 GiB, and 16.5 GiB is allowed.",
    );
    expect(mlxVerdictSentence({ kind: "unknown", reason: "Why." })).toBe("Why.");
    expect(mlxBadgeText({ kind: "unknown", reason: "Why." })).toBe("Unknown");
  });

  it("name saved states in a line of their own", () => {
    expect(savedStatesSentence(judged(51.84, 32_768))).toBe("Agent sessions can add 8.0 GiB in RAM.");
    expect(savedStatesSentence(judged(51.84, 32_768, { model: mlxModel("llama3.1-8b-4bit") }))).toBeUndefined();
  });

  it("never speak of a spill, nor of a cap", () => {
    const texts = [17, 17.76, 24.96, 51.84].flatMap((limit) =>
      [4096, 32_768, 262_144].flatMap((tokens) => {
        const verdict = judged(limit, tokens, { carriableBytes: 24 * GIB });
        return [mlxBadgeText(verdict), mlxVerdictSentence(verdict)];
      }),
    );
    for (const text of texts) expect(text).not.toMatch(/spill|\bcap|num_ctx/i);
    expect(MLX_CONTEXT_NOTE).toMatch(/only displays num_ctx/);
  });
});

describe("what else decides", () => {
  it("is the RAM: short of it the verdict is Tight, and safe is what it carries", () => {
    const short = judged(51.84, 131_072, { carriableBytes: 40 * GIB });
    expect(short).toMatchObject({ kind: "tight", because: expect.stringMatching(/swaps\.$/) });
    expect(short.safeTokens).toBeLessThan(131_072);
    expect(short.possibleTokens).toBe(judged(51.84, 131_072).possibleTokens);
    expect(judged(51.84, 250_000, { carriableBytes: 20 * GIB }).kind).toBe("fails");
  });

  it("are assumptions: with one the verdict is Tight at best", () => {
    const cautions = ["Its windows are assumed to be 1024 tokens."];
    expect(judged(51.84, 4096, { cautions })).toMatchObject({ kind: "tight", because: cautions[0], cautions });
    expect(judged(17, 4096, { cautions }).kind).toBe("wont-load");
  });

  it("is a size that only a server lists: within its slack nobody knows whether it loads", () => {
    const limitBytes = 18_174_721_596 + 512 * MIB - 1;
    const slack = { limitBytes, weightsAboveBytes: 64 * MIB };
    // So near its weights no prompt fits anyway; a model that needs little beside them shows the rule.
    const small = mlxModel("lfm2-1.2b-8bit");
    const at = (above: number) =>
      judgeMlx({
        model: small,
        tokens: 256,
        limitBytes: small.weights + 512 * MIB - 1,
        weightsAboveBytes: above,
      });
    expect(judged(0, 4096, slack).kind).toBe("fails");
    expect(at(0).kind).toBe("wont-load");
    expect(at(64 * MIB)).toMatchObject({
      kind: "tight",
      because: expect.stringContaining("close to that"),
      safeTokens: 0,
    });
  });

  it("is the model's own context: longer prompts are refused, so none is promised", () => {
    const verdict = judged(400, 10_000_000);
    expect(verdict).toMatchObject({ kind: "fails", tokens: 10_000_000, safeTokens: 262_144, possibleTokens: 262_144 });
    expect(verdict.estimate.low).toBeGreaterThan(400 * GIB);
    expect(usualContext(QWEN_27B)).toBe(32_768);
    const short = { ...QWEN_27B, shape: { ...QWEN_27B.shape, trainedContext: 8192 } };
    expect(usualContext(short)).toBe(8192);
    const untold = { ...QWEN_27B, shape: { ...QWEN_27B.shape, trainedContext: undefined } };
    expect(judged(4000, 4096, { model: untold }).safeTokens).toBe(2 ** 20);
  });

  it("is a request that makes no sense", () => {
    expect(judgeMlx({ model: QWEN_27B, limitBytes: 50 * GIB, tokens: 0 }).kind).toBe("unknown");
    expect(judgeMlx({ model: QWEN_27B, limitBytes: 50 * GIB, tokens: Number.NaN }).kind).toBe("unknown");
  });
});

it("keeps its order, and its contexts are the last that hold", () => {
  const model = fc.constantFrom("qwen3.5-9b-4bit", "gemma4-26b-a4b-4bit", "llama3.1-8b-4bit", "gpt-oss-20b-mxfp4-q8");
  fc.assert(
    fc.property(
      model,
      fc.double({ min: 3, max: 60, noNaN: true }),
      fc.integer({ min: 1, max: 131_072 }),
      (name, gib, tokens) => {
        const opened = mlxModel(name);
        const limitBytes = gib * GIB;
        const verdict = judgeMlx({ model: opened, limitBytes, tokens });
        if (verdict.kind === "unknown") throw new Error(verdict.reason);
        const { safeTokens, possibleTokens, estimate } = verdict;
        expect(safeTokens).toBeLessThanOrEqual(possibleTokens);
        if (verdict.kind === "wont-load") {
          expect(estimate.weights).toBeGreaterThan(limitBytes - 512 * MIB);
          return;
        }
        const expected = estimate.low > limitBytes ? "fails" : estimate.high > limitBytes ? "tight" : "fits";
        expect(verdict.kind).toBe(expected);
        for (const [last, end] of [
          [safeTokens, "high"],
          [possibleTokens, "low"],
        ] as const) {
          const [at, above] = [last, last + 1].map((count) => estimateMlx(opened, { tokens: count }));
          if (at?.kind === "known") expect(at[end]).toBeLessThanOrEqual(limitBytes);
          if (above?.kind === "known" && last < (opened.shape.trainedContext ?? 0)) {
            expect(above[end]).toBeGreaterThan(limitBytes);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
