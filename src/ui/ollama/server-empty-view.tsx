import { Action, ActionPanel, Icon, List, openExtensionPreferences } from "@raycast/api";
import type { Settings } from "../../app/preferences";
import { RefreshAction } from "../shared/refresh-action";
import type { Snapshot } from "../../app/snapshot";

interface EmptyWords {
  readonly icon: Icon;
  readonly title: string;
  readonly description: string;
  readonly action?: React.ReactNode;
}

/** What stands in the place of an empty list: why it is empty, and the way out. */
export function ServerEmptyView({
  snapshot,
  settings,
  refresh,
}: {
  readonly snapshot: Snapshot;
  readonly settings: Settings;
  readonly refresh: () => void;
}) {
  const { icon, title, description, action } = serverWords(snapshot, settings);
  return (
    <List.EmptyView
      icon={icon}
      title={title}
      description={description}
      actions={
        <ActionPanel>
          {action}
          <RefreshAction refresh={refresh} />
          <Action title="Open Extension Preferences" icon={Icon.Gear} onAction={openExtensionPreferences} />
        </ActionPanel>
      }
    />
  );
}

/** Why there are no models to show, in words. */
export function serverWords({ state, machine, isLocal, models }: Snapshot, { host }: Settings): EmptyWords {
  switch (state.kind) {
    case "not-installed":
      return {
        icon: Icon.Download,
        title: "Ollama Is Not Installed",
        description: "This list judges the models of Ollama. Install it, pull a model, then refresh.",
        action: <Action.OpenInBrowser title="Download Ollama" url="https://ollama.com/download" />,
      };
    case "not-running":
      return {
        icon: Icon.Power,
        title: "Ollama Is Not Running",
        description:
          state.installation === "app"
            ? `Nothing answers at ${host}. Open the Ollama app, then refresh.`
            : `Nothing answers at ${host}. Start it with "brew services start ollama" or "ollama serve", then refresh.`,
        action:
          state.installation === "app" ? (
            <Action.Open title="Open Ollama" target="/Applications/Ollama.app" />
          ) : (
            <Action.CopyToClipboard title="Copy Start Command" content="brew services start ollama" />
          ),
      };
    case "wrong-host":
      return {
        icon: Icon.Plug,
        title: "Not an Ollama Server",
        description: `${state.reason} The host can be changed in the preferences.`,
      };
    case "failed":
      return { icon: Icon.Warning, title: "Ollama Does Not Answer", description: state.reason };
    case "answering":
      if (models.some((model) => model.cloud)) {
        return {
          icon: Icon.Cloud,
          title: "Only Cloud Models",
          description: "Cloud models run on Ollama's computers, so there is nothing to fit here.",
        };
      }
      return {
        icon: Icon.Box,
        title: isLocal && machine.kind !== "apple-silicon" ? "No Models, and No GPU Limit Here" : "No Models Installed",
        description:
          isLocal && machine.kind !== "apple-silicon"
            ? machine.reason
            : 'Pull one with "ollama pull" and refresh: its badge says whether it fits.',
        action: <Action.OpenInBrowser title="Browse Ollama Models" url="https://ollama.com/search" />,
      };
  }
}
