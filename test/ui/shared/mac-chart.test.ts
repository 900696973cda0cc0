import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { macBarRows, macBarSentence } from "../../../src/fit/mac-bar";
import { GIB } from "../../../src/fit/units";
import { macChart } from "../../../src/ui/shared/mac-chart";
import { expectSound, wordsOf } from "../drawings";

const bar = { ramBytes: 64 * GIB, limitBytes: 51.84 * GIB, modelsBytes: 20 * GIB, othersBytes: 11.1 * GIB };

describe("the picture of this Mac", () => {
  it("has the figures of the lines and of the sentence beside it, and no others", () => {
    const words = wordsOf(macChart(bar, "light").svg);
    expect(words).toEqual([
      ...["RAM", "64.0 GiB", "51.8 GiB limit"],
      ...["Models", "20.0 GiB", "Free", "32.9 GiB", "macOS and Apps", "11.1 GiB"],
    ]);
    const figures = words.flatMap((word) => /[\d.]+ GiB/.exec(word) ?? []);
    const rows = macBarRows(bar).map(({ text }) => text);
    for (const figure of figures) {
      expect(rows).toContain(figure);
      expect(macBarSentence(bar)).toContain(figure.replace(" GiB", ""));
    }
  });

  it("says where the use of macOS and the apps couldn't be read", () => {
    expect(wordsOf(macChart({ ...bar, othersBytes: undefined }, "dark").svg)).toContain("unknown");
  });

  it("stays inside of its frame, also where more is in use than there is", () => {
    const bytes = fc.integer({ min: 0, max: 600 * GIB });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 512 * GIB }), bytes, bytes, bytes, (ramBytes, limit, models, others) => {
        expectSound(macChart({ ramBytes, limitBytes: limit, modelsBytes: models, othersBytes: others }, "dark"));
      }),
    );
  });
});
