import { Action, ActionPanel, Icon, List, useNavigation } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import { useCallback, useMemo, useRef, useState } from "react";
import { readLoadHistory } from "../../apply/load-history";
import type { JudgeOptions } from "../../fit/run-input";
import { buildId } from "../../fit/model-builds";
import { sameModel } from "../../fit/model-name";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { limitText } from "../../fit/limit-policy";
import { VERDICT_TITLES } from "../../fit/verdict-text";
import { ContextDropdown } from "./context-dropdown";
import { FilesSection } from "./files-section";
import { LoadedUnreadSection } from "./loaded-unread-section";
import { MemoryView } from "../memory/memory-view";
import { MakeItFit } from "../plan/make-it-fit-action";
import { isLoadedKnown } from "../../app/snapshot";
import { LimitWarningSection } from "../limit/limit-warning";
import { groupModels, type ModelGroup, SECTIONS, variantInstead } from "./model-groups";
import { ModelRow } from "./model-row";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { PreferenceFaults } from "../shared/preference-faults";
import { RefreshAction } from "../shared/refresh-action";
import { ServerEmptyView } from "../ollama/server-empty-view";
import { UnfinishedSection } from "../change/unfinished-change";
import type { LaunchContext } from "../../app/launch-context";
import { localStorage } from "../../app/local-storage";
import { loadedSubtitle, useSubtitle } from "../shared/subtitle";
import { useLinkedView } from "./use-linked-view";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import { useCures } from "./use-cures";
import { useUnfinishedChange } from "../change/use-unfinished-change";

/** Fit Models to GPU Limit: every installed model with its badge, what needs help first. */
export function FitList({ linked }: { readonly linked?: LaunchContext }) {
  const [context, setContext] = useState<JudgeOptions["context"]>();
  const [showsDetail, setShowsDetail] = useState(false);
  const list = useFitList(context);
  const { rows, snapshot, settings, isLoading } = list;
  const loads = usePromise(() => readLoadHistory(localStorage), []);
  const unfinished = useUnfinishedChange(settings, snapshot);
  const groups = useMemo(() => groupModels(rows), [rows]);
  const [selected, setSelected] = useState<string | null>(null);
  const current = useMemo(
    () => rows.find(({ model }) => buildId(model) === selected) ?? firstShown(groups),
    [rows, groups, selected],
  );
  const cures = useCures(current, snapshot);
  const refreshAll = useRef<() => void>(null);
  refreshAll.current = () => {
    list.refresh();
    void loads.revalidate();
    unfinished.revalidate();
  };
  // Rows are drawn again only where something that they're given is another.
  const refresh = useCallback(() => refreshAll.current?.(), []);
  const toggleDetail = useCallback(() => setShowsDetail((shown) => !shown), []);
  const { push } = useNavigation();
  const makeItFit = (name: string, failed?: FailedLoad) => {
    const row = rows.find(({ model, verdict }) => verdict && sameModel(model.name, name));
    if (row === undefined || snapshot === undefined) return;
    push(<MakeItFit {...{ row, snapshot, settings, refresh, failed }} memoryView={<MemoryView />} />);
  };
  useLinkedView(linked, list, refresh);
  const realLoaded = rows.find(({ input }) => input)?.input?.loaded ?? snapshot?.loaded ?? [];
  const subtitle = snapshot && loadedSubtitle(snapshot, isLoadedKnown(snapshot) ? realLoaded : undefined);
  useSubtitle("fit-models-to-gpu-limit", isLoading ? undefined : subtitle);
  const limit = snapshot?.limit;
  const inSight = limit?.kind === "known" ? `GPU limit ${limitText(limit)}` : "GPU limit unknown";

  const item = (row: FitRow, family: { readonly parent?: FitRow; readonly instead?: FitRow }) => (
    <ModelRow
      key={buildId(row.model)}
      row={row}
      {...family}
      selected={row === current ? { rows, cures } : undefined}
      snapshot={snapshot}
      settings={settings}
      refresh={refresh}
      showsDetail={showsDetail}
      toggleDetail={toggleDetail}
      loads={showsDetail ? loads.data?.get(row.model.digest) : undefined}
    />
  );
  const itemsOf = (group: ModelGroup) => [
    item(group.row, { instead: variantInstead(group) }),
    ...group.variants.map((variant) => item(variant, { parent: group.row })),
  ];

  const reading = groups.filter(({ row }) => !row.verdict);
  return (
    <List
      isLoading={isLoading}
      isShowingDetail={showsDetail && rows.length > 0}
      searchBarPlaceholder={`Search models · ${inSight}`}
      searchBarAccessory={<ContextDropdown onChange={setContext} standard={settings.judge.context} />}
      filtering={{ keepSectionOrder: true }}
      onSelectionChange={setSelected}
    >
      {snapshot && rows.length > 0 && <NoMatch count={rows.length} refresh={refresh} />}
      {snapshot && rows.length === 0 && !isLoading && (
        <ServerEmptyView snapshot={snapshot} settings={settings} refresh={refresh} />
      )}
      <PreferenceFaults settings={settings} snapshot={snapshot} />
      {snapshot && <LimitWarningSection snapshot={snapshot} refresh={refresh} />}
      {snapshot && <FilesSection snapshot={snapshot} refresh={refresh} />}
      {snapshot && <LoadedUnreadSection snapshot={snapshot} refresh={refresh} />}
      {unfinished.data && snapshot && (
        <UnfinishedSection change={unfinished.data} {...{ settings, snapshot, refresh, makeItFit }} />
      )}
      {SECTIONS.map((kind) => {
        const ofKind = groups.filter(({ row }) => row.verdict?.kind === kind);
        return (
          ofKind.length > 0 && (
            <List.Section key={kind} title={VERDICT_TITLES[kind]} subtitle={String(ofKind.length)}>
              {ofKind.flatMap(itemsOf)}
            </List.Section>
          )
        );
      })}
      {reading.length > 0 && (
        <List.Section title="Reading Metadata" subtitle={String(reading.length)}>
          {reading.flatMap(itemsOf)}
        </List.Section>
      )}
      {!snapshot && !isLoading && (
        <List.EmptyView
          icon={Icon.Warning}
          title="Couldn't Read Anything"
          actions={
            <ActionPanel>
              <RefreshAction refresh={refresh} />
              <DiagnosticsAction />
              <Action.OpenInBrowser title="Open Ollama Website" url="https://ollama.com" />
            </ActionPanel>
          }
        />
      )}
    </List>
  );
}

/** The row on top of the list, which is selected when it opens. */
function firstShown(groups: readonly ModelGroup[]): FitRow | undefined {
  const ofKinds = SECTIONS.map((kind) => groups.find(({ row }) => row.verdict?.kind === kind));
  return (ofKinds.find((group) => group !== undefined) ?? groups[0])?.row;
}

/** Shown where a search finds none of the models that there are. */
function NoMatch({ count, refresh }: { readonly count: number; readonly refresh: () => void }) {
  return (
    <List.EmptyView
      icon={Icon.MagnifyingGlass}
      title="No Model Found"
      description={`No installed model, of ${count} in all, has that name, family, quantization or verdict.`}
      actions={
        <ActionPanel>
          <RefreshAction refresh={refresh} />
        </ActionPanel>
      }
    />
  );
}
