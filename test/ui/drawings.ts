/** Reads drawings back, for tests of what they show. */
import { expect } from "vitest";
import type { Chart } from "../../src/ui/shared/chart/shapes";

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly words: string;
}

/** The elements of a drawing without nested shapes; throws where it is not well-formed. */
export function elementsOf(svg: string): Element[] {
  const [, inside] = /^<svg(?: [a-zA-Z]+="[^"<&]*")+>([^]*)<\/svg>$/.exec(svg) ?? [];
  if (inside === undefined) throw new Error("It is not one svg element.");
  const elements: Element[] = [];
  const rest = inside.replace(
    /<([a-z]+)((?:\s+[a-z0-9-]+="[^"<&]*")*)\s*(?:\/>|>((?:[^<&]|&#\d+;)*)<\/\1>)/g,
    (_, name: string, listed: string, words: string | undefined) => {
      const pairs = [...listed.matchAll(/([a-z0-9-]+)="([^"]*)"/g)].map(
        ([, key = "", value = ""]) => [key, value] as const,
      );
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`An attribute is twice in ${listed}`);
      elements.push({ name, attributes: Object.fromEntries(pairs), words: plain(words ?? "") });
      return "";
    },
  );
  if (rest.trim() !== "") throw new Error(`It is not well-formed at ${rest.trim().slice(0, 60)}`);
  return elements;
}

function plain(words: string): string {
  return words.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

/** What is written in a drawing, its description left out. */
export function wordsOf(svg: string): string[] {
  return elementsOf(svg).flatMap(({ name, words }) => (name === "text" ? [words] : []));
}

/** Amounts with their units, contexts and shares: "51.8 GiB", "64K", "+0.4%". */
export function figuresIn(text: string): string[] {
  return text.match(/[+-]?\d[\d.,]*\d?(?: [KMG]iB| B|K|%)?/g) ?? [];
}

/** Fails where a drawing leaves its frame, isn't well-formed, loads something or has a figure its text version hasn't. */
export function expectSound({ svg, width, height }: Chart): void {
  expect(svg).not.toMatch(/NaN|Infinity|undefined|e[+-]\d/);
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
    /<script|href|url\(|https?:|<style| on[a-z]+=/,
  );
  const elements = elementsOf(svg);
  const description = elements.find(({ name }) => name === "desc")?.words ?? "";
  const told = figuresIn(description);
  for (const { name, attributes, words } of elements) {
    const number = (key: string) => Number(attributes[key]);
    if (name === "rect") {
      expect(number("width")).toBeGreaterThanOrEqual(0);
      expect(number("x")).toBeGreaterThanOrEqual(0);
      expect(number("x") + number("width")).toBeLessThanOrEqual(width);
      expect(number("y") + number("height")).toBeLessThanOrEqual(height);
    }
    if (name === "path" || name === "circle") {
      const xs = [...(attributes["d"] ?? `M${attributes["cx"]}`).matchAll(/[MLH](-?[\d.]+)/g)].map(([, x]) =>
        Number(x),
      );
      expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...xs)).toBeLessThanOrEqual(width);
    }
    if (name === "text") {
      // Letters are wider than half of their height in few fonts.
      const length = words.length * 6.5;
      const before = { end: length, middle: length / 2 }[attributes["text-anchor"] ?? ""] ?? 0;
      expect(number("x") - before).toBeGreaterThanOrEqual(0);
      expect(number("x") + length - before).toBeLessThanOrEqual(width);
      expect(number("y")).toBeLessThanOrEqual(height);
      for (const figure of figuresIn(words)) expect(told).toContain(figure);
    }
  }
}

/** Contrast of two colours by WCAG 2. */
export function contrast(one: string, other: string): number {
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
