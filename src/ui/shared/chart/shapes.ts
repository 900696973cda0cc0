import type { Ink } from "./ink";

/** A drawing and its size in points. */
export interface Chart {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** Points. Raycast's detail pane has about 450, of which its margins take some. */
export const WIDTH = 400;
/** Keeps the line of a limit at the end of the scale inside of the picture. */
export const INSET = 6;
/** Height of a bar that carries a picture, and of one that's a line of many. */
export const BAR_HEIGHT = 18;
export const LINE_HEIGHT = 10;

export const BOLD = 'font-weight="600"';
export const RIGHT = 'text-anchor="end"';
const FONT = 'font-family="-apple-system, system-ui, sans-serif"';
const RADIUS = 4;

/**
 * A drawing as SVG. Only plain shapes and attributes are used, no patterns, clips or styles: renderers of SVG differ in
 * those. `lines` is its text version, which travels with it as its description: no picture has a number that isn't there.
 */
export function drawing(height: number, lines: readonly string[], shapes: readonly string[]): Chart {
  return {
    width: WIDTH,
    height,
    svg: [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
      `<desc>${escapeXml(lines.join("\n"))}</desc>`,
      ...shapes.filter((shape) => shape !== ""),
      "</svg>",
    ].join("\n"),
  };
}

/** A picture as markdown; `alt` says what it shows in a sentence. */
export function pictureMarkdown({ svg, width, height }: Chart, alt: string): string {
  const data = Buffer.from(svg).toString("base64");
  return `![${alt}](data:image/svg+xml;base64,${data}?raycast-width=${width}&raycast-height=${height})`;
}

/** A piece of a bar, rounded as far as it's wide enough; nothing where it has no width. */
export function tile(from: number, to: number, y: number, height: number, fill: string, more = ""): string {
  if (to <= from) return "";
  const radius = Math.min(RADIUS, height / 2, (to - from) / 2);
  return `<rect x="${at(from)}" y="${at(y)}" width="${at(to - from)}" height="${height}" rx="${at(radius)}" fill="${fill}"${more}/>`;
}

/** A limit: an upright line through a bar of `height` and a little beyond. */
export function limitLine(x: number, y: number, height: number, ink: Ink): string {
  return path(`M${at(Math.max(1, x))} ${at(y - 3)}V${at(y + height + 4)}`, ink.text, 2);
}

/** Points from which on a hatch has room. */
const LEAST_HATCH = 12;

/** What lies beyond a limit: hatched and outlined, or filled where it's too narrow for that. */
export function overrun(from: number, to: number, y: number, color: string): string[] {
  if (to - from < LEAST_HATCH) return [tile(from, to, y, BAR_HEIGHT, color)];
  const bottom = y + BAR_HEIGHT;
  const strokes: string[] = [];
  // Begins and ends inside of the outline, whose corners are round.
  for (let start = from - BAR_HEIGHT + 3; start < to - 4; start += 6) {
    const first = Math.max(1, from - start);
    const last = Math.min(BAR_HEIGHT - 1, to - 2 - start);
    strokes.push(`M${at(start + first)} ${at(bottom - first)}L${at(start + last)} ${at(bottom - last)}`);
  }
  const outline = `x="${at(from)}" y="${y + 0.75}" width="${at(to - from - 0.75)}" height="${BAR_HEIGHT - 1.5}" rx="${RADIUS}"`;
  return [path(strokes.join(""), color, 1.5), `<rect ${outline} fill="none" stroke="${color}" stroke-width="1.5"/>`];
}

/** A line of a legend's beginning: the square of a colour and what it stands for; without a fill it's what is empty. */
export function legendKey(title: string, fill: string | undefined, y: number, ink: Ink): string[] {
  const square =
    fill === undefined
      ? `<rect x="0.5" y="${at(y - 8.5)}" width="9" height="9" rx="2.5" fill="${ink.track}" stroke="${ink.faint}"/>`
      : `<rect x="0" y="${at(y - 9)}" width="10" height="10" rx="3" fill="${fill}"/>`;
  return [square, text(title, 18, y, ink.text)];
}

/** A dot of a fixed size around a point. */
export function dot(x: number, y: number, fill: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${fill}"/>`;
}

/** A line along an SVG path, with round ends. */
export function path(line: string, color: string, width: number): string {
  return `<path d="${line}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round"/>`;
}

/** Words that begin at `x`, on the baseline `y`; `more` is further attributes. */
export function text(words: string, x: number, y: number, color: string, more = ""): string {
  return `<text x="${at(x)}" y="${at(y)}" ${FONT} font-size="12" fill="${color}" ${more}>${escapeXml(words)}</text>`;
}

/** A text that ends at `x`, or begins at `least` where it has no room before it. */
export function textBefore(words: string, x: number, y: number, color: string, more = "", least = 0): string {
  return x < least + textWidth(words)
    ? text(words, least, y, color, more)
    : text(words, x, y, color, `${more} ${RIGHT}`.trim());
}

/** Points that a text takes at most: no font is at hand to measure it with. */
function textWidth(words: string): number {
  return words.length * 7.5;
}

/** A coordinate, to a hundredth of a point. */
export function at(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escapeXml(words: string): string {
  return words.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
