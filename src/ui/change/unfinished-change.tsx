import { Action, ActionPanel, Alert, Color, confirmAlert, Detail, Form, Icon, List, useNavigation } from "@raycast/api";
import { canUndo, clearJournal, type Journal, type JournalEntry } from "../../apply/journal";
import { stepText } from "../../apply/steps";
import { carryOut, undoChange } from "./carry-out";
import { plainMarkdown } from "../shared/plain-markdown";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import type { Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import type { UnfinishedChange } from "./use-unfinished-change";

interface Props {
  readonly change: UnfinishedChange;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
}

/** What it is about and how far it is, in one line. */
function progressText({ journal }: UnfinishedChange): string {
  const done = journal.entries.filter((entry) => entry.state === "done").length;
  return `${done} of ${journal.entries.length} steps done`;
}

/** The same in Set GPU Limit, where such a change may have left a limit behind. */
export function UnfinishedDescription({ change }: Pick<Props, "change">) {
  const { journal, state } = change;
  return (
    <Form.Description
      title={state === "running" ? "In Progress" : "Unfinished Change"}
      text={`${titleOf(journal)} for ${journal.model}: ${progressText(change)}.`}
    />
  );
}

/** Opens what was done and what was not. */
export function ShowStepsAction(props: Props) {
  return <Action.Push title="Show Steps" icon={Icon.List} target={<UnfinishedView {...props} />} />;
}

const titleOf = ({ isUndo, title }: Journal) => (isUndo ? `Undo "${title}"` : title);

/** The row above the models that shows an unfinished change. */
export function UnfinishedSection(props: Props) {
  const { change, refresh } = props;
  const { journal, state } = change;
  const running = state === "running";
  return (
    <List.Section title={running ? "In Progress" : "Unfinished Change"}>
      <List.Item
        id="unfinished-change"
        title={titleOf(journal)}
        subtitle={journal.model}
        icon={{ source: running ? Icon.CircleProgress : Icon.Warning, tintColor: Color.Orange }}
        accessories={[{ text: progressText(change) }]}
        actions={
          <ActionPanel>
            <ShowStepsAction {...props} />
            <RefreshAction refresh={refresh} />
          </ActionPanel>
        }
      />
    </List.Section>
  );
}

/** What was done, what was not, and the ways on. */
function UnfinishedView({ change, settings, snapshot, refresh }: Props) {
  const { pop } = useNavigation();
  const { journal, state, isHere } = change;
  const work = { journal, settings, snapshot, refresh };
  const canAct = state === "left" && isHere;
  return (
    <Detail
      navigationTitle={journal.title}
      markdown={[
        `# ${plainMarkdown(titleOf(journal))}`,
        plainMarkdown(whatHappened(change)),
        journal.entries.map(entryText).join("\n"),
      ].join("\n\n")}
      actions={
        <ActionPanel>
          {canAct && (
            <Action
              title="Continue"
              icon={Icon.Play}
              onAction={() => {
                pop();
                return carryOut(work);
              }}
            />
          )}
          {canAct && canUndo(journal) && (
            <Action
              title="Undo"
              icon={Icon.Undo}
              style={Action.Style.Destructive}
              onAction={() => {
                pop();
                return undoChange(work);
              }}
            />
          )}
          {state === "left" && (
            <Action
              title="Dismiss"
              icon={Icon.Trash}
              style={Action.Style.Destructive}
              onAction={async () => {
                if (!(await confirmLeaving())) return;
                await clearJournal(localStorage);
                pop();
                refresh();
              }}
            />
          )}
        </ActionPanel>
      }
    />
  );
}

function whatHappened({ journal, state, isHere }: UnfinishedChange): string {
  if (state === "running") return `It's running for ${journal.model} right now.`;
  return isHere
    ? `It was started for ${journal.model} and didn't finish. What's done is still in effect: continue, or undo it.`
    : `It was started for ${journal.model} on the Ollama host ${journal.url}. Choose that host in the preferences to continue or undo it.`;
}

function entryText({ step, state, reason }: JournalEntry): string {
  const text = plainMarkdown(stepText(step));
  switch (state) {
    case "done":
      return `- **Done:** ${text}`;
    case "running":
      return `- **Running:** ${text}`;
    case "failed":
      return `- **Failed:** ${text} ${plainMarkdown(reason ?? "")}`.trimEnd();
    case "waiting":
      return `- **To do:** ${text}`;
  }
}

function confirmLeaving(): Promise<boolean> {
  return confirmAlert({
    icon: Icon.Trash,
    title: "Dismiss the change?",
    message: "What's done stays in effect. You can't continue or undo it from here afterwards.",
    primaryAction: { title: "Leave", style: Alert.ActionStyle.Destructive },
  });
}
