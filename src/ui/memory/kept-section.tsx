import { Color, Icon, List } from "@raycast/api";
import { usePromise } from "@raycast/utils";
import type { Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import { KeptSettingsAction } from "../ollama/kept-settings-form";
import { titlesOf } from "../ollama/kept-words";
import { readKept } from "../ollama/read-kept";
import { RestartOllamaAction } from "../ollama/restart-action";
import { RowActions } from "./row";
import type { Memory } from "./use-memory";

/** What the running Ollama does with the settings that are kept over restarts; read once the server is known. */
export function useKept(snapshot: Snapshot | undefined) {
  const read = ({ url, server }: Partial<Pick<Snapshot, "url" | "server">>) =>
    server === undefined || getSystem().platform !== "darwin" ? Promise.resolve(undefined) : readKept({ url, server });
  const { url, server } = snapshot ?? {};
  return usePromise(read, [{ url, server }], { onError: () => {} });
}

interface Props {
  readonly memory: Memory;
  readonly snapshot: Snapshot;
  readonly kept: ReturnType<typeof useKept>;
}

/** Settings that are kept over restarts and that the running Ollama started without; nothing where it has them. */
export function KeptSection({ memory, snapshot, kept: { data, revalidate } }: Props) {
  const { missing = [] } = data?.inUse ?? {};
  if (missing.length === 0) return null;
  const refresh = () => {
    memory.refresh();
    void revalidate();
  };
  return (
    <List.Section title="Ollama Settings">
      <List.Item
        id="kept-settings"
        title="Kept Settings Not in Use"
        subtitle={titlesOf(missing)}
        icon={{ source: Icon.Pin, tintColor: Color.Orange }}
        accessories={[{ text: "Ollama started before they were set", tooltip: "Restarting Ollama brings them." }]}
        actions={
          <RowActions memory={memory}>
            <RestartOllamaAction snapshot={snapshot} refresh={refresh} />
            <KeptSettingsAction snapshot={snapshot} refresh={refresh} />
          </RowActions>
        }
      />
    </List.Section>
  );
}
