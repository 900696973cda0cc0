import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVerdicts, comparisonText } from "../../src/fit/balance";
import { formatBytes, GIB } from "../../src/fit/units";
import type { Verdict } from "../../src/fit/verdict";
import { anyVerdict, verdictWith } from "./verdict-with";

const unknown: Verdict = { kind: "unknown", reason: "Its metadata could not be read." };
const before = verdictWith({ weights: 48 * GIB, kvCache: 6.4 * GIB, margin: GIB, limit: 51.84 * GIB });
const after = verdictWith({ weights: 48 * GIB, kvCache: 6.4 * GIB, margin: GIB, limit: 56 * GIB });

describe("two verdicts side by side", () => {
  it("are said in words", () => {
    const comparison = compareVerdicts(before, after);
    expect(comparison && comparisonText(comparison)).toBe("Before: 55.4 GiB of 51.8 GiB. After: 55.4 GiB of 56.0 GiB.");
  });

  it("name each term once, in the order of the sum, as 0 where one lacks it", () => {
    const smaller = verdictWith({ weights: 30 * GIB, projector: GIB, margin: GIB, limit: 56 * GIB });
    const rows = compareVerdicts(before, smaller)?.rows;
    expect(rows).toEqual([
      { title: "Weights", amounts: ["48.0 GiB", "30.0 GiB"] },
      { title: "KV Cache", amounts: ["6.4 GiB", "0 B"] },
      { title: "Compute", amounts: ["0 B", "0 B"] },
      { title: "Projector", amounts: ["0 B", "1.0 GiB"] },
      { title: "Safety Margin", amounts: ["1.0 GiB", "1.0 GiB"] },
    ]);
  });

  it("are one where nothing changes", () => {
    const comparison = compareVerdicts(after, after);
    expect(comparison && comparisonText(comparison)).toBe("Now: 55.4 GiB of 56.0 GiB.");
    expect(comparison?.sums).toContainEqual({ title: "Spare", amounts: ["614 MiB"] });
  });

  it("cannot be drawn where one is unknown, endless or both are nothing", () => {
    expect(compareVerdicts(unknown, after)).toBeUndefined();
    expect(compareVerdicts(before, unknown)).toBeUndefined();
    expect(compareVerdicts(before, verdictWith({ weights: Infinity, limit: GIB }))).toBeUndefined();
    expect(compareVerdicts(before, verdictWith({ weights: NaN, limit: GIB }))).toBeUndefined();
    expect(compareVerdicts(verdictWith({}), verdictWith({}))).toBeUndefined();
  });

  it("share a scale that nothing exceeds, and need the sum of their terms", () => {
    fc.assert(
      fc.property(anyVerdict, anyVerdict, (first, second) => {
        const comparison = compareVerdicts(first, second);
        if (comparison === undefined) return;
        for (const { need, limit, low, high, terms } of comparison.bars) {
          expect(comparison.longest).toBeGreaterThanOrEqual(Math.max(high, limit));
          expect(low).toBeLessThanOrEqual(need);
          expect(high).toBeGreaterThanOrEqual(need);
          expect(terms.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(need);
          expect(comparisonText(comparison)).toContain(`${formatBytes(need)} of ${formatBytes(limit)}`);
        }
      }),
    );
  });
});
