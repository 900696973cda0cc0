import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVerdicts } from "../../../src/fit/balance";
import { formatBytes, GIB } from "../../../src/fit/units";
import type { Verdict } from "../../../src/fit/verdict";
import { type Appearance, type Chart, FILLS, INKS, planChart } from "../../../src/ui/plan/plan-chart";
import { anyVerdict, verdictWith } from "../../fit/verdict-with";

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

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly words: string;
}

/** The elements of a drawing without nested shapes; throws where it is not well-formed. */
function elementsOf(svg: string): Element[] {
  const [, inside] = /^<svg(?: [a-zA-Z]+="[^"<&]*")+>([^]*)<\/svg>$/.exec(svg) ?? [];
  if (inside === undefined) throw new Error("It is not one svg element.");
  const elements: Element[] = [];
  const rest = inside.replace(
    /<([a-z]+)((?:\s+[a-z-]+="[^"<&]*")*)\s*(?:\/>|>((?:[^<&]|&#\d+;)*)<\/\1>)/g,
    (_, name: string, listed: string, words: string | undefined) => {
      const pairs = [...listed.matchAll(/([a-z-]+)="([^"]*)"/g)].map(
        ([, key = "", value = ""]) => [key, value] as const,
      );
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`An attribute is twice in ${listed}`);
      elements.push({ name, attributes: Object.fromEntries(pairs), words: words ?? "" });
      return "";
    },
  );
  if (rest.trim() !== "") throw new Error(`It is not well-formed at ${rest.trim().slice(0, 60)}`);
  return elements;
}

function wordsOf(svg: string): string[] {
  return elementsOf(svg).flatMap(({ name, words }) => (name === "text" ? [words] : []));
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
    expect(new Set(Object.values(FILLS)).size).toBe(Object.keys(FILLS).length);
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

  it("is well-formed and stays inside of its frame, whatever the amounts are", () => {
    fc.assert(
      fc.property(anyVerdict, anyVerdict, fc.constantFrom(...LOOKS), (before, after, look) => {
        fc.pre(compareVerdicts(before, after) !== undefined);
        const { svg, width, height } = chartOf(before, after, look);
        expect(svg).not.toMatch(/NaN|Infinity|undefined|e[+-]\d/);
        for (const { name, attributes, words } of elementsOf(svg)) {
          const number = (key: string) => Number(attributes[key]);
          if (name === "rect") {
            expect(number("width")).toBeGreaterThanOrEqual(0);
            expect(number("x")).toBeGreaterThanOrEqual(0);
            expect(number("x") + number("width")).toBeLessThanOrEqual(width);
            expect(number("y") + number("height")).toBeLessThanOrEqual(height);
          }
          if (name === "path") {
            const xs = [...(attributes["d"] ?? "").matchAll(/[MLH](-?[\d.]+)/g)].map(([, x]) => Number(x));
            expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
            expect(Math.max(...xs)).toBeLessThanOrEqual(width);
          }
          if (name === "text") {
            // Letters are wider than half of their height in few fonts.
            const [from, to] = attributes["text-anchor"] === "end" ? [words.length * 6.5, 0] : [0, words.length * 6.5];
            expect(number("x") - from).toBeGreaterThanOrEqual(0);
            expect(number("x") + to).toBeLessThanOrEqual(width);
          }
        }
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
      const { text, faint, over } = INKS[look];
      for (const ink of [text, faint, over]) expect(contrast(ink, window)).toBeGreaterThanOrEqual(4.5);
      for (const fill of Object.values(FILLS)) expect(contrast(fill, window)).toBeGreaterThanOrEqual(3);
    }
    const used = elementsOf(chartOf(spills, fits, look).svg).filter(({ name }) => name === "text");
    const inks: readonly (string | undefined)[] = [INKS[look].text, INKS[look].faint, INKS[look].over];
    for (const { attributes } of used) expect(inks).toContain(attributes["fill"]);
  });

  it("loads nothing and runs nothing", () => {
    const { svg } = chartOf(spills, fits);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /script|href|url\(|https?:|<style|on[a-z]+=/,
    );
  });

  it("takes its amounts from the one formatter", () => {
    const tiny = verdictWith({ weights: 300 * 1024, limit: 107 * GIB });
    expect(wordsOf(chartOf(tiny, tiny).svg)).toEqual(
      expect.arrayContaining([formatBytes(300 * 1024), `${formatBytes(107 * GIB)} limit`]),
    );
  });
});

/** Contrast of two colours by WCAG 2. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const share = parseInt(color.slice(start, start + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
