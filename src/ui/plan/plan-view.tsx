import { Detail, Icon, List } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import type { ReactNode } from "react";
import type { Journal } from "../../apply/journal";
import { readJournal } from "../../apply/journal-store";
import { sameBuild } from "../../fit/model-builds";
import { headline, type PlanOption } from "../../fit/plan/options";
import type { PlanKind } from "../../fit/plan/proposals";
import { PlanActions } from "./plan-actions";
import { planMarkdown, waysOutMarkdown } from "./plan-markdown";
import { PlanMetadata } from "./plan-metadata";
import { optionText } from "./plan-text";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import { usePlan } from "./use-plan";
import { VERDICT_ICONS } from "../shared/verdict-look";

const OPTION_ICONS: Readonly<Record<PlanKind, Icon>> = {
  "already-fits": Icon.CheckCircle,
  "reload-model": Icon.ArrowClockwise,
  "unload-others": Icon.Eject,
  "client-context": Icon.Plug,
  "higher-limit": Icon.Gauge,
  "smaller-context": Icon.Minimize,
  "raise-and-cap": Icon.Gauge,
  "quantized-kv-cache": Icon.Compass,
  "smaller-build": Icon.Download,
  "smaller-build-and-more": Icon.Download,
  "beyond-reserve": Icon.Warning,
  "close-apps": Icon.AppWindow,
};

interface Props {
  readonly row: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  /** Show GPU Memory, for who wants to look there. */
  readonly memoryView: ReactNode;
}

async function readLastChange(): Promise<Journal | undefined> {
  const kept = await readJournal(localStorage);
  return kept.kind === "journal" ? kept.journal : undefined;
}

/** The plan for one model: the least change that makes it fit first, with before and after. */
export function PlanView({ row: opened, snapshot: openedIn, settings, refresh: refreshList, memoryView }: Props) {
  // What was applied changes the plan, so it's read again while it's open.
  const list = useFitList(opened.input?.options.context);
  const fresh = list.rows.find(({ model }) => sameBuild(model, opened.model));
  const row = fresh?.verdict ? fresh : opened;
  const snapshot = list.snapshot ?? openedIn;
  const state = usePlan(row, snapshot);
  const lastChange = usePromise(readLastChange, [], { onError: () => {} });
  const title = row.model.name;
  if (state === undefined) return <List isLoading navigationTitle={title} />;
  const { plan, checkBuilds } = state;
  const isLoading = list.isLoading || state.isLoading;
  const work = {
    row,
    rows: list.rows,
    snapshot,
    settings,
    lastChange: lastChange.data,
    memoryView,
    refresh: () => {
      list.refresh();
      state.refresh();
      lastChange.revalidate();
      refreshList();
    },
  };
  if (plan.kind === "impossible") {
    return (
      <Detail
        isLoading={isLoading}
        navigationTitle={title}
        markdown={waysOutMarkdown("# It Doesn't Fit", plan.before, plan.impossible)}
        actions={<PlanActions {...work} checkBuilds={checkBuilds} />}
      />
    );
  }
  if (plan.kind === "unknown") {
    return (
      <List isLoading={isLoading} navigationTitle={title}>
        <List.EmptyView
          icon={VERDICT_ICONS.unknown}
          title="No Plan Available"
          description={plan.reason}
          actions={<PlanActions {...work} />}
        />
      </List>
    );
  }
  const { options, instead } = plan;
  const item = (option: PlanOption, index: number) => (
    <List.Item
      key={option.title}
      title={option.title}
      icon={OPTION_ICONS[option.kind]}
      detail={
        <List.Item.Detail
          markdown={planMarkdown(plan.before, option)}
          metadata={<PlanMetadata plan={plan} option={option} />}
        />
      }
      actions={
        <PlanActions
          {...work}
          option={option}
          text={optionText(title, plan.before, option)}
          checkBuilds={option.changes.build && checkBuilds}
          next={options[index + 1]}
        />
      }
    />
  );
  const items = options.map(item);
  const first = instead ? (
    <List.Item
      title="A Smaller Model Instead"
      icon={Icon.LightBulb}
      detail={<List.Item.Detail markdown={waysOutMarkdown("## A Smaller Model Instead", plan.before, instead)} />}
      actions={<PlanActions {...work} checkBuilds={checkBuilds} />}
    />
  ) : (
    items.shift()
  );
  return (
    <List
      isLoading={isLoading}
      isShowingDetail
      navigationTitle={title}
      searchBarPlaceholder={`Ways to make ${row.model.name} fit`}
      filtering={{ keepSectionOrder: true }}
    >
      <List.Section title={headline(plan)}>{first}</List.Section>
      {items.length > 0 && <List.Section title="Other Ways">{items}</List.Section>}
    </List>
  );
}
