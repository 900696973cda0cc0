import { Action, ActionPanel, Color, Icon, List } from "@raycast/api";
import type { Snapshot } from "../../app/snapshot";
import { RefreshAction } from "../shared/refresh-action";
import { openFilesSettings } from "../shared/system-settings";

const WAY_OUT =
  "Allow Raycast to read it in System Settings, Privacy & Security, Files & Folders. Until then sizes come from Ollama, and some aren't known.";

/** The row above the models where macOS keeps Raycast from their files: said once, whatever the number of models. */
export function FilesSection({ snapshot, refresh }: { readonly snapshot: Snapshot; readonly refresh: () => void }) {
  const { state } = snapshot;
  if (state.kind !== "answering" || state.forbiddenFolder === undefined) return null;
  return (
    <List.Section title="Model Files Not Readable">
      <List.Item
        id="files-not-readable"
        title={state.forbiddenFolder}
        subtitle={{ value: "macOS keeps Raycast out of this folder", tooltip: WAY_OUT }}
        icon={{ source: Icon.Lock, tintColor: Color.Yellow }}
        accessories={[{ tag: { value: "Allow it in Files & Folders", color: Color.Yellow }, tooltip: WAY_OUT }]}
        actions={
          <ActionPanel>
            <Action title="Open Privacy Settings" icon={Icon.Gear} onAction={openFilesSettings} />
            <RefreshAction refresh={refresh} />
          </ActionPanel>
        }
      />
    </List.Section>
  );
}
