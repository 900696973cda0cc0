import { Action, ActionPanel, Icon, List } from "@raycast/api";
import type { Settings } from "../../app/preferences";
import { PreferencesAction } from "../shared/preferences-action";
import { DiagnosticsAction } from "../shared/diagnostics-action";
import { RefreshAction } from "../shared/refresh-action";
import type { ServerState, Snapshot } from "../../app/snapshot";
import type { ModelsFolder } from "../../ollama/models-folder";
import type { ProblemKind } from "../../ollama/problems";
import { openLocalNetworkSettings } from "../shared/system-settings";
import { DownloadOllamaAction } from "../shared/download-ollama-action";

interface EmptyWords {
  readonly icon: Icon;
  readonly title: string;
  readonly description: string;
  readonly action?: React.ReactNode;
}

/** Shown instead of an empty list: why it's empty, and the way out. */
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
          {snapshot.state.kind !== "elsewhere" && <PreferencesAction />}
          <DiagnosticsAction />
        </ActionPanel>
      }
    />
  );
}

/** Titles of what keeps a server from answering. */
const FAILURES: Readonly<Record<ProblemKind, string>> = {
  "not-running": "Ollama Isn't Running There",
  "no-route": "Host Can't Be Reached",
  "unknown-name": "Unknown Host Name",
  "bad-certificate": "No Trusted Connection",
  "no-access": "Access Refused",
  "not-ollama": "Not an Ollama Server",
  "timed-out": "Ollama Doesn't Answer",
  "not-found": "Not an Ollama Server",
  "bad-answer": "Answer Makes No Sense",
  http: "Ollama Reports an Error",
  redirected: "Host Redirects Elsewhere",
  stopped: "Ollama Doesn't Answer",
};

/** Why there's nothing to show, in words. */
export function serverWords(snapshot: Snapshot, { host }: Settings): EmptyWords {
  const { state, machine, isLocal, models } = snapshot;
  switch (state.kind) {
    case "not-installed":
      return {
        icon: Icon.Download,
        title: "Ollama Isn't Installed",
        description: "This list is about Ollama's models. Install it, pull a model, then refresh.",
        action: <DownloadOllamaAction />,
      };
    case "not-running":
      return {
        icon: Icon.Power,
        title: "Ollama Isn't Running",
        ...startWords(state.installation, host),
      };
    case "elsewhere":
      return {
        icon: Icon.Plug,
        title: "Ollama Listens at Another Address",
        description: `Nothing answers at ${host}, but Ollama does at ${state.url}. Enter that address in the preferences.`,
        action: (
          <>
            <PreferencesAction />
            <Action.CopyToClipboard title="Copy Address" content={state.url} />
          </>
        ),
      };
    case "wrong-host":
      return {
        icon: Icon.Plug,
        title: "Not an Ollama Server",
        description: `${state.reason} You can change the host in the preferences.`,
      };
    case "failed":
      return failureWords(state);
    case "answering":
      if (models.some((model) => model.cloud)) {
        return {
          icon: Icon.Cloud,
          title: "Only Cloud Models",
          description: "Cloud models run on Ollama's computers, so there's nothing to fit here.",
        };
      }
      return (
        folderWords(state.modelsFolder) ?? {
          icon: Icon.Box,
          title:
            isLocal && machine.kind !== "apple-silicon" ? "No Models, and No GPU Limit Here" : "No Models Installed",
          description:
            isLocal && machine.kind !== "apple-silicon"
              ? machine.reason
              : 'Pull one with "ollama pull" and refresh: its badge says whether it fits.',
          action: <Action.OpenInBrowser title="Browse Ollama Models" url="https://ollama.com/search" />,
        }
      );
  }
}

/** Where a folder explains that there are no models: it isn't there, or another one is meant. */
function folderWords(folder: ModelsFolder | undefined): EmptyWords | undefined {
  if (folder === undefined || (folder.isThere !== false && folder.other === undefined)) return undefined;
  const { used, isThere, other } = folder;
  const named = other && `${other.by} names ${other.path}, which counts once Ollama restarts`;
  const lost = `Ollama keeps its models in ${used}, which isn't there`;
  return {
    icon: Icon.Folder,
    title: isThere === false ? "Models Folder Not Found" : "Another Models Folder Is Set",
    description:
      isThere === false
        ? `${lost}: connect its disk, or change the folder.${named ? ` ${capital(named)}.` : ""}`
        : `Ollama looks for its models in ${used}, where there are none. ${capital(named ?? "")}.`,
    action: <Action.CopyToClipboard title="Copy Folder" content={used} />,
  };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function startWords(
  installation: Extract<ServerState, { kind: "not-running" }>["installation"],
  host: string,
): Pick<EmptyWords, "description" | "action"> {
  const command = (text: string) => ({
    description: `Nothing answers at ${host}. Start it with "${text}", then refresh.`,
    action: <Action.CopyToClipboard title="Copy Start Command" content={text} />,
  });
  switch (installation.kind) {
    case "app":
      return {
        description: `Nothing answers at ${host}. Open the Ollama app, then refresh.`,
        action: <Action.Open title="Open Ollama" target={installation.path} />,
      };
    case "homebrew":
      return command("brew services start ollama");
    case "command":
      return command("ollama serve");
  }
}

function failureWords({ problem, reason }: Extract<ServerState, { kind: "failed" }>): EmptyWords {
  const words = { icon: Icon.Warning, title: problem ? FAILURES[problem] : "Ollama Doesn't Answer" };
  switch (problem) {
    case "no-route":
      return {
        ...words,
        description: reason,
        action: <Action title="Open Local Network Settings" icon={Icon.Gear} onAction={openLocalNetworkSettings} />,
      };
    case "not-running":
      return {
        ...words,
        description: `${reason} Ollama answers other machines only if OLLAMA_HOST is 0.0.0.0 there.`,
      };
    default:
      return { ...words, description: reason };
  }
}
