import { formatBytes } from "./units";
import { needBytes, type Verdict } from "./verdict";
import { type Term, termsOf } from "./verdict-text";

/** What's needed against what there is, in bytes: the numbers that every drawing of a verdict starts from. */
export interface Balance {
  /** The sum of the terms, safety margin included. */
  readonly need: number;
  readonly limit: number;
  /** Half-width of the band around the need. */
  readonly uncertainty: number;
  readonly terms: readonly Term[];
}

/** One bar of a drawing. */
export interface Bar extends Balance {
  readonly title: string;
}

/** One line of the legend: an amount for each bar, as people read it. */
export interface TermRow {
  readonly title: string;
  readonly amounts: readonly string[];
}

/** Verdicts on one scale. */
export interface Comparison {
  /** "Before" and "After", or "Now" alone where nothing changes. */
  readonly bars: readonly Bar[];
  /** The largest amount of any, the band included: the length of the scale in bytes, above 0. */
  readonly longest: number;
  readonly rows: readonly TermRow[];
  /** What the terms come to: total, limit and what is spare. */
  readonly sums: readonly TermRow[];
}

/**
 * Verdicts as numbers to draw, or the one where both are the same; undefined where one has no sum or no limit, or
 * nothing in it can be drawn.
 */
export function compareVerdicts(before: Verdict, after: Verdict): Comparison | undefined {
  const bars = before === after ? [barOf("Now", after)] : [barOf("Before", before), barOf("After", after)];
  const known = bars.filter((bar) => bar !== undefined);
  if (known.length < bars.length) return undefined;
  const longest = Math.max(...known.flatMap(({ need, limit, uncertainty }) => [need + uncertainty, limit]));
  if (!Number.isFinite(longest) || longest <= 0) return undefined;
  return { bars: known, longest, rows: rowsOf(known), sums: sumsOf(known) };
}

/** What the picture says, in words: "Before: 55.4 GiB of 51.8 GiB. After: 55.4 GiB of 56.0 GiB." */
export function comparisonText({ bars }: Comparison): string {
  return bars.map((bar) => `${bar.title}: ${balanceText(bar)}.`).join(" ");
}

/** "55.4 GiB of 51.8 GiB". */
export function balanceText({ need, limit }: Balance): string {
  return `${formatBytes(need)} of ${formatBytes(limit)}`;
}

function barOf(title: string, verdict: Verdict): Bar | undefined {
  if (verdict.kind === "unknown") return undefined;
  const { estimate, limit } = verdict;
  return {
    title,
    need: needBytes(verdict),
    limit: limit.bytes,
    uncertainty: estimate.uncertainty,
    terms: termsOf(verdict),
  };
}

/** Every term of any bar once. One that a verdict leaves out is 0 bytes there. */
function rowsOf(bars: readonly Bar[]): readonly TermRow[] {
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
    row("Total", ({ need }) => need),
    row("GPU Limit", ({ limit }) => limit),
    row("Spare", ({ limit, need }) => limit - need),
  ];
}
