import { List } from "@raycast/api";
import { isUnconfirmed, type Plan, type PlanOption, resultText } from "../../fit/plan/options";
import { formatContext } from "../../fit/units";
import { badgeText, sumLines } from "../../fit/verdict-text";
import { VERDICT_COLORS } from "../shared/verdict-look";

const { Label, Separator, TagList } = List.Item.Detail.Metadata;

interface Props {
  readonly plan: Extract<Plan, { kind: "options" }>;
  readonly option: PlanOption;
  /** Models that run well on this Mac, a sentence each. */
  readonly picks: readonly string[];
}

/** Verdict before and after, what an option costs and its commands; for a model that fits what more it could have. */
export function PlanMetadata({ plan: { before, largestContext: most }, option, picks }: Props) {
  const { after, now, costs, commands } = option;
  return (
    <List.Item.Detail.Metadata>
      <TagList title="Before">
        <TagList.Item text={badgeText(before)} color={VERDICT_COLORS[before.kind]} />
      </TagList>
      <TagList title="After">
        <TagList.Item text={resultText(option)} color={resultColor(option)} />
      </TagList>
      {!option.isOpen && sumLines(after).map(({ title, text }) => <Label key={title} title={title} text={text} />)}
      {most !== undefined && <Label title="Largest Context" text={`${formatContext(most)} tokens`} />}
      <Separator />
      {now !== undefined && <Label title="Other Programs" text={now} />}
      {before.limit.excess && <Label title="Limit Not Safe" text={before.limit.excess.warning} />}
      {costs.length === 0 && <Label title="Costs" text="Nothing" />}
      {costs.map((cost) => (
        <Label key={cost} title="Costs" text={cost} />
      ))}
      {picks.length > 0 && <Separator />}
      {picks.map((pick) => (
        <Label key={pick} title="Comfortable" text={pick} />
      ))}
      {commands.length > 0 && <Separator />}
      {commands.map((command) => (
        <Label key={command} title="Command" text={command} />
      ))}
    </List.Item.Detail.Metadata>
  );
}

/** The colour of the badge: green only for what's known. */
function resultColor(option: PlanOption) {
  if (option.isOpen) return VERDICT_COLORS.unknown;
  return isUnconfirmed(option) ? VERDICT_COLORS.tight : VERDICT_COLORS[option.after.kind];
}
