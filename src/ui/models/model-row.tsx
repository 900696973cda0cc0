import { Color, Icon, List } from "@raycast/api";
import { getProgressIcon } from "@raycast/utils";
import { memo } from "react";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import type { LoadRecord } from "../../apply/load-history";
import { besidePrograms, besideProgramsText } from "../../fit/gpu-held";
import { buildId, buildTitle } from "../../fit/model-builds";
import { RUNNER_TITLES } from "../../fit/model-runner";
import { isPreparing, PREPARING, PREPARING_TEXT } from "../../fit/preparing";
import { SIZE_ON_DISK } from "../../fit/sum-names";
import { formatBytes, formatContext } from "../../fit/units";
import { contextOf, needBytes, type Verdict } from "../../fit/verdict";
import { badgeText, runsText, tooltipText, VERDICT_TITLES } from "../../fit/verdict-text";
import type { FitRow } from "../shared/use-fit-list";
import { VERDICT_COLORS, VERDICT_ICONS } from "../shared/verdict-look";
import { ModelActions, type SelectedRow } from "./model-actions";
import { FitDetail } from "./model-detail";

interface Props {
  readonly row: FitRow;
  /** The model that this one is a variant of. */
  readonly parent?: FitRow;
  /** A variant of it that fits, where it doesn't itself. */
  readonly instead?: FitRow;
  readonly selected?: SelectedRow;
  readonly snapshot?: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  readonly showsDetail: boolean;
  readonly toggleDetail: () => void;
  readonly loads?: readonly LoadRecord[];
}

/** One model of the list with its badge. It's drawn again only where one of its properties is another. */
export const ModelRow = memo(function ModelRow({ row, parent, instead, loads = [], ...rest }: Props) {
  const { selected, snapshot, showsDetail } = rest;
  return (
    <List.Item
      id={buildId(row.model)}
      // Beside a detail there's no room for tags.
      title={showsDetail ? buildTitle(row.model) : row.model.name}
      icon={iconOf(row.verdict)}
      keywords={searchWords(row)}
      {...(showsDetail && snapshot
        ? { detail: <FitDetail row={row} loads={loads} url={snapshot.url} isSelected={selected !== undefined} /> }
        : { subtitle: subtitle(row, parent), accessories: accessories(row, instead, snapshot?.loaded ?? []) })}
      // While its metadata is read, what can be done with a row is built once it's selected.
      actions={
        snapshot &&
        (row.verdict || selected) && <ModelActions {...rest} row={row} instead={instead} snapshot={snapshot} />
      }
    />
  );
});

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
    { text: formatBytes(model.sizeBytes), tooltip: SIZE_ON_DISK },
    verdict
      ? {
          tag: { value: badgeText(verdict), color: VERDICT_COLORS[verdict.kind] },
          tooltip: [tooltipText(verdict), ...missingNow(row)].join("\n"),
        }
      : { tag: "Reading…" },
  ];
}

/** What other programs leave too little of now, which the badge leaves out. */
function missingNow({ input, verdict }: FitRow): readonly string[] {
  if (input === undefined || verdict === undefined || verdict.kind === "unknown") return [];
  const now = besidePrograms(input, verdict);
  return now === undefined || now.isEnough ? [] : [besideProgramsText(now)];
}

/** Search finds family, quantization and verdict as well as the name. */
function searchWords({ model, verdict }: FitRow): string[] {
  const words = [model.family, ...model.families, model.quantization, model.parameterSize];
  return [...new Set([...words, ...(verdict ? VERDICT_TITLES[verdict.kind].split(" ") : [])])].filter(
    (word): word is string => Boolean(word),
  );
}
