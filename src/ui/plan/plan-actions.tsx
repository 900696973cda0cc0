import { Action, ActionPanel, Icon, Keyboard } from "@raycast/api";
import type { ReactNode } from "react";
import { isApplicable } from "../../apply/is-applicable";
import { canUndo, isFinished, type Journal } from "../../apply/journal";
import type { ClosableApp } from "../../fit/facts";
import { asOneLine } from "../../fit/commands";
import type { KeptValues } from "../../fit/kept-settings";
import { settingFor } from "../../fit/limit-policy";
import type { Comfortable } from "../../fit/picks/comfortable";
import { changesSomething, type PlanOption } from "../../fit/plan/options";
import type { ApplyOption, ApplyWay } from "../change/apply-option";
import { CloseAppsForm } from "./close-apps-form";
import { CheckRequestAction } from "../request/check-request-action";
import { ExplainAction } from "../explain/explain-action";
import { KeptSettingsAction } from "../ollama/kept-settings-form";
import { SetLimitAction } from "../limit/set-limit-action";
import { runInTerminal } from "../shared/model-work";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { RefreshAction } from "../shared/refresh-action";
import type { Snapshot } from "../../app/snapshot";
import { undoChange } from "../change/carry-out";
import { plansAsBefore } from "../../fit/run-settings";
import { DownloadOllamaAction } from "../shared/download-ollama-action";
import { SHORTCUTS } from "../shared/shortcuts";

interface Props extends Omit<ApplyOption, "option"> {
  /** Absent where nothing makes the model fit. */
  readonly option?: PlanOption;
  /** Opens the option as a page to agree to, where this isn't that page. */
  readonly choose?: ReactNode;
  /** Carries the option out. */
  readonly apply?: (option: PlanOption, way: ApplyWay) => unknown;
  /** The option has something to be warned of. */
  readonly isRisky?: boolean;
  /** Opens the other ways, where this isn't the view of all of them. */
  readonly allWays?: ReactNode;
  /** The same as text, for the clipboard. */
  readonly text?: string;
  /** Show GPU Memory, whose plans these may be: it comes from above, or the two views would import each other. */
  readonly memoryView: ReactNode;
  /** A model that runs well here, where this one doesn't. */
  readonly pull?: Comfortable;
  /** The apps that may be asked to quit; absent while they aren't read. */
  readonly apps?: readonly ClosableApp[];
  readonly checkBuilds?: () => Promise<void>;
  readonly lastChange?: Journal;
}

/** What can be done with an option of a plan; Enter carries it out. */
export function PlanActions({
  option,
  choose,
  apply,
  isRisky,
  allWays,
  text,
  memoryView,
  apps,
  pull,
  checkBuilds,
  lastChange,
  ...work
}: Props) {
  const { snapshot, settings, refresh } = work;
  const journal = undoable(lastChange, snapshot);
  const commands = option !== undefined && option.commands.length > 0 && (
    <>
      <Action.CopyToClipboard
        title="Copy Commands"
        content={asOneLine(option.commands)}
        shortcut={SHORTCUTS.copyCommands}
      />
      {snapshot.isLocal && (
        <Action
          title="Copy Command and Open Terminal"
          icon={Icon.Terminal}
          shortcut={SHORTCUTS.terminal}
          onAction={() => runInTerminal(asOneLine(option.commands))}
        />
      )}
    </>
  );
  const fill = option && variablesOf(option);
  const isByHand = option !== undefined && !isApplicable(option, snapshot.server);
  return (
    <ActionPanel>
      <ActionPanel.Section>
        {choose}
        {option?.changes.closeApps && apply && (
          <Action.Push
            title="Choose Apps to Close…"
            icon={Icon.AppWindow}
            target={
              <CloseAppsForm
                option={option}
                closing={option.changes.closeApps}
                apps={apps}
                apply={(way) => apply(option, way)}
              />
            }
          />
        )}
        {option?.changes.clientContext !== undefined && (
          <Action.CopyToClipboard title="Copy Context for the Client" content={String(option.changes.clientContext)} />
        )}
        {option && apply && !option.changes.closeApps && isApplicable(option, snapshot.server) && (
          <ApplyActions option={option} apply={apply} isRisky={isRisky} canKeep={hasLimitToKeep(option, snapshot)} />
        )}
        {isByHand && commands}
        {option === undefined && snapshot.isLocal && plansAsBefore(snapshot.server) && <DownloadOllamaAction />}
        {pull && (
          <Action.CopyToClipboard
            title={`Copy Pull Command, ${pull.row.name}`}
            content={pull.command}
            shortcut={SHORTCUTS.copyPull}
          />
        )}
        {checkBuilds && (
          <Action
            title="Check for Smaller Builds"
            icon={Icon.MagnifyingGlass}
            shortcut={SHORTCUTS.checkBuilds}
            onAction={checkBuilds}
          />
        )}
        {allWays}
      </ActionPanel.Section>
      <ActionPanel.Section>
        {text !== undefined && (
          <Action.CopyToClipboard title="Copy Plan" content={text} shortcut={Keyboard.Shortcut.Common.Copy} />
        )}
        {!isByHand && commands}
      </ActionPanel.Section>
      <ActionPanel.Section>
        <SetLimitAction snapshot={snapshot} onChanged={refresh} />
        <Action.Push title="Show GPU Memory" icon={Icon.MemoryChip} shortcut={SHORTCUTS.memory} target={memoryView} />
        {journal && (
          <Action
            title="Undo Last Change"
            icon={Icon.Undo}
            style={Action.Style.Destructive}
            shortcut={SHORTCUTS.undo}
            onAction={async () => {
              await undoChange(journal, { settings, snapshot, refresh });
            }}
          />
        )}
        <CheckRequestAction {...work} />
        <ExplainAction snapshot={snapshot} row={work.row} />
        <RefreshAction refresh={refresh} />
        {fill && <KeptSettingsAction snapshot={snapshot} fill={fill} refresh={refresh} />}
        {option === undefined && <DiagnosticsAction />}
      </ActionPanel.Section>
    </ActionPanel>
  );
}

/** Carries an option out that the extension can make itself. */
function ApplyActions({
  option,
  apply,
  isRisky = false,
  canKeep,
}: Required<Pick<Props, "option" | "apply">> & Pick<Props, "isRisky"> & { readonly canKeep: boolean }) {
  const changes = changesSomething(option);
  const style = isRisky ? Action.Style.Destructive : Action.Style.Regular;
  return (
    <>
      <Action
        title={changes ? "Apply" : "Load and Verify"}
        icon={Icon.Play}
        style={style}
        onAction={() => apply(option, {})}
      />
      {canKeep && (
        <Action
          title="Apply and Keep After a Restart"
          icon={Icon.Pin}
          style={style}
          shortcut={SHORTCUTS.applyAndKeep}
          onAction={() => apply(option, { keepsLimit: true })}
        />
      )}
      {changes && (
        <Action
          title="Apply Without Loading"
          icon={Icon.Forward}
          style={style}
          shortcut={SHORTCUTS.applyWithoutLoading}
          onAction={() => apply(option, { verifies: false })}
        />
      )}
    </>
  );
}

/** Whether it sets a limit that a restart of the Mac would end: macOS's own comes back by itself. */
function hasLimitToKeep({ changes: { limitMib } }: PlanOption, { advice }: Snapshot): boolean {
  return limitMib !== undefined && settingFor(limitMib, advice) > 0;
}

/** The variables of the server that it sets, which a LaunchAgent can keep; undefined for none. */
function variablesOf({ changes: { kvCacheType, parallel } }: PlanOption): KeptValues | undefined {
  if (kvCacheType !== undefined) return { OLLAMA_KV_CACHE_TYPE: kvCacheType };
  return parallel === undefined ? undefined : { OLLAMA_NUM_PARALLEL: String(parallel) };
}

/** The last change, if it finished and left something to undo. */
function undoable(journal: Journal | undefined, snapshot: Snapshot): Journal | undefined {
  if (journal === undefined || !canUndo(journal) || journal.url !== snapshot.url) return undefined;
  return isFinished(journal) ? journal : undefined;
}
