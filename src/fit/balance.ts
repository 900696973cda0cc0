import type { RamBalance } from "./ram";
import { RAM_TERMS, SUM_TITLES, type TermTitle } from "./sum-names";
import { formatBytes } from "./units";
import { type KnownVerdict, needBytes, needRange, type Verdict } from "./verdict";
import { type Term, termsOf } from "./verdict-text";

/** What's needed against what there is, in bytes: the numbers that every drawing of a verdict starts from. */
export interface Balance {
  /** The sum of the terms, safety margin included. */
  readonly need: number;
  readonly limit: number;
  /** Ends of the range that the need may really be in. */
  readonly low: number;
  readonly high: number;
  readonly terms: readonly Term[];
}

/** One bar of a drawing. */
export interface Bar extends Balance {
  readonly title: string;
  /** What the limit is: "51.8 GiB limit", "64.0 GiB of RAM". */
  readonly limitText: string;
  /** What lies beyond the limit does little harm: macOS compresses it. */
  readonly isMild?: boolean;
}

/** One line of the legend: an amount for each bar, as people read it. */
export interface TermRow<Title extends string = string> {
  readonly title: Title;
  readonly amounts: readonly string[];
}

/** Verdicts on one scale. */
export interface Comparison {
  /** "Before" and "After", or "Now" alone where nothing changes. */
  readonly bars: readonly Bar[];
  /** The RAM as it would be then; absent where it isn't known. */
  readonly ram?: Bar;
  /** The largest amount of any, the band included: the length of the scale in bytes, above 0. */
  readonly longest: number;
  readonly rows: readonly TermRow<TermTitle>[];
  /** What the terms come to: total, limit and what is spare. */
  readonly sums: readonly TermRow[];
  /** What the bar of the RAM is made of. */
  readonly ramRows: readonly TermRow<TermTitle>[];
}

/**
 * Verdicts as numbers to draw, or the one where both are the same; undefined where one has no sum or no limit, or
 * nothing in it can be drawn.
 */
export function compareVerdicts(before: Verdict, after: Verdict): Comparison | undefined {
  if (before.kind === "unknown" || after.kind === "unknown") return undefined;
  const verdicts = before === after ? [after] : [before, after];
  const titles = before === after ? ["Now"] : ["Before", "After"];
  const bars = verdicts.map((verdict, index) => barOf(titles[index] ?? "", verdict));
  const then = ramOf(after);
  const ram = then && ramBar(then);
  const all = ram === undefined ? bars : [...bars, ram];
  const longest = Math.max(...all.flatMap(({ need, limit, high }) => [need, high, limit]));
  if (!Number.isFinite(longest) || longest <= 0) return undefined;
  return { bars, ram, longest, rows: rowsOf(bars), sums: sumsOf(bars), ramRows: ramRows(verdicts) };
}

/** What the picture says, in words: "Before: 55.4 GiB of 51.8 GiB. After: 55.4 GiB of 56.0 GiB." */
export function comparisonText(comparison: Comparison): string {
  return barsOf(comparison)
    .map((bar) => `${bar.title}: ${balanceText(bar)}.`)
    .join(" ");
}

/** Every bar of a comparison, that of the RAM last. */
export function barsOf({ bars, ram }: Comparison): readonly Bar[] {
  return ram === undefined ? bars : [...bars, ram];
}

/** "55.4 GiB of 51.8 GiB". */
function balanceText({ need, limit }: Balance): string {
  return `${formatBytes(need)} of ${formatBytes(limit)}`;
}

/** From which share of the scale on the range of a need is wide enough to be seen. */
const LEAST_BAND = 0.03;

/** Whether the range that a need may be in can be seen on a scale of `longest` bytes. */
export function showsBand({ low, high }: Balance, longest: number): boolean {
  return high - low >= longest * LEAST_BAND;
}

/** The need, with its range where that can be seen: "22.3 GiB ± 1.0 GiB"; where its sides differ, "24.0 GiB (22.3 GiB to 26.0 GiB)". */
export function needText(balance: Balance, longest: number): string {
  const { need, low, high } = balance;
  const text = formatBytes(need);
  if (!showsBand(balance, longest)) return text;
  const [below, above] = [formatBytes(need - low), formatBytes(high - need)];
  return below === above || low === 0 ? `${text} ± ${above}` : `${text} (${formatBytes(low)} to ${formatBytes(high)})`;
}

function barOf(title: string, verdict: KnownVerdict): Bar {
  const { limit } = verdict;
  return {
    title,
    limitText: `${formatBytes(limit.bytes)} limit`,
    need: needBytes(verdict),
    limit: limit.bytes,
    ...needRange(verdict),
    terms: termsOf(verdict),
  };
}

/** What macOS and the apps keep, and the model beside it. */
function ramBar({ kind, ramBytes, carryBytes, needBytes: model }: RamBalance): Bar {
  const term = (title: TermTitle, bytes: number): Term => ({ title, bytes, text: formatBytes(bytes) });
  const need = ramBytes - carryBytes + model;
  return {
    title: "RAM",
    limitText: `${formatBytes(ramBytes)} of RAM`,
    isMild: kind === "compresses",
    need,
    limit: ramBytes,
    low: need,
    high: need,
    terms: [term(RAM_TERMS.others, ramBytes - carryBytes), term(RAM_TERMS.model, model)],
  };
}

/** The RAM beside a model; undefined where it isn't known, and for what doesn't even load. */
function ramOf(verdict: KnownVerdict): RamBalance | undefined {
  return verdict.kind === "wont-load" ? undefined : verdict.ram;
}

/** Nothing stands for what doesn't load. */
const NO_AMOUNT = "–";

function ramRows(verdicts: readonly KnownVerdict[]): readonly TermRow<TermTitle>[] {
  const balances = verdicts.map(ramOf);
  if (balances.at(-1) === undefined) return [];
  const row = (title: TermTitle, amount: (ram: RamBalance) => number): TermRow<TermTitle> => ({
    title,
    amounts: balances.map((ram) => (ram === undefined ? NO_AMOUNT : formatBytes(amount(ram)))),
  });
  return [
    row(RAM_TERMS.others, ({ ramBytes, carryBytes }) => ramBytes - carryBytes),
    row(RAM_TERMS.model, ({ needBytes: model }) => model),
  ];
}

/** Every term of any bar once. One that a verdict leaves out is 0 bytes there. */
function rowsOf(bars: readonly Bar[]): readonly TermRow<TermTitle>[] {
  const longestFirst = bars.toSorted((a, b) => b.terms.length - a.terms.length);
  const titles = new Set(longestFirst.flatMap(({ terms }) => terms.map(({ title }) => title)));
  const amount = ({ terms }: Bar, title: string) => formatBytes(terms.find((term) => term.title === title)?.bytes ?? 0);
  return [...titles].map((title) => ({ title, amounts: bars.map((bar) => amount(bar, title)) }));
}

function sumsOf(bars: readonly Bar[]): readonly TermRow[] {
  const row = (title: string, amount: (bar: Bar) => number): TermRow => ({
    title,
    amounts: bars.map((bar) => formatBytes(amount(bar))),
  });
  return [
    row(SUM_TITLES.total, ({ need }) => need),
    row(SUM_TITLES.limit, ({ limit }) => limit),
    row(SUM_TITLES.spare, ({ limit, need }) => limit - need),
  ];
}
