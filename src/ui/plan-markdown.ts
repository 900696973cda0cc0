import type { PlanOption } from "../fit/plan/options";
import { formatBytes } from "../fit/units";
import type { Verdict } from "../fit/verdict";
import { termsOf } from "../fit/verdict-text";

const BAR_WIDTH = 30;

/** Before and after of an option: the sentence, and the need as a bar against the limit. */
export function planMarkdown(before: Verdict, { after, sentence, title }: PlanOption, recommended: boolean): string {
  return [
    `## ${title}`,
    recommended ? "*Recommended*" : "",
    sentence,
    "```",
    ...bar("Before", before, longest(before, after)),
    ...bar("After", after, longest(before, after)),
    "```",
  ]
    .filter(Boolean)
    .join("\n");
}

function need(verdict: Verdict): number {
  return verdict.kind === "unknown" ? 0 : verdict.estimate.total + verdict.run.margin.value;
}

function limit(verdict: Verdict): number {
  return verdict.kind === "unknown" ? 0 : verdict.limit.bytes;
}

function longest(before: Verdict, after: Verdict): number {
  return Math.max(need(before), need(after), limit(before), limit(after));
}

/** Filled up to the need, "|" where the limit is, "!" for what lies beyond it. */
function bar(label: string, verdict: Verdict, scale: number): string[] {
  if (verdict.kind === "unknown" || scale === 0) return [];
  const needed = Math.round((need(verdict) / scale) * BAR_WIDTH);
  const edge = Math.round((limit(verdict) / scale) * BAR_WIDTH);
  const cells = Array.from({ length: BAR_WIDTH }, (_, index): string => {
    if (index < needed) return index < edge ? "█" : "!";
    return index < edge ? "░" : " ";
  });
  cells.splice(edge, 0, "|");
  const terms = termsOf(verdict)
    .map((term) => `${term.title} ${formatBytes(term.bytes)}`)
    .join(", ");
  return [
    `${label.padEnd(7)}${cells.join("")}`,
    `       ${formatBytes(need(verdict))} of ${formatBytes(limit(verdict))}`,
    `       ${terms}`,
  ];
}
