import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastLoads, loadLineText } from "../../../src/apply/load-history";
import { contextNeedLine, contextNeeds } from "../../../src/fit/context-needs";
import { OLLAMAS_COUNT } from "../../../src/fit/sum-names";
import { formatBytes, GIB } from "../../../src/fit/units";
import { judge, type KnownVerdict, needBytes } from "../../../src/fit/verdict";
import { contextChart } from "../../../src/ui/models/context-chart";
import { loadsChart } from "../../../src/ui/models/loads-chart";
import { INKS } from "../../../src/ui/shared/chart/ink";
import { inputFor, measured } from "../../fit/inputs";
import { says } from "../../support/meaning";
import { elementsOf, expectSound, wordsOf } from "../drawings";

const LOOKS = ["light", "dark"] as const;

function known(model: string, limitBytes: number) {
  const input = inputFor(measured(model), limitBytes);
  const verdict = judge(input);
  if (verdict.kind === "unknown") throw new Error(verdict.reason);
  return { input, verdict: verdict as KnownVerdict };
}

describe("the contexts of a model", () => {
  const { input, verdict } = known("qwen3-coder-next", 51.84 * GIB);
  const needs = contextNeeds(input, verdict);

  it("go from 4K to the longest it was trained for, each judged as the list judges", () => {
    expect(needs.map(({ numCtx }) => numCtx / 1024)).toEqual([4, 8, 16, 32, 64, 128, 256]);
    for (const need of needs) {
      const judged = judge({ ...input, options: { ...input.options, context: need.numCtx } });
      expect(need.verdict.kind).toBe(judged.kind);
      expect(needBytes(need.verdict)).toBe(needBytes(judged as KnownVerdict));
    }
    expect(needs.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
  });

  it("end at the trained context where that isn't round", () => {
    const small = known("qwen3-8b", 100 * GIB);
    expect(contextNeeds(small.input, small.verdict).at(-1)?.numCtx).toBe(40_960);
  });

  it.each(LOOKS)("are drawn with the figures of the lines beside them (%s)", (look) => {
    const chart = contextChart(needs, verdict.limit.bytes, look);
    expectSound(chart);
    const words = wordsOf(chart.svg);
    expect(words).toContain("51.8 GiB limit");
    for (const need of needs) {
      const { title, text } = contextNeedLine(need);
      const [amount = "", word = ""] = text.split(" · ");
      expect(words).toEqual(expect.arrayContaining([title.replace(" Context", ""), amount, word]));
    }
  });

  it("stay inside of the picture at any limit, and pass the line of the limit only where they're over it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4096 }), (gib) => {
        const at = known("qwen3-coder-next", gib * GIB);
        const drawn = contextNeeds(at.input, at.verdict);
        const chart = contextChart(drawn, gib * GIB, "dark");
        expectSound(chart);
        const line = elementsOf(chart.svg).find(({ name }) => name === "path")?.attributes["d"] ?? "";
        const edge = Number(/^M([\d.]+)/.exec(line)?.[1]);
        const bars = elementsOf(chart.svg).filter(
          ({ name, attributes }) => name === "rect" && attributes["fill"] !== INKS.dark.track,
        );
        const ends = bars.map(({ attributes }) => Number(attributes["x"]) + Number(attributes["width"]));
        expect(ends.map((end) => end > edge + 3)).toEqual(drawn.map((need) => needBytes(need.verdict) > gib * GIB));
      }),
      { numRuns: 30 },
    );
  });
});

describe("the last loads", () => {
  const record = (predictedBytes: number, reportedBytes: number, spilledBytes = 0) => ({
    at: "2026-11-25T08:00:00Z",
    numCtx: 32_768,
    predictedBytes,
    reportedBytes,
    spilledBytes,
  });

  it("leave out those that spilled, and end at six", () => {
    const records = [record(5 * GIB, 6 * GIB, GIB), ...Array.from({ length: 9 }, () => record(5 * GIB, 5.1 * GIB))];
    const loads = lastLoads(records);
    expect(loads).toHaveLength(6);
    says(loads.map(loadLineText)[0], "5.10 GiB", OLLAMAS_COUNT, "5.00 GiB predicted", "+2.0%");
  });

  it("are drawn with the figures of the lines beside them, whatever they are", () => {
    const amount = fc.integer({ min: 1, max: 900 * GIB });
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 6 }), (pairs) => {
        // A count is never so far off that its share has no room.
        const records = pairs.map(([one, other]) => record(one, Math.max(1, Math.min(other, one * 9))));
        const loads = lastLoads(records);
        const chart = loadsChart(loads, "light");
        expectSound(chart);
        expect(wordsOf(chart.svg)).toContain(formatBytes(records[0]?.reportedBytes ?? 0, 2));
      }),
    );
  });
});
