import { type Balance, type Bar, barsOf, type Comparison, RAM_TERMS } from "../../fit/balance";
import { formatBytes } from "../../fit/units";
import { comparisonLines } from "./plan-text";

export type Appearance = "light" | "dark";

/** A drawing and its size in points. */
export interface Chart {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

interface Ink {
  readonly text: string;
  readonly faint: string;
  readonly over: string;
  readonly track: string;
}

/** Colours of text and lines. Raycast's window lets the desktop through, so they keep well above 4.5:1. */
export const INKS: Readonly<Record<Appearance, Ink>> = {
  light: { text: "#1d1d1f", faint: "#58585d", over: "#b3261e", track: "#dcdce0" },
  dark: { text: "#f4f4f5", faint: "#b4b4ba", over: "#ff8077", track: "#48484d" },
};

/** Fills by the titles of the terms; they stand out (3:1) on a light and on a dark window. */
export const FILLS: Readonly<Record<string, string>> = {
  Weights: "#2f7fd0",
  "KV Cache": "#1a9470",
  "Recurrent State": "#9a6bd0",
  Compute: "#b07d1e",
  Projector: "#c8609b",
  "LoRA Adapter": "#7a8f2a",
  "Attention Scores": "#b07d1e",
  "Working Memory": "#c8609b",
  "Safety Margin": "#848488",
  "Kept Free": "#848488",
  [RAM_TERMS.others]: "#b0685a",
  [RAM_TERMS.model]: "#5f86a8",
};
const OTHER_FILL = "#848488";

const WIDTH = 400;
/** Keeps the line of a limit at the end of the scale, and the least overrun beyond it, inside of the picture. */
const INSET = 6;
const BAR = { top: 20, height: 18, pitch: 64 } as const;
const TABLE = { pitch: 18, column: 110 } as const;
/** Points from which on there is room: for what lies beyond the limit at all, for a hatch in it, for the band. */
const LEAST = { overrun: 4, hatch: 12, band: 12 } as const;
/** Where the need begins if it ends too near to the bar's title. */
const AFTER_TITLE = 54;
const FONT = 'font-family="-apple-system, system-ui, sans-serif"';
const BOLD = 'font-weight="600"';
const RIGHT = 'text-anchor="end"';

/**
 * Need against limit, as SVG: the bars on one scale, the terms as a legend below, and the whole as text in its
 * description. Only plain shapes and attributes are used, no patterns, clips or styles: renderers of SVG differ in those.
 */
export function planChart(comparison: Comparison, appearance: Appearance): Chart {
  const { longest, rows, ramRows } = comparison;
  const bars = barsOf(comparison);
  const ink = INKS[appearance];
  const x = (bytes: number) => (Math.min(bytes, longest) / longest) * (WIDTH - INSET);
  const tableTop = bars.length * BAR.pitch + 16;
  const height = tableTop + (rows.length + ramRows.length) * TABLE.pitch + 6;
  return {
    width: WIDTH,
    height,
    svg: [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
      `<desc>${escapeXml(comparisonLines(comparison).join("\n"))}</desc>`,
      ...bars.flatMap((each, index) => bar(each, index * BAR.pitch, x, ink)),
      ...legend(comparison, tableTop, ink),
      "</svg>",
    ].join("\n"),
  };
}

function bar(
  { title, limitText, need, limit, low, high, terms }: Bar,
  top: number,
  x: (bytes: number) => number,
  ink: Ink,
): string[] {
  const over = need > limit;
  const edge = x(limit);
  const end = over ? Math.max(x(need), edge + LEAST.overrun) : x(need);
  const y = top + BAR.top;
  const band = [x(low), x(high)] as const;
  const showsBand = band[1] - band[0] >= LEAST.band;
  const needText = formatBytes(need) + (showsBand ? bandText(need, low, high) : "");
  const needInk = over ? ink.over : ink.text;
  return [
    text(title, 0, y - 7, ink.text, BOLD),
    end < AFTER_TITLE + textWidth(needText)
      ? text(needText, AFTER_TITLE, y - 7, needInk, BOLD)
      : text(needText, end, y - 7, needInk, `${BOLD} ${RIGHT}`),
    rect(0, edge, y, ink.track),
    ...segments(terms, x).flatMap(({ from, to, fill }) => [
      rect(from, Math.min(to, edge), y, fill),
      rect(Math.max(from, edge), to, y, fill, ' fill-opacity="0.35"'),
    ]),
    ...(over ? overrun(edge, end, y, ink) : []),
    ...(showsBand ? whisker(...band, y + BAR.height / 2, ink) : []),
    path(`M${at(Math.max(1, edge))} ${y - 3}V${y + BAR.height + 4}`, ink.text, 2),
    edge < textWidth(limitText)
      ? text(limitText, Math.max(0, edge - 1), y + BAR.height + 16, ink.faint)
      : text(limitText, edge + 1, y + BAR.height + 16, ink.faint, RIGHT),
  ];
}

/** The range around a need: " ± 1.0 GiB", or where its sides differ, " (22.3 GiB to 26.0 GiB)". */
function bandText(need: number, low: number, high: number): string {
  const [below, above] = [formatBytes(need - low), formatBytes(high - need)];
  return below === above || low === 0 ? ` ± ${above}` : ` (${formatBytes(low)} to ${formatBytes(high)})`;
}

/** Where each term lies: one after the other, with a hair of the window between them. */
function segments(terms: Balance["terms"], x: (bytes: number) => number) {
  let sum = 0;
  return terms.map(({ title, bytes }) => {
    const from = x(sum);
    sum += bytes;
    const to = x(sum);
    return { from, to: to - from > 3 ? to - 1 : to, fill: fillOf(title) };
  });
}

/** What lies beyond the limit: hatched and outlined, or filled where it is too narrow for that. */
function overrun(from: number, to: number, y: number, ink: Ink): string[] {
  if (to - from < LEAST.hatch) return [rect(from, to, y, ink.over)];
  const bottom = y + BAR.height;
  const strokes: string[] = [];
  for (let start = from - BAR.height + 3; start < to - 2; start += 6) {
    const first = Math.max(1, from - start);
    const last = Math.min(BAR.height - 1, to - 1 - start);
    strokes.push(`M${at(start + first)} ${at(bottom - first)}L${at(start + last)} ${at(bottom - last)}`);
  }
  return [
    path(strokes.join(""), ink.over, 1.5),
    path(`M${at(from)} ${y + 0.75}H${at(to - 0.75)}V${bottom - 0.75}H${at(from)}`, ink.over, 1.5),
  ];
}

function whisker(from: number, to: number, y: number, ink: Ink): string[] {
  return [path(`M${at(from)} ${y}H${at(to)}M${at(from)} ${y - 4}V${y + 4}M${at(to)} ${y - 4}V${y + 4}`, ink.text, 1.5)];
}

/** The legend, with a column for each bar: what changes stands out from what stays. */
function legend({ bars, rows, ramRows }: Comparison, top: number, ink: Ink): string[] {
  const end = (column: number) => WIDTH - INSET - (bars.length - 1 - column) * TABLE.column;
  const head = bars.length > 1 ? bars.map(({ title }, column) => text(title, end(column), top, ink.faint, RIGHT)) : [];
  const lines = [...rows, ...ramRows].flatMap(({ title, amounts }, index) => {
    const y = top + (index + 1) * TABLE.pitch;
    const changes = amounts.some((amount) => amount !== amounts[0]);
    return [
      `<rect x="0" y="${y - 9}" width="10" height="10" rx="2" fill="${fillOf(title)}"/>`,
      text(title, 18, y, ink.text),
      ...amounts.map((amount, column) => {
        const isNew = changes && column === amounts.length - 1;
        return text(amount, end(column), y, isNew ? ink.text : ink.faint, isNew ? `${RIGHT} ${BOLD}` : RIGHT);
      }),
    ];
  });
  return [...head, ...lines];
}

function fillOf(title: string): string {
  return FILLS[title] ?? OTHER_FILL;
}

function rect(from: number, to: number, y: number, fill: string, more = ""): string {
  if (to <= from) return "";
  return `<rect x="${at(from)}" y="${y}" width="${at(to - from)}" height="${BAR.height}" fill="${fill}"${more}/>`;
}

function path(line: string, color: string, width: number): string {
  return `<path d="${line}" fill="none" stroke="${color}" stroke-width="${width}"/>`;
}

function text(words: string, x: number, y: number, color: string, more = ""): string {
  return `<text x="${at(x)}" y="${at(y)}" ${FONT} font-size="12" fill="${color}" ${more}>${escapeXml(words)}</text>`;
}

/** Points that a text takes at most: no font is at hand to measure it with. */
function textWidth(words: string): number {
  return words.length * 7.5;
}

function at(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escapeXml(words: string): string {
  return words.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
