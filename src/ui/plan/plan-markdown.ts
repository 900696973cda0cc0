import { environment } from "@raycast/api";
import { comparisonText, compareVerdicts } from "../../fit/balance";
import { verdictSentence } from "../../fit/verdict-text";
import { COMFORTABLE_TITLE } from "../../fit/picks/comfortable";
import type { Impossible, PlanOption } from "../../fit/plan/options";
import type { FailedLoad } from "../../fit/plan/plan-input";
import type { Verdict } from "../../fit/verdict";
import type { Appearance } from "../shared/chart/ink";
import { pictureMarkdown } from "../shared/chart/shapes";
import { plainMarkdown } from "../shared/plain-markdown";
import { planChart } from "./plan-chart";

/** The page of each option as it was last drawn: a view draws them while it plans, and shows them as often as it likes. */
const drawn = new WeakMap<PlanOption, { before: Verdict; appearance: Appearance; markdown: string }>();

/** Before and after of an option of a plan: the sentence, and the need against the limit as a picture. */
export function planMarkdown(
  before: Verdict,
  option: PlanOption,
  appearance: Appearance = environment.appearance,
): string {
  const known = drawn.get(option);
  if (known?.before === before && known.appearance === appearance) return known.markdown;
  const markdown = draw(before, option, appearance);
  drawn.set(option, { before, appearance, markdown });
  return markdown;
}

function draw(before: Verdict, { after, sentence, title }: PlanOption, appearance: Appearance): string {
  const comparison = compareVerdicts(before, after);
  return [
    `## ${plainMarkdown(title)}`,
    plainMarkdown(sentence),
    ...(comparison ? [pictureMarkdown(planChart(comparison, appearance), comparisonText(comparison))] : []),
  ].join("\n\n");
}

/** What is done and what it takes: what a person agrees to. */
export interface Agreement {
  readonly before: Verdict;
  readonly option: PlanOption;
  /** What the last load came to, where the model needs help by that. */
  readonly failed?: FailedLoad;
  /** Sentences, one a step; empty where the extension doesn't make the change itself. */
  readonly steps: readonly string[];
  /** What has to be known before saying yes. */
  readonly warnings: readonly string[];
  /** Models that run well on this Mac, a sentence each. */
  readonly picks: readonly string[];
}

/** An option as a page to agree to: before and after, each step, and what it costs. */
export function agreementMarkdown({ before, option, failed, steps, warnings, picks }: Agreement): string {
  const { now, costs, commands } = option;
  return [
    planMarkdown(before, option),
    ...(failed === undefined ? [] : [plainMarkdown(failed.reason)]),
    ...(now === undefined ? [] : [plainMarkdown(now)]),
    ...warnings.map((warning) => `**Warning:** ${plainMarkdown(warning)}`),
    ...listOf(
      "Steps",
      steps.map((step, index) => `${index + 1}. ${plainMarkdown(step)}`),
    ),
    ...listOf("What It Costs", costs.length === 0 ? ["Nothing."] : costs.map((cost) => `- ${plainMarkdown(cost)}`)),
    ...(steps.length > 0
      ? []
      : listOf(
          "By Hand",
          commands.map((command) => `- ${plainMarkdown(command)}`),
        )),
    ...listOf(
      COMFORTABLE_TITLE,
      picks.map((pick) => `- ${plainMarkdown(pick)}`),
    ),
  ].join("\n\n");
}

function listOf(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.join("\n")];
}

/** Why a model does not fit as it is, and what helps instead. */
export function waysOutMarkdown(title: string, before: Verdict, { missing, comfortable, waysOut }: Impossible): string {
  return [
    title,
    ...[verdictSentence(before), ...excessOf(before), missing, comfortable].map(plainMarkdown),
    "## Ways Out",
    waysOut.map((way) => `- ${plainMarkdown(way)}`).join("\n"),
  ].join("\n\n");
}

function excessOf(before: Verdict): readonly string[] {
  return before.kind === "unknown" || before.limit.excess === undefined ? [] : [before.limit.excess.warning];
}
