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
      { title: "Weights", before: "48.0 GiB", after: "30.0 GiB" },
      { title: "KV Cache", before: "6.4 GiB", after: "0 B" },
      { title: "Compute", before: "0 B", after: "0 B" },
      { title: "Projector", before: "0 B", after: "1.0 GiB" },
      { title: "Safety Margin", before: "1.0 GiB", after: "1.0 GiB" },
    ]);
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
        for (const { need, limit, uncertainty, terms } of [comparison.before, comparison.after]) {
          expect(comparison.longest).toBeGreaterThanOrEqual(Math.max(need + uncertainty, limit));
          expect(terms.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(need);
          expect(comparisonText(comparison)).toContain(`${formatBytes(need)} of ${formatBytes(limit)}`);
        }
      }),
    );
  });
});
