import { Action, ActionPanel, Icon, Keyboard } from "@raycast/api";
import type { ReactNode } from "react";
import { isApplicable } from "../../apply/is-applicable";
import { canUndo, isFinished, type Journal } from "../../apply/journal";
import { asOneLine } from "../../fit/commands";
import type { PlanOption } from "../../fit/plan/options";
import { applyOption, type ApplyOption } from "../change/apply-option";
import { LimitForm } from "../limit/limit-form";
import { runInTerminal } from "../shared/model-work";
import { RefreshAction } from "../shared/refresh-action";
import { appleSilicon, type Snapshot } from "../../app/snapshot";
import { undoChange } from "../change/carry-out";

interface Props extends Omit<ApplyOption, "option"> {
  /** Absent where nothing makes the model fit. */
  readonly option?: PlanOption;
  /** The same as text, for the clipboard. */
  readonly text?: string;
  /** Show GPU Memory, whose plans these may be: it comes from above, or the two views would import each other. */
  readonly memoryView: ReactNode;
  readonly checkBuilds?: () => Promise<void>;
  readonly lastChange?: Journal;
}

/** What can be done with an option of a plan; Enter carries it out. */
export function PlanActions({ option, text, memoryView, checkBuilds, lastChange, ...work }: Props) {
  const { snapshot, settings, refresh } = work;
  const journal = undoable(lastChange, snapshot);
  const mac = appleSilicon(snapshot.machine);
  const canApply = option !== undefined && isApplicable(option, snapshot.server);
  const changes = option !== undefined && Object.values(option.changes).some((change) => change !== undefined);
  return (
    <ActionPanel>
      <ActionPanel.Section>
        {option?.changes.closeApps && (
          <Action.Push title="Choose Apps to Quit" icon={Icon.AppWindow} target={memoryView} />
        )}
        {option?.changes.clientContext !== undefined && (
          <Action.CopyToClipboard title="Copy Context for the Client" content={String(option.changes.clientContext)} />
        )}
        {canApply && (
          <Action
            title={changes ? "Apply" : "Load and Verify"}
            icon={Icon.Play}
            onAction={() => applyOption({ ...work, option })}
          />
        )}
        {canApply && option.changes.limitMib !== undefined && (
          <Action
            title="Apply and Keep"
            icon={Icon.Pin}
            onAction={() => applyOption({ ...work, option }, { keepsLimit: true })}
          />
        )}
        {canApply && changes && (
          <Action
            title="Apply Without Loading"
            icon={Icon.Forward}
            onAction={() => applyOption({ ...work, option }, { verifies: false })}
          />
        )}
        {checkBuilds && <Action title="Check for Smaller Builds" icon={Icon.MagnifyingGlass} onAction={checkBuilds} />}
        {option !== undefined && option.commands.length > 0 && (
          <>
            <Action.CopyToClipboard
              title="Copy Commands"
              content={asOneLine(option.commands)}
              shortcut={Keyboard.Shortcut.Common.Copy}
            />
            {snapshot.isLocal && (
              <Action
                title="Run in Terminal"
                icon={Icon.Terminal}
                onAction={() => runInTerminal(asOneLine(option.commands))}
              />
            )}
          </>
        )}
        {text !== undefined && <Action.CopyToClipboard title="Copy as Text" content={text} />}
      </ActionPanel.Section>
      <ActionPanel.Section>
        {snapshot.isLocal && mac && (
          <Action.Push title="Set GPU Limit" icon={Icon.Gauge} target={<LimitForm onChanged={refresh} />} />
        )}
        <Action.Push title="Show GPU Memory" icon={Icon.MemoryChip} target={memoryView} />
        {journal && (
          <Action
            title="Undo Last Change"
            icon={Icon.Undo}
            style={Action.Style.Destructive}
            onAction={() => undoChange(journal, { settings, snapshot, refresh })}
          />
        )}
        <RefreshAction refresh={refresh} />
      </ActionPanel.Section>
    </ActionPanel>
  );
}

/** The last change, if it finished and left something to undo. */
function undoable(journal: Journal | undefined, snapshot: Snapshot): Journal | undefined {
  if (journal === undefined || !canUndo(journal) || journal.url !== snapshot.url) return undefined;
  return isFinished(journal) ? journal : undefined;
}
