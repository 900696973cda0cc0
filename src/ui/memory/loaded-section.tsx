import { Action, Color, Icon, Keyboard, List, useNavigation } from "@raycast/api";
import type { ReactNode } from "react";
import { ollamaStopCommand } from "../../fit/commands";
import type { LoadedModel } from "../../fit/facts";
import { partsText, placeOf, stillGrowsText } from "../../fit/loaded-place";
import { allBytesOf } from "../../fit/loaded-size";
import { rulesOf } from "../../fit/runners";
import { OLLAMAS_COUNT } from "../../fit/sum-names";
import { formatBytes, formatContext, formatExpiry, keepAliveSeconds } from "../../fit/units";
import { buildKey, buildOf, buildTitle } from "../../fit/model-builds";
import { inForceBytes } from "../../fit/limit-policy";
import { KeepLoadedSubmenu } from "../shared/keep-loaded";
import { changeLoaded } from "../shared/model-work";
import { MakeItFit } from "../plan/make-it-fit-action";
import { ShowPlanAction } from "../plan/plan-action";
import { serverWords } from "../ollama/server-empty-view";
import { hostPlace, type Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import type { Memory } from "./use-memory";
import { getSystem } from "../../app/system";
import { RowActions } from "./row";

interface Props {
  readonly memory: Memory;
  readonly snapshot: Snapshot;
  /** The view this is a part of, for the plans that lead back to it. */
  readonly memoryView: ReactNode;
}

/** What Ollama has in memory, or why that is not known. */
export function LoadedSection({ memory, snapshot, memoryView }: Props) {
  const { loaded } = memory;
  if (loaded === undefined) return null;
  const models = loaded.kind === "read" ? loaded.models : [];
  const total = models.reduce((sum, model) => sum + model.sizeBytes, 0);
  const most = models.reduce((sum, model) => sum + allBytesOf(model), 0);
  const subtitle = [
    ...(snapshot.isLocal ? [] : [hostPlace(snapshot)]),
    ...(models.length > 0
      ? [most > total ? `${formatBytes(total)}, up to ${formatBytes(most)}` : formatBytes(total)]
      : []),
  ].join(" · ");
  return (
    <List.Section title="Loaded Models" subtitle={subtitle}>
      {loaded.kind === "failed" && <NoAnswer memory={memory} snapshot={snapshot} reason={loaded.reason} />}
      {loaded.kind === "read" && models.length === 0 && (
        <List.Item
          id="nothing-loaded"
          title="No Model Loaded"
          subtitle="Ollama loads one on the first request"
          icon={Icon.Circle}
          actions={<RowActions memory={memory} />}
        />
      )}
      {models.map((model) => (
        <Loaded key={buildKey(model)} model={model} memory={memory} snapshot={snapshot} memoryView={memoryView} />
      ))}
    </List.Section>
  );
}

function NoAnswer({ memory, snapshot, reason }: Omit<Props, "memoryView"> & { readonly reason: string }) {
  const { state } = snapshot;
  const words = serverWords(snapshot, memory.list.settings);
  return (
    <List.Item
      id="no-answer"
      title={state.kind === "answering" ? "Couldn't Read Loaded Models" : words.title}
      subtitle={reason}
      icon={Icon.Warning}
      actions={<RowActions memory={memory}>{state.kind === "answering" ? undefined : words.action}</RowActions>}
    />
  );
}

function Loaded({ model, memory, snapshot, memoryView }: Props & { readonly model: LoadedModel }) {
  const { push } = useNavigation();
  const { settings, rows } = memory.list;
  const build = buildOf(
    model,
    rows.map((row) => row.model),
  );
  const row = rows.find((each) => each.verdict && each.model === build);
  const plan = row && { row, snapshot, settings, refresh: memory.refresh, memoryView };
  const now = getSystem().now();
  const expiry = formatExpiry(model.expiresAt, now);
  const staysLoaded = keepAliveSeconds(model.expiresAt, now) === -1;
  // What Ollama only displays caps nothing.
  const context = build && rulesOf(build).numCtx === "displayed" ? undefined : model.contextLength;
  return (
    <List.Item
      id={`model ${buildKey(model)}`}
      title={build === undefined ? model.name : buildTitle(build)}
      subtitle={partsText(model) ?? (context === undefined ? "" : `${formatContext(context)} context`)}
      icon={Icon.Bolt}
      accessories={[
        ...(expiry === undefined
          ? []
          : [{ text: expiry, tooltip: staysLoaded ? undefined : "Every request restarts this time" }]),
        { text: formatBytes(model.sizeBytes), tooltip: sizeText(model) },
        ...placeTag(model, snapshot.limit),
      ]}
      actions={
        <RowActions memory={memory}>
          {plan && needsHelp(model, plan.row) && <ShowPlanAction {...plan} />}
          <Action
            title="Unload Model"
            icon={Icon.Eject}
            shortcut={Keyboard.Shortcut.Common.Remove}
            onAction={() => changeLoaded(settings, model, "unload", memory.refreshUse)}
          />
          <KeepLoadedSubmenu
            settings={settings}
            model={model}
            ignoresContext={build !== undefined && rulesOf(build).numCtx === "displayed"}
            refresh={memory.refreshUse}
            makeItFit={plan && ((failed) => push(<MakeItFit {...plan} failed={failed} />))}
          />
          <Action.CopyToClipboard
            title="Copy Stop Command"
            icon={Icon.Terminal}
            content={ollamaStopCommand(model.name, snapshot.url)}
            shortcut={Keyboard.Shortcut.Common.Copy}
          />
          <Action.CopyToClipboard
            title="Copy Model Name"
            icon={Icon.Clipboard}
            content={model.name}
            shortcut={Keyboard.Shortcut.Common.CopyName}
          />
        </RowActions>
      }
    />
  );
}

/** It spilled, or may hold more than there is. */
function needsHelp({ vramBytes, sizeBytes, growth }: LoadedModel, { verdict }: FitRow): boolean {
  return vramBytes < sizeBytes || (growth !== undefined && verdict?.kind !== "fits");
}

function sizeText(model: LoadedModel): string {
  const { countedBytes, sizeBytes } = model;
  const grows = stillGrowsText(model);
  if (grows !== undefined) return `${partsText(model)}. ${grows}`;
  return countedBytes === undefined
    ? "GPU and CPU together"
    : `About: ${OLLAMAS_COUNT} leaves out ${formatBytes(sizeBytes - countedBytes)} of it, such as the first of two KV caches`;
}

/** Where the model ended up; nothing where its size is not known. */
function placeTag(model: LoadedModel, limit: Snapshot["limit"]): List.Item.Accessory[] {
  const { sizeBytes, vramBytes } = model;
  const tag = (value: string, color: Color, tooltip?: string): List.Item.Accessory[] => [
    { tag: { value, color }, tooltip },
  ];
  const place = placeOf(model, limit.kind === "known" && !limit.isLeast ? inForceBytes(limit) : Infinity);
  switch (place.kind) {
    case "untold":
      return [];
    case "over":
      return tag(
        `${formatBytes(vramBytes)} of ${formatBytes(place.limitBytes)}`,
        Color.Red,
        "More than the GPU limit: it doesn't spill. macOS pages, or the next request fails.",
      );
    case "grows-over":
      return tag(
        `Grows to ${formatBytes(place.peakBytes)} of ${formatBytes(place.limitBytes)}`,
        Color.Yellow,
        stillGrowsText(model),
      );
    case "on-gpu":
      return tag("On the GPU", Color.Green);
    case "on-cpu":
      return tag("On the CPU", Color.Red, "None of it is on the GPU");
    case "spilled":
      return tag(
        `Spilled ${formatBytes(place.spilledBytes)}`,
        Color.Orange,
        `${formatBytes(vramBytes)} of ${formatBytes(sizeBytes)} on the GPU; the rest crawls on the CPU`,
      );
  }
}
