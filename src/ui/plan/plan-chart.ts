import { type Balance, type Bar, barsOf, type Comparison, needText, showsBand } from "../../fit/balance";
import { type Appearance, FILLS, type Ink, INKS } from "../shared/chart/ink";
import {
  at,
  BAR_HEIGHT,
  BOLD,
  type Chart,
  drawing,
  INSET,
  legendKey,
  limitLine,
  overrun,
  path,
  RIGHT,
  text,
  textBefore,
  tile,
  WIDTH,
} from "../shared/chart/shapes";
import { comparisonLines } from "./plan-text";

const BAR = { top: 20, pitch: 64 } as const;
const TABLE = { pitch: 18, column: 110, gap: 8 } as const;
/** So much of what lies beyond the limit can still be seen. */
const LEAST_OVERRUN = 4;
/** Where the need begins if it ends too near to the bar's title. */
const AFTER_TITLE = 54;

/** Need against limit: the bars on one scale, that of the RAM last, and the terms as a legend below. */
export function planChart(comparison: Comparison, appearance: Appearance): Chart {
  const { longest, rows, ramRows } = comparison;
  const bars = barsOf(comparison);
  const ink = INKS[appearance];
  const x = (bytes: number) => (Math.min(bytes, longest) / longest) * (WIDTH - INSET);
  // One bar needs no heads of columns.
  const tableTop = bars.length * BAR.pitch + (comparison.bars.length > 1 ? 16 : 16 - TABLE.pitch);
  return drawing(tableTop + (rows.length + ramRows.length) * TABLE.pitch + TABLE.gap + 6, comparisonLines(comparison), [
    ...bars.flatMap((each, index) => bar(each, longest, index * BAR.pitch, x, ink)),
    ...legend(comparison, tableTop, ink),
  ]);
}

function bar(drawn: Bar, longest: number, top: number, x: (bytes: number) => number, ink: Ink): string[] {
  const { title, limitText, need, limit, low, high, terms, isMild } = drawn;
  const over = need > limit;
  const overInk = isMild ? ink.near : ink.over;
  const edge = x(limit);
  const end = over ? Math.max(x(need), edge + LEAST_OVERRUN) : x(need);
  const y = top + BAR.top;
  return [
    text(title, 0, y - 7, ink.text, BOLD),
    textBefore(needText(drawn, longest), end, y - 7, over ? overInk : ink.text, BOLD, AFTER_TITLE),
    tile(0, edge, y, BAR_HEIGHT, ink.track),
    ...segments(terms, x).flatMap(({ from, to, fill }) => [
      tile(from, Math.min(to, edge), y, BAR_HEIGHT, fill),
      tile(Math.max(from, edge), to, y, BAR_HEIGHT, fill, ' fill-opacity="0.35"'),
    ]),
    ...(over ? overrun(edge, end, y, overInk) : []),
    ...(showsBand(drawn, longest) ? whisker(x(low), x(high), y + BAR_HEIGHT / 2, ink) : []),
    limitLine(edge, y, BAR_HEIGHT, ink),
    textBefore(limitText, edge + 1, y + BAR_HEIGHT + 16, ink.faint),
  ];
}

/** Where each term lies: one after the other, with a hair of the window between them. */
function segments(terms: Balance["terms"], x: (bytes: number) => number) {
  let sum = 0;
  return terms.map(({ title, bytes }) => {
    const from = x(sum);
    sum += bytes;
    const to = x(sum);
    return { from, to: to - from > 3 ? to - 1 : to, fill: FILLS[title] };
  });
}

function whisker(from: number, to: number, y: number, ink: Ink): string[] {
  return [path(`M${at(from)} ${y}H${at(to)}M${at(from)} ${y - 4}V${y + 4}M${at(to)} ${y - 4}V${y + 4}`, ink.text, 1.5)];
}

/** The legend, with a column for each bar: what changes stands out from what stays. */
function legend({ bars, rows, ramRows }: Comparison, top: number, ink: Ink): string[] {
  const end = (column: number) => WIDTH - INSET - (bars.length - 1 - column) * TABLE.column;
  const head = bars.length > 1 ? bars.map(({ title }, column) => text(title, end(column), top, ink.faint, RIGHT)) : [];
  const lines = [...rows, ...ramRows].flatMap(({ title, amounts }, index) => {
    // What the RAM holds isn't part of the sum above it.
    const y = top + (index + 1) * TABLE.pitch + (index < rows.length ? 0 : TABLE.gap);
    const changes = amounts.some((amount) => amount !== amounts[0]);
    return [
      ...legendKey(title, FILLS[title], y, ink),
      ...amounts.map((amount, column) => {
        const isNew = changes && column === amounts.length - 1;
        return text(amount, end(column), y, isNew ? ink.text : ink.faint, isNew ? `${RIGHT} ${BOLD}` : RIGHT);
      }),
    ];
  });
  return [...head, ...lines];
}
