import { Action, ActionPanel, Icon, Keyboard, useNavigation } from "@raycast/api";
import { ollamaRunCommand } from "../../fit/commands";
import { variantRefusal } from "../../ollama/variant";
import { buildId } from "../../fit/model-builds";
import type { FailedLoad } from "../../fit/plan/plan-input";
import type { Cures } from "../../fit/plan/cures";
import { CheckRequestAction } from "../request/check-request-action";
import { CopyActions } from "./copy-actions";
import { ExplainAction } from "../explain/explain-action";
import { SetLimitAction } from "../limit/set-limit-action";
import { MemoryView } from "../memory/memory-view";
import { changeLoaded, loadModel, runInTerminal } from "../shared/model-work";
import { MakeItFit, MakeItFitAction } from "../plan/make-it-fit-action";
import { AllWaysAction, ShowPlanAction } from "../plan/plan-action";
import { PreferencesAction } from "../shared/preferences-action";
import { LoadAndKeepSubmenu } from "../shared/keep-loaded";
import { ModelLinks } from "../shared/links";
import { SHORTCUTS } from "../shared/shortcuts";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import { RestartOllamaAction } from "../ollama/restart-action";
import type { Snapshot } from "../../app/snapshot";
import type { FitRow } from "../shared/use-fit-list";
import { UnknownView } from "./unknown-view";
import { UseVariantView } from "../variant/use-variant-view";
import { VariantForm } from "../variant/variant-form";

/** What only the selected row needs: a long list would have thousands of actions else. */
export interface SelectedRow {
  readonly rows: readonly FitRow[];
  /** What makes it fit by hand; absent until it's worked out. */
  readonly cures?: Cures;
}

interface Props {
  readonly row: FitRow;
  readonly selected?: SelectedRow;
  /** A variant of it that fits, where it doesn't itself. */
  readonly instead?: FitRow;
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
  readonly showsDetail: boolean;
  readonly toggleDetail: () => void;
}

/** Everything that can be done with one model: first what makes it fit, or its plan where it does. */
export function ModelActions({
  row,
  instead,
  selected,
  snapshot,
  settings,
  refresh,
  showsDetail,
  toggleDetail,
}: Props) {
  const { push } = useNavigation();
  const { model, verdict } = row;
  const load = (keepAlive?: number) => loadModel(row, settings, refresh, { keepAlive, makeItFit });
  const makeItFit =
    verdict && verdict.kind !== "unknown"
      ? (failed?: FailedLoad) =>
          push(<MakeItFit {...{ row, snapshot, settings, refresh, failed }} memoryView={<MemoryView />} />)
      : undefined;
  const isLoaded = snapshot.loaded.some((loaded) => loaded.digest === model.digest);
  const refusal = variantRefusal(model, snapshot.server.version);
  // Of an MLX model the form leads to its GGUF build.
  const canCap = refusal === undefined || refusal.kind === "mlx";
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
          <Action title="Load Model" icon={Icon.Bolt} shortcut={SHORTCUTS.load} onAction={() => load()} />
        )}
        {!isLoaded && <LoadAndKeepSubmenu load={load} />}
        {selected && <CheckRequestAction {...{ row, snapshot, settings, refresh, makeItFit }} />}
        <Action
          title="Copy Command and Open Terminal"
          icon={Icon.Terminal}
          shortcut={SHORTCUTS.terminal}
          onAction={() =>
            runInTerminal(ollamaRunCommand(model.name, snapshot.url, model.sharesName ? model.runner : undefined))
          }
        />
      </ActionPanel.Section>
      {selected && (
        <>
          <CopyActions row={row} {...selected} snapshot={snapshot} />
          {verdict && verdict.kind !== "unknown" && (
            <ActionPanel.Section title="Links">
              <ModelLinks model={model} fits={verdict.kind === "fits"} />
            </ActionPanel.Section>
          )}
          <ActionPanel.Section>
            <ExplainAction snapshot={snapshot} row={row} />
            <RefreshAction refresh={refresh} />
            <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
            <PreferencesAction />
          </ActionPanel.Section>
        </>
      )}
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
                  memoryView={plan.memoryView}
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
