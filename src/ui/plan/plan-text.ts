import { type Balance, barsOf, type Comparison, compareVerdicts, needText, type TermRow } from "../../fit/balance";
import type { PlanOption } from "../../fit/plan/options";
import type { Verdict } from "../../fit/verdict";
import { formatBytes } from "../../fit/units";
import { verdictSentence } from "../../fit/verdict-text";

/** Cells of a text bar, the mark of the limit not counted. */
const BAR_WIDTH = 40;
const LABEL_WIDTH = 7;

/** A whole plan as text, for the clipboard: one of its options in full, and what else there is in a line each. */
export function planText(model: string, before: Verdict, options: readonly PlanOption[], chosen = options[0]): string {
  const others = options.filter((option) => option !== chosen);
  return [
    ...(chosen === undefined ? [`${model}: ${verdictSentence(before)}`] : [optionText(model, before, chosen)]),
    ...list(
      "Other Ways",
      others.map(({ title, sentence }) => `${title}: ${sentence}`),
    ),
  ].join("\n\n");
}

/** A whole option as text, for the clipboard: what it leads to, what it costs and how it's done by hand. */
export function optionText(
  model: string,
  before: Verdict,
  { title, sentence, now, after, costs, commands }: PlanOption,
) {
  const comparison = compareVerdicts(before, after);
  return [
    `${model}: ${title}`,
    sentence,
    ...(now === undefined ? [] : [now]),
    ...(comparison ? [comparisonLines(comparison).join("\n")] : []),
    ...list("Costs", costs),
    // A number with a parenthesis is an error to a shell: pasted with all the rest, no command runs.
    ...list(
      "Commands",
      commands.map((command, index) => `${index + 1}) ${command}`),
    ),
  ].join("\n\n");
}

function list(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [[`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n")];
}

/** A comparison as text: the bars on one scale, and the terms as a table. */
export function comparisonLines(comparison: Comparison): readonly string[] {
  const { bars, longest, rows, sums, ramRows } = comparison;
  const head = bars.length > 1 ? [{ title: "", amounts: bars.map(({ title }) => title) }] : [];
  return [
    ...barsOf(comparison).flatMap((bar) => [
      `${bar.title.padEnd(LABEL_WIDTH)}${textBar(bar, longest)}`,
      `${" ".repeat(LABEL_WIDTH)}${needText(bar, longest)} of ${formatBytes(bar.limit)}`,
    ]),
    "",
    ...table([...head, ...rows, ...sums, ...ramRows]),
  ];
}

function table(rows: readonly TermRow[]): readonly string[] {
  const first = Math.max(...rows.map(({ title }) => title.length));
  const width = (column: number) => Math.max(...rows.map(({ amounts }) => amounts[column]?.length ?? 0));
  return rows.map(({ title, amounts }) =>
    [title.padEnd(first), ...amounts.map((amount, column) => amount.padStart(width(column)))].join("  "),
  );
}

/**
 * "█" up to the need, "░" what is left of the limit, "|" where the limit is, "!" what lies beyond it. Rounding never
 * hides which side of the limit the need is on: beyond it there is at least one "!", within it there is none.
 */
function textBar({ need, limit }: Balance, longest: number): string {
  const over = need > limit;
  const cell = (bytes: number) => Math.round((bytes / longest) * BAR_WIDTH);
  const edge = Math.min(over ? BAR_WIDTH - 1 : BAR_WIDTH, Math.max(limit > 0 ? 1 : 0, cell(limit)));
  const filled = over ? Math.max(edge + 1, cell(need)) : Math.min(edge, Math.max(need > 0 ? 1 : 0, cell(need)));
  return [
    "█".repeat(Math.min(filled, edge)),
    "░".repeat(Math.max(0, edge - filled)),
    "|",
    "!".repeat(Math.max(0, filled - edge)),
  ].join("");
}
