import { Action, ActionPanel, Detail, Icon, Keyboard, useNavigation } from "@raycast/api";
import { canUndo } from "../../apply/journal";
import type { RunResult } from "../../apply/run-change";
import { stepDoneText } from "../../apply/steps";
import { ollamaRunCommand } from "../../fit/commands";
import { limitText } from "../../fit/limit-policy";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { undoChange } from "./carry-out";
import { resultWords, swapOf } from "./change-words";
import type { OpenMakeItFit } from "../shared/load-cure";
import { changeLoaded, runInTerminal } from "../shared/model-work";
import { plainMarkdown } from "../shared/plain-markdown";
import { RefreshAction } from "../shared/refresh-action";
import { SHORTCUTS } from "../shared/shortcuts";
import { type FitRow, useFitList } from "../shared/use-fit-list";
import { CheckRequestAction } from "../request/check-request-action";
import { sameModel } from "../../fit/model-name";

interface Props {
  readonly result: Extract<RunResult, { readonly kind: "finished" }>;
  /** The model to use from now on: the one it was for, or its variant. */
  readonly name: string;
  /** The model that it was for, as it was judged. */
  readonly row: FitRow;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
  /** Opens the plan again. */
  readonly makeItFit?: OpenMakeItFit;
}

/** What came of a change: the name to use, what was done, and what is in force now. */
export function ChangeResult({ result, name, row: before, settings, snapshot: openedIn, refresh, makeItFit }: Props) {
  const { pop } = useNavigation();
  const { journal, notes } = result;
  const list = useFitList(before.input?.options.context);
  const { snapshot = openedIn, isLoading } = list;
  const rows = list.rows.filter(({ model }) => sameModel(model.name, name));
  const row = rows.find(({ model }) => model.runner === before.model.runner) ?? rows[0];
  const words = resultWords(result);
  const isSwapping = result.load !== undefined && swapOf(result) !== undefined;
  const work = { settings, snapshot, refresh };
  const copyName = (
    <Action.CopyToClipboard title="Copy Name" content={name} shortcut={Keyboard.Shortcut.Common.CopyName} />
  );
  return (
    <Detail
      isLoading={isLoading}
      navigationTitle={journal.title}
      markdown={[
        `# ${plainMarkdown(words.title)}`,
        plainMarkdown(words.message),
        ...notes
          .filter(({ title }) => title !== words.title)
          .map((note) => plainMarkdown([`${note.title}:`, note.message, note.more].filter(Boolean).join(" "))),
        ...(isSwapping ? [] : [`Use this name in your editor or app: ${plainMarkdown(name)}`]),
        "## In Force Now",
        [limitLine(snapshot), ...journal.entries.flatMap(({ step }) => stepDoneText(step) ?? [])]
          .map((line) => `- ${plainMarkdown(line)}`)
          .join("\n"),
      ].join("\n\n")}
      actions={
        <ActionPanel>
          {isSwapping && (
            <Action
              title="Unload Model"
              icon={Icon.Eject}
              shortcut={SHORTCUTS.load}
              onAction={async () => {
                await changeLoaded(settings, { name, runner: result.load?.step.runner }, "unload", refresh);
                pop();
              }}
            />
          )}
          {!isSwapping && copyName}
          {canUndo(journal) && (
            <Action
              title="Undo"
              icon={Icon.Undo}
              style={Action.Style.Destructive}
              shortcut={SHORTCUTS.undo}
              onAction={async () => {
                const undone = await undoChange(journal, work);
                if (undone?.kind === "finished") pop();
              }}
            />
          )}
          {isSwapping && copyName}
          <Action
            title="Copy Command and Open Terminal"
            icon={Icon.Terminal}
            shortcut={SHORTCUTS.terminal}
            onAction={() => runInTerminal(ollamaRunCommand(name, snapshot.url))}
          />
          {row && <CheckRequestAction {...work} row={row} makeItFit={makeItFit} />}
          <RefreshAction refresh={list.refresh} />
        </ActionPanel>
      }
    />
  );
}

function limitLine({ limit }: Snapshot): string {
  return limit.kind === "known"
    ? `GPU limit: ${limitText(limit)}, ${limit.sourceText}.`
    : `GPU limit: unknown. ${limit.reason}`;
}
