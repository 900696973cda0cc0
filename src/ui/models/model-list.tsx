import { Action, ActionPanel, Icon, List } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { useState } from "react";
import { readLoadHistory } from "../../apply/load-history";
import type { JudgeOptions } from "../../fit/run-settings";
import { RUNNER_TITLES } from "../../fit/model-runner";
import { buildId } from "../../fit/model-builds";
import { formatBytes } from "../../fit/units";
import type { VerdictKind } from "../../fit/verdict";
import { badgeText, runsText, tooltipText, VERDICT_TITLES } from "../../fit/verdict-text";
import { ContextDropdown } from "./context-dropdown";
import { FilesSection } from "./files-section";
import { FitDetail } from "./model-detail";
import { LimitWarningSection } from "../limit/limit-warning";
import { ModelActions } from "./model-actions";
import { RefreshAction } from "../shared/refresh-action";
import { ServerEmptyView } from "../ollama/server-empty-view";
import { UnfinishedSection } from "../change/unfinished-change";
import { localStorage } from "../../app/local-storage";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import { useUnfinishedChange } from "../change/use-unfinished-change";
import { VERDICT_COLORS, VERDICT_ICONS } from "../shared/verdict-look";

const SECTIONS: readonly VerdictKind[] = ["fits", "tight", "spills", "over", "too-big", "unknown"];

/** Fit Models to GPU Limit: every installed model with its badge. */
export function FitList() {
  const [context, setContext] = useState<JudgeOptions["context"]>();
  const [showsDetail, setShowsDetail] = useState(false);
  const list = useFitList(context);
  const { rows, snapshot, settings, isLoading } = list;
  const loads = usePromise(() => readLoadHistory(localStorage), []);
  const unfinished = useUnfinishedChange(settings, snapshot);
  const refresh = () => {
    list.refresh();
    void loads.revalidate();
    unfinished.revalidate();
  };
  const limit = snapshot?.limit;
  const limitText = limit?.kind === "known" ? `GPU limit ${formatBytes(limit.bytes)}` : "GPU limit unknown";

  const item = (row: FitRow) => (
    <List.Item
      key={buildId(row.model)}
      id={buildId(row.model)}
      title={row.model.name}
      icon={
        row.verdict
          ? { source: VERDICT_ICONS[row.verdict.kind], tintColor: VERDICT_COLORS[row.verdict.kind] }
          : Icon.CircleProgress
      }
      keywords={searchWords(row)}
      {...(showsDetail && snapshot
        ? { detail: <FitDetail row={row} loads={loads.data?.get(row.model.digest) ?? []} /> }
        : { subtitle: subtitle(row), accessories: accessories(row, snapshot?.loaded ?? []) })}
      actions={
        snapshot && (
          <ModelActions
            row={row}
            snapshot={snapshot}
            settings={settings}
            refresh={refresh}
            toggleDetail={() => setShowsDetail((shown) => !shown)}
          />
        )
      }
    />
  );

  const judged = rows.filter((row) => row.verdict);
  const reading = rows.filter((row) => !row.verdict);
  return (
    <List
      isLoading={isLoading}
      isShowingDetail={showsDetail && rows.length > 0}
      searchBarPlaceholder={`Search models · ${limitText}`}
      searchBarAccessory={<ContextDropdown onChange={setContext} standard={settings.judge.context} />}
      filtering={{ keepSectionOrder: true }}
    >
      {snapshot && !(isLoading && rows.length === 0) && (
        <ServerEmptyView snapshot={snapshot} settings={settings} refresh={refresh} />
      )}
      {snapshot && <LimitWarningSection snapshot={snapshot} refresh={refresh} />}
      {snapshot && <FilesSection snapshot={snapshot} refresh={refresh} />}
      {unfinished.data && snapshot && (
        <UnfinishedSection change={unfinished.data} settings={settings} snapshot={snapshot} refresh={refresh} />
      )}
      {SECTIONS.map((kind) => {
        const ofKind = judged.filter((row) => row.verdict?.kind === kind);
        return (
          ofKind.length > 0 && (
            <List.Section key={kind} title={VERDICT_TITLES[kind]} subtitle={String(ofKind.length)}>
              {ofKind.map(item)}
            </List.Section>
          )
        );
      })}
      {reading.length > 0 && (
        <List.Section title="Reading Metadata" subtitle={String(reading.length)}>
          {reading.map(item)}
        </List.Section>
      )}
      {!snapshot && !isLoading && (
        <List.EmptyView
          icon={Icon.Warning}
          title="Couldn't Read Anything"
          actions={
            <ActionPanel>
              <RefreshAction refresh={refresh} />
              <Action.OpenInBrowser title="Open Ollama Website" url="https://ollama.com" />
            </ActionPanel>
          }
        />
      )}
    </List>
  );
}

function subtitle({ model }: FitRow): string {
  return [model.parameterSize, model.quantization].filter(Boolean).join(" · ");
}

function accessories(row: FitRow, loaded: readonly { readonly digest: string }[]): List.Item.Accessory[] {
  const { model, verdict } = row;
  return [
    ...(model.sharesName && model.runner
      ? [{ tag: RUNNER_TITLES[model.runner], tooltip: "One of two builds with this name" }]
      : []),
    ...(loaded.some((other) => other.digest === model.digest)
      ? [{ icon: Icon.Bolt, tooltip: "Loaded now" } satisfies List.Item.Accessory]
      : []),
    ...(verdict?.kind === "too-big" ? [{ text: runsText(verdict) ?? "" }] : []),
    { text: formatBytes(model.sizeBytes), tooltip: "Size on disk" },
    verdict
      ? { tag: { value: badgeText(verdict), color: VERDICT_COLORS[verdict.kind] }, tooltip: tooltipText(verdict) }
      : { tag: "Reading…" },
  ];
}

/** Search finds family, quantization and verdict as well as the name. */
function searchWords({ model, verdict }: FitRow): string[] {
  const words = [model.family, ...model.families, model.quantization, model.parameterSize];
  return [...new Set([...words, ...(verdict ? VERDICT_TITLES[verdict.kind].split(" ") : [])])].filter(
    (word): word is string => Boolean(word),
  );
}
