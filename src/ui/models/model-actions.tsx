import { Action, ActionPanel, Icon, Keyboard, openExtensionPreferences } from "@raycast/api";
import { expectedLoad } from "../../apply/load-report";
import {
  modelfileText,
  ollamaCreateCommand,
  ollamaRunCommand,
  setParameterText,
  sysctlCommand,
} from "../../fit/commands";
import { roundContextBelow } from "../../fit/largest-context";
import { formatContext } from "../../fit/units";
import { contextOf } from "../../fit/verdict";
import { variantRefusal } from "../../ollama/variant";
import { buildId, buildReference } from "../../fit/model-builds";
import { variantName } from "../../fit/model-name";
import { LimitForm } from "../limit/limit-form";
import { MemoryView } from "../memory/memory-view";
import { changeLoaded, copyDefaultContext, runInTerminal } from "../shared/model-work";
import { PlanView } from "../plan/plan-view";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import { RestartOllamaAction } from "../ollama/restart-action";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { VariantForm } from "../variant/variant-form";

interface Props {
  readonly row: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  readonly toggleDetail: () => void;
}

/** Everything that can be done with one model. */
export function ModelActions({ row, snapshot, settings, refresh, toggleDetail }: Props) {
  const { model, verdict } = row;
  const mac = appleSilicon(snapshot.machine);
  const isLoaded = snapshot.loaded.some((loaded) => loaded.digest === model.digest);
  const canCap = variantRefusal(model, snapshot.server.version) === undefined;
  const numCtx = roundContextBelow((verdict && contextOf(verdict)?.value) ?? 8192) ?? 4096;
  return (
    <ActionPanel title={model.name}>
      <ActionPanel.Section>
        {verdict && (
          <Action.Push
            title="Show Plan"
            icon={Icon.List}
            target={
              <PlanView
                row={row}
                snapshot={snapshot}
                settings={settings}
                refresh={refresh}
                memoryView={<MemoryView />}
              />
            }
          />
        )}
        <Action title="Toggle Details" icon={Icon.Sidebar} onAction={toggleDetail} />
        {canCap && (
          <Action.Push
            title="Create Capped Variant"
            icon={Icon.NewDocument}
            shortcut={Keyboard.Shortcut.Common.New}
            target={<VariantForm source={buildId(model)} onCreated={refresh} />}
          />
        )}
        {snapshot.isLocal && mac && (
          <Action.Push title="Set GPU Limit" icon={Icon.Gauge} target={<LimitForm onChanged={refresh} />} />
        )}
        {isLoaded ? (
          <Action
            title="Unload Model"
            icon={Icon.Eject}
            onAction={() => changeLoaded(settings, model, "unload", refresh)}
          />
        ) : (
          <Action
            title="Load Model"
            icon={Icon.Bolt}
            onAction={() => changeLoaded(settings, model, "load", refresh, verdict && expectedLoad(verdict))}
          />
        )}
        <Action
          title="Run in Terminal"
          icon={Icon.Terminal}
          onAction={() =>
            runInTerminal(ollamaRunCommand(model.name, snapshot.url, model.sharesName ? model.runner : undefined))
          }
        />
      </ActionPanel.Section>
      <ActionPanel.Section title="Copy">
        <Action.CopyToClipboard
          title="Copy Model Name"
          content={model.name}
          shortcut={Keyboard.Shortcut.Common.CopyName}
        />
        {snapshot.advice?.recommendedMib !== undefined && (
          <Action.CopyToClipboard title="Copy Sysctl Command" content={sysctlCommand(snapshot.advice.recommendedMib)} />
        )}
        <Action.CopyToClipboard
          title={`Copy Modelfile (${formatContext(numCtx)})`}
          content={modelfileText(buildReference(model), numCtx)}
        />
        <Action.CopyToClipboard
          title="Copy Ollama Create Command"
          content={ollamaCreateCommand(buildReference(model), variantName(model.name, numCtx), numCtx, snapshot.url)}
        />
        <Action.CopyToClipboard title="Copy Set Parameter Line" content={setParameterText(numCtx)} />
        {snapshot.isLocal && (
          <Action
            title="Copy Default Context Command"
            icon={Icon.Clipboard}
            onAction={() => copyDefaultContext(numCtx)}
          />
        )}
      </ActionPanel.Section>
      <ActionPanel.Section>
        <RefreshAction refresh={refresh} />
        <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
        <Action title="Open Extension Preferences" icon={Icon.Gear} onAction={openExtensionPreferences} />
      </ActionPanel.Section>
    </ActionPanel>
  );
}
