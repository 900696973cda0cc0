import { Action, ActionPanel, Detail, Icon, Keyboard, useNavigation } from "@raycast/api";
import { SHORTCUTS } from "../shared/shortcuts";
import { formatContext } from "../../fit/units";
import { plainMarkdown } from "../shared/plain-markdown";

interface Props {
  readonly name: string;
  /** The model it was made of just now; absent where it was there before. */
  readonly source?: string;
  readonly numCtx: number;
  readonly load: () => unknown;
  /** Absent where an existing model was replaced: it cannot be brought back. Resolves to whether it's undone. */
  readonly undo?: () => Promise<boolean>;
}

/** What can be done with a variant that was just created, or that was there already. */
export function VariantCreated({ name, source, numCtx, load, undo }: Props) {
  const { pop } = useNavigation();
  return (
    <Detail
      navigationTitle={name}
      markdown={[
        source === undefined ? `# ${plainMarkdown(name)} Already Exists` : `# Created ${plainMarkdown(name)}`,
        "",
        source === undefined
          ? `Its context is ${formatContext(numCtx)}, as you asked for. Nothing was created.`
          : `Its context is ${formatContext(numCtx)} (read back from Ollama). It shares the weights of ${plainMarkdown(source)} and takes no disk space.`,
        "",
        "Use this name in your apps: apps with an OpenAI-compatible connection can't set the context themselves.",
      ].join("\n")}
      actions={
        <ActionPanel>
          <Action.CopyToClipboard title="Copy Name" content={name} shortcut={Keyboard.Shortcut.Common.CopyName} />
          <Action title="Load Model" icon={Icon.Bolt} onAction={load} />
          {undo && (
            <Action
              title="Undo"
              icon={Icon.Undo}
              style={Action.Style.Destructive}
              shortcut={SHORTCUTS.undo}
              onAction={async () => {
                if (await undo()) pop();
              }}
            />
          )}
        </ActionPanel>
      }
    />
  );
}
