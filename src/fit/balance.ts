import { formatBytes } from "./units";
import type { Verdict } from "./verdict";
import { type Term, termsOf } from "./verdict-text";

/** What a model needs against its limit, in bytes: the numbers that every drawing of a verdict starts from. */
export interface Balance {
  /** The sum of the terms, safety margin included. */
  readonly need: number;
  readonly limit: number;
  /** Half-width of the band around the need. */
  readonly uncertainty: number;
  readonly terms: readonly Term[];
}

/** One term in both verdicts, as people read it. */
export interface TermRow {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

/** Two verdicts on one scale. */
export interface Comparison {
  readonly before: Balance;
  readonly after: Balance;
  /** The largest amount of either, the band included: the length of the scale in bytes, above 0. */
  readonly longest: number;
  readonly rows: readonly TermRow[];
  /** What the terms come to: total, limit and what is spare. */
  readonly sums: readonly TermRow[];
}

/** Both verdicts as numbers to draw; undefined where one has no sum or no limit, or nothing in it can be drawn. */
export function compareVerdicts(before: Verdict, after: Verdict): Comparison | undefined {
  const [first, second] = [balanceOf(before), balanceOf(after)];
  if (first === undefined || second === undefined) return undefined;
  const longest = Math.max(...[first, second].flatMap(({ need, limit, uncertainty }) => [need + uncertainty, limit]));
  if (!Number.isFinite(longest) || longest <= 0) return undefined;
  return { before: first, after: second, longest, rows: rowsOf(first, second), sums: sumsOf(first, second) };
}

function sumsOf(before: Balance, after: Balance): readonly TermRow[] {
  const row = (title: string, amount: (balance: Balance) => number): TermRow => ({
    title,
    before: formatBytes(amount(before)),
    after: formatBytes(amount(after)),
  });
  return [
    row("Total", ({ need }) => need),
    row("GPU Limit", ({ limit }) => limit),
    row("Spare", ({ limit, need }) => limit - need),
  ];
}

/** What the picture says, in words: "Before: 55.4 GiB of 51.8 GiB. After: 55.4 GiB of 56.0 GiB." */
export function comparisonText({ before, after }: Comparison): string {
  return `Before: ${balanceText(before)}. After: ${balanceText(after)}.`;
}

/** "55.4 GiB of 51.8 GiB". */
export function balanceText({ need, limit }: Balance): string {
  return `${formatBytes(need)} of ${formatBytes(limit)}`;
}

function balanceOf(verdict: Verdict): Balance | undefined {
  if (verdict.kind === "unknown") return undefined;
  const { estimate, run, limit } = verdict;
  return {
    need: estimate.total + run.margin.value,
    limit: limit.bytes,
    uncertainty: estimate.uncertainty,
    terms: termsOf(verdict),
  };
}

/** Every term of either verdict once. One that a verdict leaves out is 0 bytes there. */
function rowsOf(before: Balance, after: Balance): readonly TermRow[] {
  const longer = before.terms.length > after.terms.length ? before : after;
  const titles = new Set([longer, before, after].flatMap(({ terms }) => terms.map(({ title }) => title)));
  const amount = ({ terms }: Balance, title: string) =>
    formatBytes(terms.find((term) => term.title === title)?.bytes ?? 0);
  return [...titles].map((title) => ({ title, before: amount(before, title), after: amount(after, title) }));
}
