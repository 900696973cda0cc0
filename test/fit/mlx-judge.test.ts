import { describe, expect, it } from "vitest";
import type { InstalledModel, MlxModelDescription } from "../../src/fit/facts";
import type { MlxPeak } from "../../src/fit/mlx-peaks";
import { contextNeeds } from "../../src/fit/context-needs";
import { GIB, MIB } from "../../src/fit/units";
import { contextOf, fitsLimit, judge, type JudgeInput, needBytes, needRange, swaps } from "../../src/fit/verdict";
import { badgeText, settingsOf, termsOf, tooltipText, verdictSentence } from "../../src/fit/verdict-text";
import { limitOf, SERVER } from "./inputs";
import { QWEN_27B } from "./mlx-model";

const model: InstalledModel = {
  name: "qwen3.8:27b-mlx",
  digest: "d",
  sizeBytes: 18_202_000_000,
  format: "safetensors",
  runner: "mlx",
  family: "qwen3_5",
  families: ["qwen3_5"],
  capabilities: ["completion"],
  cloud: false,
};
const described: MlxModelDescription = { kind: "mlx", model: QWEN_27B, cautions: [], weightsAboveBytes: 0 };

const inputUnder = (limitGib: number, changes: Partial<JudgeInput> = {}): JudgeInput => ({
  model,
  description: described,
  server: SERVER,
  limit: limitOf(limitGib * GIB),
  loaded: [],
  options: { context: "effective" },
  chip: "Apple M4 Pro",
  ...changes,
});
const under = (limitGib: number, changes: Partial<JudgeInput> = {}) => judge(inputUnder(limitGib, changes));

const peak = (promptTokens: number, peakGib: number): MlxPeak => ({
  model: model.name,
  at: "2026-11-25T10:00:00",
  promptTokens,
  readTokens: Math.floor(promptTokens / 2048) * 2048,
  readWhole: true,
  chunkTokens: 2048,
  peakBytes: peakGib * GIB,
});

describe("the verdict on an MLX model", () => {
  it.each([
    [51.84, "fits", "Fits to 182K"],
    [37.44, "fits", "Fits to 100K"],
    [24.96, "tight", "Tight above 25K"],
    [17.76, "fails", "Fails"],
    [17.3, "wont-load", "Won't Load: 16.9 of 16.8 GiB"],
  ])("under %f GiB is %s: %s", (limitGib, kind, badge) => {
    const verdict = under(limitGib);
    expect(verdict).toMatchObject({ kind, engine: "mlx" });
    expect(badgeText(verdict)).toBe(badge);
  });

  it("is judged at the person's choice, else at the longest prompt of the log, else at 32K", () => {
    const peaks = [peak(60_000, 30), peak(118_784, 36), peak(4096, 20)];
    const at = (changes: Partial<JudgeInput>) => contextOf(under(200, changes));
    expect(at({})).toMatchObject({ value: 32_768, assumed: true });
    expect(at({ peaks })).toMatchObject({ value: 118_784, source: "the longest prompt in this server's log" });
    expect(at({ peaks, options: { context: "default" } })).toMatchObject({ value: 32_768 });
    expect(at({ peaks, options: { context: 8192 } })).toMatchObject({ value: 8192, source: "chosen to judge at" });
    expect(at({ peaks, options: { context: "trained" } })).toMatchObject({ value: 262_144 });
    expect(at({ options: { context: 1_000_000 } })?.value).toBe(262_144);
  });

  it("says the whole sum, and where the context comes from", () => {
    const verdict = under(51.84);
    if (verdict.kind === "unknown") throw new Error(verdict.reason);
    const terms = termsOf(verdict);
    expect(terms.map(({ title }) => title)).toEqual([
      "Weights",
      "KV Cache",
      "Recurrent State",
      "Attention Scores",
      "Working Memory",
    ]);
    expect(terms.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(needBytes(verdict));
    expect(needRange(verdict).low).toBeLessThan(needBytes(verdict));
    expect(settingsOf(verdict.run).map(({ title, text }) => `${title}: ${text}`)).toEqual([
      "Context: 32K tokens · assumed: a usual prompt, as the client decides",
    ]);
    expect(verdictSentence(verdict)).toContain("Safe to about 182K tokens.");
    expect(tooltipText(verdict)).not.toMatch(/spill|slot|KV type/i);
  });

  it("is the load check alone where nothing but its size is known", () => {
    const description = { kind: "unreadable", reason: "Its type isn't known." } as const;
    const most = 20 * GIB - 512 * MIB + 64 * MIB;
    const sized = (sizeBytes: number) => under(20, { description, model: { ...model, sizeBytes } });
    expect(sized(most)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("Its type isn't known.") });
    const refused = sized(most + 1);
    expect(refused).toMatchObject({ kind: "wont-load", missingBytes: 64 * MIB + 1 });
    if (refused.kind === "unknown") throw new Error(refused.reason);
    expect(termsOf(refused).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(needBytes(refused));
  });

  it("counts what the server keeps free", () => {
    const server = { ...SERVER, gpuOverheadBytes: { value: 2 * GIB, source: "server log" } };
    expect(badgeText(under(18, { server }))).toBe("Won't Load: 16.9 of 15.5 GiB");
  });

  it("is Tight where the RAM is short, and the Mac swaps", () => {
    const ram = { ramBytes: 64 * GIB, reserveBytes: 8 * GIB, othersBytes: 40 * GIB };
    const verdict = under(51.84, { ram, options: { context: 65_536 } });
    expect(verdict).toMatchObject({ kind: "tight", cause: "swap" });
    expect([fitsLimit(verdict), swaps(verdict)]).toEqual([true, true]);
    expect(badgeText(verdict)).toMatch(/^Tight, Swaps \d\.\d GiB$/);
    expect(verdictSentence(verdict)).toMatch(
      /fits the limit, but not the memory\. RAM is .* Safe to about \d+K tokens beside what runs now, and to about 182K with enough RAM\.$/,
    );
  });

  it("isn't known where the limit isn't, nor where a remote one may be higher", () => {
    expect(under(0, { limit: { kind: "unknown", reason: "State the limit." } })).toMatchObject({
      kind: "unknown",
      reason: expect.stringMatching(/16\.9 GiB.*State the limit/),
    });
    const least = limitOf(20 * GIB, { isLeast: true, sourceText: "at least that" });
    expect(under(0, { limit: least })).toMatchObject({ kind: "unknown", reason: expect.stringContaining("at least") });
    expect(under(0, { limit: limitOf(60 * GIB, { isLeast: true }) }).kind).toBe("fits");
  });

  it("is Tight at best where something had to be taken for granted", () => {
    const cautions = ["Its windows are assumed to be 1024 tokens: its server doesn't tell."];
    const unsure = under(51.84, { description: { ...described, cautions } });
    expect(unsure).toMatchObject({ kind: "tight", cause: "caution", because: cautions[0] });
    // It isn't tight above a context, and nothing is close: what's safe is only probable.
    expect(badgeText(unsure)).toBe("Tight");
    expect(verdictSentence(unsure)).toBe(
      `51.8 GiB limit, 32K tokens: probably fits, with a peak of about 25.1 GiB. ${cautions[0]} Probably safe to about 182K tokens.`,
    );
    expect(under(51.84, { limit: limitOf(51.84 * GIB, { estimated: true }) }).kind).toBe("tight");
  });

  it("is narrowed by what was measured on this Mac", () => {
    const options = { context: 32_768 } as const;
    expect(under(24.96, { options }).kind).toBe("tight");
    expect(under(24.96, { options, peaks: [peak(32_768, 23)] }).kind).toBe("fits");
  });
});

describe("its contexts", () => {
  it("are judged by tokens, and are none where its weights alone are refused", () => {
    const kinds = (limitGib: number) => {
      const verdict = under(limitGib);
      if (verdict.kind === "unknown") throw new Error(verdict.reason);
      return contextNeeds(inputUnder(limitGib), verdict).map((need) => need.verdict.kind);
    };
    expect(kinds(51.84)).toEqual(["fits", "fits", "fits", "fits", "fits", "fits", "fails"]);
    expect(kinds(12)).toEqual([]);
  });
});
