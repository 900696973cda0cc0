import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVerdicts } from "../../../src/fit/balance";
import { RAM_TERMS } from "../../../src/fit/sum-names";
import { MAC_PARTS } from "../../../src/fit/mac-bar";
import { formatBytes, GIB } from "../../../src/fit/units";
import type { Verdict } from "../../../src/fit/verdict";
import { planChart } from "../../../src/ui/plan/plan-chart";
import { type Appearance, FILLS, INKS } from "../../../src/ui/shared/chart/ink";
import type { Chart } from "../../../src/ui/shared/chart/shapes";
import { anyVerdict, verdictWith } from "../../fit/verdict-with";
import { contrast, type Element, elementsOf, expectSound, wordsOf } from "../drawings";

const LOOKS = ["light", "dark"] as const;
/** What Raycast's window comes to over a plain desktop. */
const WINDOWS: Readonly<Record<Appearance, readonly string[]>> = {
  light: ["#ffffff", "#f2f2f2"],
  dark: ["#1e1e1e", "#262629"],
};

const parts = { weights: 48 * GIB, kvCache: 5 * GIB, recurrentState: GIB, compute: 0.4 * GIB, margin: GIB };
const spills = verdictWith({ ...parts, limit: 51.84 * GIB });
const fits = verdictWith({ ...parts, limit: 56 * GIB });

function chartOf(before: Verdict, after: Verdict, look: Appearance = "light"): Chart {
  const comparison = compareVerdicts(before, after);
  if (comparison === undefined) throw new Error("There is nothing to draw.");
  return planChart(comparison, look);
}

/** The strokes beyond the limit: hatch and outline, or the fill where there is no room for them. */
function overruns(svg: string, look: Appearance): Element[] {
  return elementsOf(svg).filter(
    ({ name, attributes }) => name !== "text" && [attributes["stroke"], attributes["fill"]].includes(INKS[look].over),
  );
}

describe("the picture of a plan", () => {
  it("says need and limit of both, and the terms", () => {
    const words = wordsOf(chartOf(spills, fits).svg);
    expect(words).toEqual([
      ...["Before", "55.4 GiB", "51.8 GiB limit", "After", "55.4 GiB", "56.0 GiB limit"],
      ...["Before", "After"],
      ...["Weights", "48.0 GiB", "48.0 GiB"],
      ...["KV Cache", "5.0 GiB", "5.0 GiB"],
      ...["Recurrent State", "1.0 GiB", "1.0 GiB"],
      ...["Compute", "410 MiB", "410 MiB"],
      ...["Safety Margin", "1.0 GiB", "1.0 GiB"],
    ]);
  });

  it("gives each term a colour of its own", () => {
    const common = ["Weights", "KV Cache", "Recurrent State", RAM_TERMS.others, RAM_TERMS.model] as const;
    const together: readonly (readonly (keyof typeof FILLS)[])[] = [
      [...common, "Compute", "Projector", "Images", "LoRA Adapter", "Safety Margin"],
      [...common, "Attention Scores", "Working Memory"],
    ];
    expect(new Set([...together.flat(), MAC_PARTS.models])).toEqual(new Set(Object.keys(FILLS)));
    for (const titles of together) expect(new Set(titles.map((title) => FILLS[title])).size).toBe(titles.length);
    const fills = elementsOf(chartOf(spills, fits).svg).map(({ attributes }) => attributes["fill"]);
    for (const { title } of compareVerdicts(spills, fits)?.rows ?? []) expect(fills).toContain(FILLS[title]);
  });

  it("shows the band where it is wide enough to be seen", () => {
    const wide = verdictWith({ weights: 8 * GIB, uncertainty: GIB, limit: 10 * GIB });
    const narrow = verdictWith({ weights: 8 * GIB, uncertainty: GIB / 1024, limit: 10 * GIB });
    expect(wordsOf(chartOf(wide, narrow).svg)).toEqual(expect.arrayContaining(["8.0 GiB ± 1.0 GiB", "8.0 GiB"]));
  });

  it.each(LOOKS)("marks what lies beyond the limit and nothing else (%s)", (look) => {
    fc.assert(
      fc.property(anyVerdict, (verdict) => {
        fc.pre(compareVerdicts(verdict, verdict) !== undefined);
        const marked = overruns(chartOf(verdict, verdict, look).svg, look);
        expect(marked.length > 0).toBe(verdict.kind === "spills");
      }),
    );
  });

  it("is well-formed, stays inside of its frame and has no figure but those of its text version, whatever the amounts are", () => {
    fc.assert(
      fc.property(anyVerdict, anyVerdict, fc.constantFrom(...LOOKS), (before, after, look) => {
        fc.pre(compareVerdicts(before, after) !== undefined);
        expectSound(chartOf(before, after, look));
      }),
    );
  });

  it("fills each bar up to what is needed, in proportion", () => {
    const half = verdictWith({ weights: 3 * GIB, kvCache: 2 * GIB, limit: 10 * GIB });
    const rects = elementsOf(chartOf(half, { ...half }).svg).filter(({ attributes }) => attributes["height"] === "18");
    const [track, ...terms] = rects.slice(0, rects.length / 2).map(({ attributes }) => attributes);
    const end = Math.max(...terms.map((each) => Number(each["x"]) + Number(each["width"])));
    expect(Number(track?.["width"]) / end).toBeCloseTo(2, 1);
  });

  it.each(LOOKS)("can be read on a %s window", (look) => {
    for (const window of WINDOWS[look]) {
      const { text, faint, good, near, over } = INKS[look];
      for (const ink of [text, faint, good, near, over]) expect(contrast(ink, window)).toBeGreaterThanOrEqual(4.5);
      for (const fill of Object.values(FILLS)) expect(contrast(fill, window)).toBeGreaterThanOrEqual(3);
    }
    const used = elementsOf(chartOf(spills, fits, look).svg).filter(({ name }) => name === "text");
    const inks: readonly (string | undefined)[] = [INKS[look].text, INKS[look].faint, INKS[look].over];
    for (const { attributes } of used) expect(inks).toContain(attributes["fill"]);
  });

  it("takes its amounts from the one formatter", () => {
    const tiny = verdictWith({ weights: 300 * 1024, limit: 107 * GIB });
    expect(wordsOf(chartOf(tiny, tiny).svg)).toEqual(
      expect.arrayContaining([formatBytes(300 * 1024), `${formatBytes(107 * GIB)} limit`]),
    );
  });
});
