import { Action, ActionPanel, Clipboard, Icon, Keyboard, showToast, Toast } from "@raycast/api";
import { inSlices } from "../../app/in-slices";
import type { Snapshot } from "../../app/snapshot";
import { namesTaken, variantNamer } from "../../app/variant-names";
import { modelfileText, ollamaCreateCommand, setParameterText, sysctlCommand } from "../../fit/commands";
import { settingFor } from "../../fit/limit-policy";
import { buildReference } from "../../fit/model-builds";
import type { Cures } from "../../fit/plan/cures";
import { planInSteps } from "../../fit/plan/make-plan";
import { rulesOf } from "../../fit/runners";
import { formatBytes, formatContext, MIB } from "../../fit/units";
import { variantRefusal } from "../../ollama/variant";
import { planText } from "../plan/plan-text";
import { planInput } from "../plan/use-plan";
import { copyDefaultContext } from "../shared/model-work";
import { SHORTCUTS } from "../shared/shortcuts";
import type { FitRow } from "../shared/use-fit-list";

interface Props {
  readonly row: FitRow;
  readonly rows: readonly FitRow[];
  /** Absent until they're worked out. */
  readonly cures?: Cures;
  readonly snapshot: Snapshot;
}

/** Texts to copy: each makes the model fit, with its figure in the title; what its runner ignores isn't there. */
export function CopyActions({ row, rows, cures = {}, snapshot }: Props) {
  const { model } = row;
  const { numCtx, swaps = false, limitMib } = cures;
  return (
    <ActionPanel.Section title="Copy">
      <Action.CopyToClipboard
        title="Copy Model Name"
        content={model.name}
        shortcut={Keyboard.Shortcut.Common.CopyName}
      />
      {row.input && row.verdict?.kind !== "unknown" && (
        <Action
          title="Copy Plan"
          icon={Icon.Clipboard}
          shortcut={Keyboard.Shortcut.Common.Copy}
          onAction={() => copyPlan(row, rows, snapshot)}
        />
      )}
      {limitMib !== undefined && (
        <Action.CopyToClipboard
          title={`Copy Limit Command, ${formatBytes(limitMib * MIB)}`}
          content={sysctlCommand(settingFor(limitMib, snapshot.advice))}
          shortcut={SHORTCUTS.copyLimit}
        />
      )}
      {numCtx !== undefined && <ContextCopies {...{ row, rows, numCtx, swaps, snapshot }} />}
    </ActionPanel.Section>
  );
}

/** The same context in each of the ways in which it can be set. */
function ContextCopies({ row, rows, numCtx, swaps, snapshot }: Props & Required<Pick<Cures, "numCtx" | "swaps">>) {
  const { model, verdict } = row;
  const { commands } = rulesOf(model);
  const nameAt = variantNamer(namesTaken(row, rows));
  const canCap = variantRefusal(model, snapshot.server.version) === undefined;
  const fits = `${formatContext(numCtx)} Fits${swaps ? " the Limit" : ""}`;
  return (
    <>
      {canCap && commands.modelfile && (
        <Action.CopyToClipboard
          title={`Copy Modelfile, ${fits}`}
          content={modelfileText(buildReference(model), numCtx)}
          shortcut={SHORTCUTS.copyModelfile}
        />
      )}
      {canCap && commands.create && (
        <Action.CopyToClipboard
          title={`Copy Create Command, ${fits}`}
          content={ollamaCreateCommand(buildReference(model), nameAt(model.name, numCtx), numCtx, snapshot.url)}
          shortcut={SHORTCUTS.copyCreate}
        />
      )}
      {commands["set-parameter"] && (
        <Action.CopyToClipboard
          title={`Copy Set Parameter Line, ${fits}`}
          content={setParameterText(numCtx)}
          shortcut={SHORTCUTS.copyParameter}
        />
      )}
      {/* It's for every model of the server: no cure for one that fits. */}
      {snapshot.isLocal && commands["default-context"] && verdict?.kind !== "fits" && (
        <Action
          title={`Copy Default Context Command, ${fits}`}
          icon={Icon.Clipboard}
          shortcut={SHORTCUTS.copyDefault}
          onAction={() =>
            copyDefaultContext(
              numCtx,
              rows.filter((other) => other.model.digest !== model.digest),
            )
          }
        />
      )}
    </>
  );
}

async function copyPlan(row: FitRow, rows: readonly FitRow[], snapshot: Snapshot): Promise<void> {
  const input = planInput(row, snapshot, namesTaken(row, rows));
  if (input === undefined) return;
  const plan = await inSlices(planInSteps(input), new AbortController().signal);
  await Clipboard.copy(planText(row.model.name, plan.before, plan.kind === "options" ? plan.options : []));
  await showToast({ style: Toast.Style.Success, title: "Plan Copied" });
}
