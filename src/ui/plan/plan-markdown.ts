import { environment } from "@raycast/api";
import {
  type Balance,
  balanceText,
  type Comparison,
  comparisonText,
  compareVerdicts,
  type TermRow,
} from "../../fit/balance";
import { verdictSentence } from "../../fit/verdict-text";
import type { Impossible, PlanOption } from "../../fit/plan/options";
import type { Verdict } from "../../fit/verdict";
import { plainMarkdown } from "../shared/plain-markdown";
import { type Appearance, planChart } from "./plan-chart";

/** Cells of a text bar, the mark of the limit not counted. */
const BAR_WIDTH = 40;
const LABEL_WIDTH = 7;

/**
 * Before and after of an option: the sentence, and the need against the limit as a picture and as text bars, which
 * are what can be copied.
 */
export function planMarkdown(
  before: Verdict,
  { after, sentence, title }: PlanOption,
  appearance: Appearance = environment.appearance,
): string {
  const comparison = compareVerdicts(before, after);
  // A model that fits stays as it is: there is nothing to compare.
  const changes = before !== after;
  return [
    `## ${plainMarkdown(title)}`,
    plainMarkdown(sentence),
    ...(comparison && changes ? [picture(comparison, appearance)] : []),
    ...(comparison ? [["```", ...(changes ? textBars(comparison) : textBarNow(comparison)), "```"].join("\n")] : []),
  ].join("\n\n");
}

/** Why a model does not fit as it is, and what helps instead. */
export function waysOutMarkdown(title: string, before: Verdict, { missing, comfortable, waysOut }: Impossible): string {
  return [
    title,
    ...[verdictSentence(before), missing, comfortable].map(plainMarkdown),
    "## Ways Out",
    waysOut.map((way) => `- ${plainMarkdown(way)}`).join("\n"),
  ].join("\n\n");
}

function picture(comparison: Comparison, appearance: Appearance): string {
  const { svg, width, height } = planChart(comparison, appearance);
  const data = Buffer.from(svg).toString("base64");
  const size = `raycast-width=${width}&raycast-height=${height}`;
  return `![${comparisonText(comparison)}](data:image/svg+xml;base64,${data}?${size})`;
}

/** Both bars on one scale, and the terms as a table. */
export function textBars({ before, after, longest, rows, sums }: Comparison): readonly string[] {
  const label = " ".repeat(LABEL_WIDTH);
  return [
    `${"Before".padEnd(LABEL_WIDTH)}${textBar(before, longest)}`,
    `${label}${balanceText(before)}`,
    `${"After".padEnd(LABEL_WIDTH)}${textBar(after, longest)}`,
    `${label}${balanceText(after)}`,
    "",
    ...table([{ title: "", before: "Before", after: "After" }, ...rows, ...sums], ["before", "after"]),
  ];
}

/** The one bar where nothing changes. */
function textBarNow({ after, longest, rows, sums }: Comparison): readonly string[] {
  return [
    `${"Now".padEnd(LABEL_WIDTH)}${textBar(after, longest)}`,
    `${" ".repeat(LABEL_WIDTH)}${balanceText(after)}`,
    "",
    ...table([...rows, ...sums], ["after"]),
  ];
}

function table(rows: readonly TermRow[], columns: readonly ("before" | "after")[]): readonly string[] {
  const width = (column: keyof TermRow) => Math.max(...rows.map((row) => row[column].length));
  return rows.map((row) =>
    [row.title.padEnd(width("title")), ...columns.map((column) => row[column].padStart(width(column)))].join("  "),
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
