import { Action, ActionPanel, Color, Icon, List } from "@raycast/api";
import { getProgressIcon, usePromise } from "@raycast/utils";
import { useMemo, useState } from "react";
import { readLoadHistory } from "../../apply/load-history";
import type { JudgeOptions } from "../../fit/run-settings";
import { isPreparing, PREPARING, PREPARING_TEXT } from "../../fit/preparing";
import { RUNNER_TITLES } from "../../fit/model-runner";
import { buildId, buildTitle } from "../../fit/model-builds";
import { formatBytes, formatContext } from "../../fit/units";
import { contextOf, needBytes, type Verdict } from "../../fit/verdict";
import { badgeText, runsText, tooltipText, VERDICT_TITLES } from "../../fit/verdict-text";
import { ContextDropdown } from "./context-dropdown";
import { FilesSection } from "./files-section";
import { FitDetail } from "./model-detail";
import { LimitWarningSection } from "../limit/limit-warning";
import { ModelActions } from "./model-actions";
import { groupModels, type ModelGroup, SECTIONS, variantInstead } from "./model-groups";
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
import { VERDICT_COLORS, VERDICT_ICONS } from "../shared/verdict-look";

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
  const refresh = () => {
    list.refresh();
    void loads.revalidate();
    unfinished.revalidate();
  };
  useLinkedView(linked, list, refresh);
  const realLoaded = rows.find(({ input }) => input)?.input?.loaded ?? snapshot?.loaded ?? [];
  useSubtitle("fit-models-to-gpu-limit", snapshot && !isLoading ? loadedSubtitle(snapshot, realLoaded) : undefined);
  const limit = snapshot?.limit;
  const limitText = limit?.kind === "known" ? `GPU limit ${formatBytes(limit.bytes)}` : "GPU limit unknown";

  const item = (row: FitRow, { parent, instead }: { readonly parent?: FitRow; readonly instead?: FitRow }) => (
    <List.Item
      key={buildId(row.model)}
      id={buildId(row.model)}
      // Beside a detail there's no room for tags.
      title={showsDetail ? buildTitle(row.model) : row.model.name}
      icon={iconOf(row.verdict)}
      keywords={searchWords(row)}
      {...(showsDetail && snapshot
        ? {
            detail: (
              <FitDetail
                row={row}
                loads={loads.data?.get(row.model.digest) ?? []}
                url={snapshot.url}
                isSelected={row === current}
              />
            ),
          }
        : { subtitle: subtitle(row, parent), accessories: accessories(row, instead, snapshot?.loaded ?? []) })}
      actions={
        snapshot && (
          <ModelActions
            row={row}
            rows={rows}
            isSelected={row === current}
            cures={row === current ? cures : undefined}
            instead={instead}
            snapshot={snapshot}
            settings={settings}
            refresh={refresh}
            showsDetail={showsDetail}
            toggleDetail={() => setShowsDetail((shown) => !shown)}
          />
        )
      }
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
      searchBarPlaceholder={`Search models · ${limitText}`}
      searchBarAccessory={<ContextDropdown onChange={setContext} standard={settings.judge.context} />}
      filtering={{ keepSectionOrder: true }}
      onSelectionChange={setSelected}
    >
      {snapshot && rows.length > 0 && <NoMatch count={rows.length} refresh={refresh} />}
      {snapshot && rows.length === 0 && !isLoading && (
        <ServerEmptyView snapshot={snapshot} settings={settings} refresh={refresh} />
      )}
      <PreferenceFaults settings={settings} />
      {snapshot && <LimitWarningSection snapshot={snapshot} refresh={refresh} />}
      {snapshot && <FilesSection snapshot={snapshot} refresh={refresh} />}
      {unfinished.data && snapshot && (
        <UnfinishedSection change={unfinished.data} settings={settings} snapshot={snapshot} refresh={refresh} />
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
      description={`None of the ${count} installed models has that name, family, quantization or verdict.`}
      actions={
        <ActionPanel>
          <RefreshAction refresh={refresh} />
        </ActionPanel>
      }
    />
  );
}

/** How full the limit would be, as a ring in the colour of the verdict. */
function iconOf(verdict: Verdict | undefined): List.Item.Props["icon"] {
  if (verdict === undefined) return Icon.CircleProgress;
  const color = VERDICT_COLORS[verdict.kind];
  return verdict.kind === "unknown"
    ? { source: VERDICT_ICONS.unknown, tintColor: color }
    : getProgressIcon(Math.min(1, needBytes(verdict) / verdict.limit.bytes), color);
}

function subtitle({ model, verdict }: FitRow, parent: FitRow | undefined): string {
  const about = [model.parameterSize, model.quantization].filter(Boolean).join(" · ");
  const numCtx = verdict && contextOf(verdict)?.value;
  if (parent === undefined) return about;
  return `${numCtx === undefined ? "" : `${formatContext(numCtx)} `}variant of ${parent.model.name}`;
}

function accessories(
  row: FitRow,
  instead: FitRow | undefined,
  loaded: readonly { readonly digest: string }[],
): List.Item.Accessory[] {
  const { model, verdict } = row;
  const numCtx = instead?.verdict && contextOf(instead.verdict)?.value;
  return [
    ...(model.sharesName && model.runner
      ? [{ tag: RUNNER_TITLES[model.runner], tooltip: "One of two builds with this name" }]
      : []),
    ...(row.input && isPreparing(model, row.input.server)
      ? [{ tag: { value: PREPARING, color: Color.Blue }, tooltip: PREPARING_TEXT }]
      : []),
    ...(loaded.some((other) => other.digest === model.digest)
      ? [{ icon: Icon.Bolt, tooltip: "Loaded now" } satisfies List.Item.Accessory]
      : []),
    ...(instead && numCtx !== undefined
      ? [
          {
            text: { value: `${formatContext(numCtx)} variant fits`, color: Color.Green },
            tooltip: instead.model.name,
          } satisfies List.Item.Accessory,
        ]
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
