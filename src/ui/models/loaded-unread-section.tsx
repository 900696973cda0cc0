import { ActionPanel, Color, Icon, List } from "@raycast/api";
import { isLoadedKnown, type Snapshot } from "../../app/snapshot";
import { RefreshAction } from "../shared/refresh-action";

const WITHOUT_IT =
  "Each badge judges its model alone, so it still holds. What other loaded models take isn't said beside it, and counts as memory of other apps.";

/** The row above the models where Ollama lists them, but doesn't say which are loaded. */
export function LoadedUnreadSection({
  snapshot,
  refresh,
}: {
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
}) {
  if (snapshot.state.kind !== "answering" || isLoadedKnown(snapshot)) return null;
  return (
    <List.Section title="Loaded Models Not Known">
      <List.Item
        id="loaded-unread"
        title="Couldn't read which models are loaded"
        subtitle={{ value: "Badges are of each model alone", tooltip: WITHOUT_IT }}
        icon={{ source: Icon.Warning, tintColor: Color.Yellow }}
        actions={
          <ActionPanel>
            <RefreshAction refresh={refresh} />
          </ActionPanel>
        }
      />
    </List.Section>
  );
}
