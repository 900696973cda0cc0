import { Action, ActionPanel, Icon, List } from "@raycast/api";
import { useMemo } from "react";
import { largestFittingContext } from "../fit/largest-context";
import { makePlan, type PlanInput } from "../fit/plan/make-plan";
import type { Plan, PlanKind, PlanOption } from "../fit/plan/options";
import { formatContext } from "../fit/units";
import { type Verdict } from "../fit/verdict";
import { badgeText, verdictSentence } from "../fit/verdict-text";
import { variantRefusal } from "../ollama/create-variant";
import { variantName } from "../ollama/names";
import { applyOption } from "./apply-option";
import { planMarkdown } from "./plan-markdown";
import type { Settings } from "./preferences";
import { RefreshAction } from "./refresh-action";
import { appleSilicon, type Situation } from "./situation";
import { runInTerminal } from "./model-work";
import { type FitRow, useFitList } from "./use-fit-list";
import { VERDICT_COLORS, VERDICT_ICONS } from "./verdict-look";

const OPTION_ICONS: Readonly<Record<PlanKind, Icon>> = {
  nothing: Icon.CheckCircle,
  reload: Icon.ArrowClockwise,
  unload: Icon.Eject,
  "raise-limit": Icon.Gauge,
  "cap-context": Icon.Minimize,
  "raise-and-cap": Icon.Gauge,
  "quantize-kv-cache": Icon.Compass,
  "smaller-quantization": Icon.Download,
  "raise-beyond-reserve": Icon.Warning,
  "close-apps": Icon.AppWindow,
};

interface Props {
  readonly row: FitRow;
  readonly situation: Situation;
  readonly settings: Settings;
  readonly refresh: () => void;
}

/** The plan for one model: the least change that makes it fit first, with before and after. */
export function PlanView({ row: opened, situation: openedIn, settings, refresh: refreshList }: Props) {
  // What was applied changes the plan, so it is read anew while it is open.
  const list = useFitList(opened.input?.options.context);
  const fresh = list.rows.find(({ model }) => model.name === opened.model.name);
  const row = fresh?.verdict ? fresh : opened;
  const situation = list.situation ?? openedIn;
  const refresh = () => {
    list.refresh();
    refreshList();
  };
  const planned = useMemo(() => planInput(row, situation), [row, situation]);
  const plan = useMemo(() => planned && makePlan(planned), [planned]);
  if (plan === undefined || planned === undefined) return <List isLoading navigationTitle={row.model.name} />;
  return (
    <List
      isLoading={list.isLoading}
      isShowingDetail
      navigationTitle={row.model.name}
      searchBarPlaceholder={`Ways to make ${row.model.name} fit`}
    >
      {plan.kind === "options" && (
        <>
          {plan.options.map((option, index) => (
            <List.Item
              key={option.kind}
              title={option.title}
              icon={OPTION_ICONS[option.kind]}
              detail={
                <List.Item.Detail
                  markdown={planMarkdown(plan.before, option, index === 0)}
                  metadata={<OptionMetadata before={plan.before} option={option} spare={spareText(planned, plan)} />}
                />
              }
              actions={
                <ActionPanel>
                  {isApplicable(option) && (
                    <Action
                      title="Apply"
                      icon={Icon.Play}
                      onAction={() => applyOption({ option, row, situation, settings, refresh })}
                    />
                  )}
                  {option.commands.length > 0 && (
                    <>
                      <Action.CopyToClipboard title="Copy Commands" content={option.commands.join("\n")} />
                      <Action
                        title="Run in Terminal"
                        icon={Icon.Terminal}
                        onAction={() => runInTerminal(option.commands.join("\n"))}
                      />
                    </>
                  )}
                  <RefreshAction refresh={refresh} />
                </ActionPanel>
              }
            />
          ))}
        </>
      )}
      {plan.kind === "unknown" && (
        <List.EmptyView icon={VERDICT_ICONS.unknown} title="Nothing Can Be Planned" description={plan.reason} />
      )}
      {plan.kind === "impossible" && (
        <List.EmptyView
          icon={VERDICT_ICONS["too-big"]}
          title="It Cannot Fit This Mac"
          description={[
            verdictSentence(plan.before),
            plan.impossible.comfortable,
            `Ways out: ${plan.impossible.waysOut.join(" ")}`,
          ].join("\n")}
        />
      )}
    </List>
  );
}

function planInput(row: FitRow, situation: Situation): PlanInput | undefined {
  if (row.input === undefined) return undefined;
  const mac = appleSilicon(situation.machine);
  return {
    input: row.input,
    ...(situation.isLocal && mac && situation.advice
      ? {
          advice: situation.advice,
          ramBytes: mac.ramBytes,
          ...(mac.limitKey ? { limitKey: mac.limitKey } : {}),
        }
      : {}),
    canCap: variantRefusal(row.model, situation.server.version) === undefined,
    variantName: (numCtx) => variantName(row.model.name, numCtx),
  };
}

/** Options that the extension carries out itself; the others are done with the commands shown. */
function isApplicable({ changes }: PlanOption): boolean {
  return (
    changes.kvCacheType === undefined &&
    changes.quantization === undefined &&
    (changes.unload !== undefined || changes.limitMib !== undefined || changes.numCtx !== undefined)
  );
}

/** For a model that fits: the largest context it could have. */
function spareText({ input }: PlanInput, { before }: Plan): string | undefined {
  const trained = before.run?.trainedContext;
  if (before.kind !== "fits" || trained === undefined) return undefined;
  const most = largestFittingContext(input, trained);
  return most === undefined ? undefined : `${formatContext(most)} tokens`;
}

function OptionMetadata({
  before,
  option,
  spare,
}: {
  readonly before: Verdict;
  readonly option: PlanOption;
  readonly spare: string | undefined;
}) {
  const { Label, Separator, TagList } = List.Item.Detail.Metadata;
  return (
    <List.Item.Detail.Metadata>
      <TagList title="Before">
        <TagList.Item text={badgeText(before)} color={VERDICT_COLORS[before.kind]} />
      </TagList>
      <TagList title="After">
        <TagList.Item text={badgeText(option.after)} color={VERDICT_COLORS[option.after.kind]} />
      </TagList>
      {spare && <Label title="Largest Context" text={spare} />}
      <Separator />
      {option.costs.length === 0 && <Label title="Costs" text="Nothing" />}
      {option.costs.map((cost) => (
        <Label key={cost} title="Costs" text={cost} />
      ))}
      {option.commands.length > 0 && <Separator />}
      {option.commands.map((command) => (
        <Label key={command} title="Command" text={command} />
      ))}
    </List.Item.Detail.Metadata>
  );
}
