import {
  Action,
  ActionPanel,
  Alert,
  Color,
  confirmAlert,
  Detail,
  Form,
  Icon,
  Keyboard,
  List,
  useNavigation,
} from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import { mayHaveChanged } from "../../apply/effect";
import { canUndo, type Journal, type JournalEntry } from "../../apply/journal";
import { stepText } from "../../apply/steps";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { continueChange, dismissChange, undoChange } from "./carry-out";
import { asOneChange } from "../shared/one-change";
import { SHORTCUTS } from "../shared/shortcuts";
import { plainMarkdown } from "../shared/plain-markdown";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import type { Snapshot } from "../../app/snapshot";
import type { OpenChange, UnfinishedChange } from "./use-unfinished-change";

interface Props {
  readonly change: UnfinishedChange;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
  /** Opens what makes a model of this name fit, for where the load at the end fails; absent where no models are listed. */
  readonly makeItFit?: (name: string, failed?: FailedLoad) => void;
}

const titleOf = ({ undoes, title }: Journal) => (undoes === undefined ? title : `Undo "${title}"`);

/** What it is about and how far it is. */
function summaryOf(change: UnfinishedChange): {
  readonly section: string;
  readonly title: string;
  readonly about: string;
  readonly progress: string;
} {
  if (change.kind === "unreadable") {
    const progress = change.why === "damaged" ? "its record is damaged" : "a newer version made it";
    return { section: "Unfinished Change", title: "An Earlier Change", about: "", progress };
  }
  const { journal, state } = change;
  const done = journal.entries.filter((entry) => entry.state === "done").length;
  return {
    section: state === "running" ? "In Progress" : "Unfinished Change",
    title: titleOf(journal),
    about: journal.model,
    progress: `${done} of ${journal.entries.length} steps done`,
  };
}

/** The same in Set GPU Limit, where such a change may have left a limit behind. */
export function UnfinishedDescription({ change }: Pick<Props, "change">) {
  const { section, title, about, progress } = summaryOf(change);
  return <Form.Description title={section} text={`${title}${about && ` for ${about}`}: ${progress}.`} />;
}

/** Opens what was done and what was not. */
export function ShowStepsAction(props: Props) {
  const { change } = props;
  return (
    <Action.Push
      title={change.kind === "open" ? "Show Steps" : "Show Details"}
      icon={Icon.List}
      shortcut={SHORTCUTS.steps}
      target={change.kind === "open" ? <OpenView {...props} change={change} /> : <UnreadableView {...props} />}
    />
  );
}

/** The row above the models that says a change is under way or was left before its end. */
export function UnfinishedSection(props: Props) {
  const { change, refresh } = props;
  const { section, title, about, progress } = summaryOf(change);
  const running = change.kind === "open" && change.state === "running";
  return (
    <List.Section title={section}>
      <List.Item
        id="unfinished-change"
        title={title}
        subtitle={about}
        icon={{ source: running ? Icon.CircleProgress : Icon.Warning, tintColor: Color.Orange }}
        accessories={[{ text: progress }]}
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
function OpenView({ change, settings, snapshot, refresh, makeItFit }: Props & { readonly change: OpenChange }) {
  const { pop } = useNavigation();
  const { journal, state, isHere } = change;
  const cure = makeItFit && ((failed?: FailedLoad) => makeItFit(journal.model, failed));
  const work = { settings, snapshot, refresh, makeItFit: cure };
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
                return continueChange(journal, work);
              }}
            />
          )}
          {canAct && canUndo(journal) && (
            <Action
              title="Undo"
              icon={Icon.Undo}
              style={Action.Style.Destructive}
              onAction={async () => {
                pop();
                await undoChange(journal, work);
              }}
            />
          )}
          {state === "left" && <DismissAction change={change} refresh={refresh} />}
        </ActionPanel>
      }
    />
  );
}

function whatHappened({ journal, state, isHere }: OpenChange): string {
  if (state === "running") return `It's running for ${journal.model} right now.`;
  return isHere
    ? `It was started for ${journal.model} and didn't finish. What's done is still in effect: continue, or undo it.`
    : `It was started for ${journal.model} on the Ollama host ${journal.url}. Choose that host in the preferences to continue or undo it.`;
}

function entryText({ step, state, effect, reason = "" }: JournalEntry): string {
  const line = (head: string, ...rest: readonly string[]) =>
    `- **${head}:** ${plainMarkdown([stepText(step), ...rest].join(" ").trim())}`;
  if (effect.kind === "unknown" && state !== "done")
    return state === "running" ? line("Running or cut off") : line("Maybe done", reason);
  switch (state) {
    case "done":
      return line(mayHaveChanged(effect) ? "Done" : "Nothing to do");
    case "failed":
      return line(effect.kind === "made" ? "Done, but not as asked" : "Failed", reason);
    case "running":
    case "waiting":
      return line("To do");
  }
}

/** Says that there is a change which this version can't read. */
function UnreadableView({ change, refresh }: Props) {
  const text =
    change.kind === "unreadable" && change.why === "newer-version"
      ? "A newer version of this extension made a change and keeps what it did. This version can't read it, and leaves it alone. Update the extension to continue or undo the change."
      : "What an earlier change did was kept, but the record is damaged, so it can't be continued or undone here. Look at the GPU limit and your model variants, and change back what you don't want.";
  return (
    <Detail
      navigationTitle="Unfinished Change"
      markdown={`# An Earlier Change\n\n${text}`}
      actions={
        <ActionPanel>
          <DismissAction change={change} refresh={refresh} />
          <RefreshAction refresh={refresh} />
        </ActionPanel>
      }
    />
  );
}

function DismissAction({ change, refresh }: Pick<Props, "change" | "refresh">) {
  const { pop } = useNavigation();
  return (
    <Action
      title="Dismiss"
      icon={Icon.Trash}
      style={Action.Style.Destructive}
      shortcut={Keyboard.Shortcut.Common.Remove}
      onAction={async () => {
        if (!(await confirmDismissal())) return;
        await asOneChange({ title: "Dismiss Change" }, async () => {
          try {
            if (await dismissChange(change, { refresh })) pop();
          } catch (error) {
            await showFailureToast(error, { title: "Couldn't Dismiss It" });
          }
        });
        refresh();
      }}
    />
  );
}

function confirmDismissal(): Promise<boolean> {
  return confirmAlert({
    icon: Icon.Trash,
    title: "Dismiss the change?",
    message: "What's done stays in effect. You can't continue or undo it from here afterwards.",
    primaryAction: { title: "Dismiss", style: Alert.ActionStyle.Destructive },
  });
}
