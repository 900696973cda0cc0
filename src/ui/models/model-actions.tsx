import { Action, ActionPanel, Icon, Keyboard } from "@raycast/api";
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
import { rulesOf } from "../../fit/runners";
import { contextOf } from "../../fit/verdict";
import { variantRefusal } from "../../ollama/variant";
import { buildId, buildReference } from "../../fit/model-builds";
import { variantName } from "../../fit/model-name";
import { SetLimitAction } from "../limit/set-limit-action";
import { MemoryView } from "../memory/memory-view";
import { changeLoaded, copyDefaultContext, runInTerminal } from "../shared/model-work";
import { MakeItFitAction } from "../plan/make-it-fit-action";
import { AllWaysAction, ShowPlanAction } from "../plan/plan-action";
import { PreferencesAction } from "../shared/preferences-action";
import { SHORTCUTS } from "../shared/shortcuts";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import { RestartOllamaAction } from "../ollama/restart-action";
import type { Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { UnknownView } from "./unknown-view";
import { UseVariantView } from "../variant/use-variant-view";
import { VariantForm } from "../variant/variant-form";

interface Props {
  readonly row: FitRow;
  /** A variant of it that fits, where it doesn't itself. */
  readonly instead?: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  readonly showsDetail: boolean;
  readonly toggleDetail: () => void;
}

/** Everything that can be done with one model: first what makes it fit, or its plan where it does. */
export function ModelActions({ row, instead, snapshot, settings, refresh, showsDetail, toggleDetail }: Props) {
  const { model, verdict } = row;
  const isLoaded = snapshot.loaded.some((loaded) => loaded.digest === model.digest);
  const refusal = variantRefusal(model, snapshot.server.version);
  // Of an MLX model the form leads to its GGUF build.
  const canCap = refusal === undefined || refusal.kind === "mlx";
  const { commands } = rulesOf(model);
  const numCtx = roundContextBelow((verdict && contextOf(verdict)?.value) ?? 8192) ?? 4096;
  return (
    <ActionPanel title={model.name}>
      <ActionPanel.Section>
        <FirstActions row={row} instead={instead} snapshot={snapshot} settings={settings} refresh={refresh} />
        <Action
          title={showsDetail ? "Hide Details" : "Show Details"}
          icon={Icon.Sidebar}
          shortcut={SHORTCUTS.details}
          onAction={toggleDetail}
        />
        {canCap && (
          <Action.Push
            title="Create Capped Variant"
            icon={Icon.NewDocument}
            shortcut={Keyboard.Shortcut.Common.New}
            target={<VariantForm source={buildId(model)} onCreated={refresh} />}
          />
        )}
        <SetLimitAction snapshot={snapshot} onChanged={refresh} />
        {isLoaded ? (
          <Action
            title="Unload Model"
            icon={Icon.Eject}
            shortcut={SHORTCUTS.load}
            onAction={() => changeLoaded(settings, model, "unload", refresh)}
          />
        ) : (
          <Action
            title="Load Model"
            icon={Icon.Bolt}
            shortcut={SHORTCUTS.load}
            onAction={() => changeLoaded(settings, model, "load", refresh, verdict && expectedLoad(verdict))}
          />
        )}
        <Action
          title="Copy Command and Open Terminal"
          icon={Icon.Terminal}
          shortcut={SHORTCUTS.terminal}
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
          <Action.CopyToClipboard
            title="Copy Sysctl Command"
            content={sysctlCommand(snapshot.advice.recommendedMib)}
            shortcut={SHORTCUTS.copyLimit}
          />
        )}
        {commands.modelfile && (
          <Action.CopyToClipboard
            title={`Copy Modelfile (${formatContext(numCtx)})`}
            content={modelfileText(buildReference(model), numCtx)}
            shortcut={SHORTCUTS.copyModelfile}
          />
        )}
        {commands.create && (
          <Action.CopyToClipboard
            title="Copy Ollama Create Command"
            content={ollamaCreateCommand(buildReference(model), variantName(model.name, numCtx), numCtx, snapshot.url)}
            shortcut={SHORTCUTS.copyCreate}
          />
        )}
        {commands["set-parameter"] && (
          <Action.CopyToClipboard
            title="Copy Set Parameter Line"
            content={setParameterText(numCtx)}
            shortcut={SHORTCUTS.copyParameter}
          />
        )}
        {snapshot.isLocal && commands["default-context"] && (
          <Action
            title="Copy Default Context Command"
            icon={Icon.Clipboard}
            shortcut={SHORTCUTS.copyDefault}
            onAction={() => copyDefaultContext(numCtx)}
          />
        )}
      </ActionPanel.Section>
      <ActionPanel.Section>
        <RefreshAction refresh={refresh} />
        <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
        <PreferencesAction />
      </ActionPanel.Section>
    </ActionPanel>
  );
}

/** What Enter and ⌘ Enter do: by what the model needs. */
function FirstActions({ row, instead, ...rest }: Pick<Props, "row" | "instead" | "snapshot" | "settings" | "refresh">) {
  if (row.verdict === undefined) return null;
  const plan = { ...rest, row, memoryView: <MemoryView /> };
  switch (row.verdict.kind) {
    case "fits":
      return <ShowPlanAction {...plan} />;
    case "unknown":
      return (
        <Action.Push title="Show Why It's Unknown" icon={Icon.QuestionMarkCircle} target={<UnknownView {...plan} />} />
      );
    default:
      return (
        <>
          {instead && (
            <Action.Push
              title="Use the Variant That Fits"
              icon={Icon.CheckCircle}
              target={
                <UseVariantView
                  parent={row}
                  variant={instead}
                  {...rest}
                  url={rest.snapshot.url}
                  allWays={<AllWaysAction {...plan} />}
                />
              }
            />
          )}
          {!instead && <MakeItFitAction {...plan} />}
          <AllWaysAction {...plan} />
        </>
      );
  }
}
