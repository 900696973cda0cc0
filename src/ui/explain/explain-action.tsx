import { Action, ActionPanel, Detail, Icon } from "@raycast/api";
import type { Snapshot } from "../../app/snapshot";
import { corrections, type Explained, terms } from "../../fit/explain";
import { PreferencesAction } from "../shared/preferences-action";
import { SHORTCUTS } from "../shared/shortcuts";
import type { FitRow } from "../shared/use-fit-list";
import { plainMarkdown } from "../shared/plain-markdown";

interface Props {
  readonly snapshot: Snapshot;
  /** The model that's looked at. */
  readonly row?: FitRow;
}

/** Opens what the words mean on this Mac, and what guides get wrong. */
export function ExplainAction(props: Props) {
  return (
    <Action.Push
      title="Explain This"
      icon={Icon.Book}
      shortcut={SHORTCUTS.explain}
      target={<ExplainView {...props} />}
    />
  );
}

function ExplainView({ snapshot, row }: Props) {
  const { limit, advice, server } = snapshot;
  const verdict = row?.verdict;
  const model = row && verdict && verdict.kind !== "unknown" ? { name: row.model.name, verdict } : undefined;
  const input = { limit, advice, server, model };
  return (
    <Detail
      navigationTitle="Explain This"
      markdown={[
        "# What Counts",
        ...terms(input).map(paragraph),
        "# What Guides Get Wrong",
        ...corrections(input).map(paragraph),
      ].join("\n\n")}
      actions={
        <ActionPanel>
          <PreferencesAction />
        </ActionPanel>
      }
    />
  );
}

const paragraph = ({ title, text }: Explained) => `**${plainMarkdown(title)}:** ${plainMarkdown(text)}`;
