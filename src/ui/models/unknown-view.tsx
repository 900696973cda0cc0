import { Action, ActionPanel, Detail, Icon } from "@raycast/api";
import type { ReactNode } from "react";
import { waysToKnow } from "../../fit/ways-to-know";
import { SUM_TITLES } from "../../fit/sum-names";
import { formatBytes, formatContext } from "../../fit/units";
import { contextOf, knownNeed } from "../../fit/verdict";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { RestartOllamaAction } from "../ollama/restart-action";
import { loadModel } from "../shared/model-work";
import { plainMarkdown } from "../shared/plain-markdown";
import { PreferencesAction } from "../shared/preferences-action";
import { RefreshAction } from "../shared/refresh-action";
import type { FitRow } from "../shared/use-fit-list";

interface Props {
  readonly row: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  /** Show GPU Memory, which tells what a model takes once it's loaded. */
  readonly memoryView: ReactNode;
}

/** Why nothing is promised for a model, and what would make it known. */
export function UnknownView({ row, snapshot, settings, refresh, memoryView }: Props) {
  const { model, input, verdict } = row;
  if (input === undefined || verdict?.kind !== "unknown") return <Detail isLoading navigationTitle={model.name} />;
  const ways = waysToKnow(input, verdict);
  const need = knownNeed(verdict);
  const context = contextOf(verdict);
  const sum =
    need !== undefined && context !== undefined
      ? `${SUM_TITLES.total}: ${formatBytes(need)} (margin included) at ${formatContext(context.value)}.`
      : undefined;
  return (
    <Detail
      navigationTitle={model.name}
      markdown={[
        "# It Isn't Known Whether It Fits",
        plainMarkdown(verdict.reason),
        ...(sum === undefined ? [] : [plainMarkdown(sum)]),
        ...(ways.length === 0
          ? []
          : ["## What Would Make It Known", ways.map((way) => `- ${plainMarkdown(way)}`).join("\n")]),
      ].join("\n\n")}
      actions={
        <ActionPanel>
          <Action title="Load Model" icon={Icon.Bolt} onAction={() => loadModel(row, settings, refresh)} />
          <Action.Push title="Show GPU Memory" icon={Icon.MemoryChip} target={memoryView} />
          <RefreshAction refresh={refresh} />
          <PreferencesAction />
          <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
        </ActionPanel>
      }
    />
  );
}
