import { Action, ActionPanel, Icon, showToast, Toast } from "@raycast/api";
import type { Settings } from "../../app/preferences";
import { hostOf } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import type { LoadedModel } from "../../fit/facts";
import { keepModel } from "../../ollama/light-client";
import { type OpenMakeItFit, sayLoadFailed } from "./load-cure";
import { refreshMenuBar } from "./refresh-menu-bar";
import { SHORTCUTS } from "./shortcuts";

/** For how long a model may be kept without a request; -1 = until it's unloaded. */
const TIMES = [
  { title: "For 5 Minutes", seconds: 300, shortcut: SHORTCUTS.keepFiveMinutes },
  { title: "For 1 Hour", seconds: 3600, shortcut: SHORTCUTS.keepAnHour },
  { title: "Until Unloaded", seconds: -1, shortcut: SHORTCUTS.keepUntilUnloaded },
] as const;

/** Loads a model for a time of the person's own. */
export function LoadAndKeepSubmenu({ load }: { readonly load: (keepAlive: number) => unknown }) {
  return (
    <ActionPanel.Submenu title="Load and Keep…" icon={Icon.Pin}>
      {TIMES.map(({ title, seconds, shortcut }) => (
        <Action key={title} title={title} shortcut={shortcut} onAction={() => load(seconds)} />
      ))}
    </ActionPanel.Submenu>
  );
}

interface Props {
  readonly settings: Settings;
  readonly model: LoadedModel;
  /** What runs it takes no context of a request. */
  readonly ignoresContext: boolean;
  readonly refresh: () => void;
  /** Opens what makes it fit, where it has to be loaded again and isn't. */
  readonly makeItFit?: OpenMakeItFit;
}

/** Changes for how long a loaded model stays; nothing where its context isn't told, as another one would load it again. */
export function KeepLoadedSubmenu({ settings, model, ignoresContext, refresh, makeItFit }: Props) {
  if (!ignoresContext && model.contextLength === undefined) return null;
  const keep = async (title: string, seconds: number) => {
    const system = getSystem();
    const host = hostOf(system, settings);
    if (host.kind === "invalid") return;
    const { name, runner } = model;
    try {
      const client = { url: host.url, fetch: system.fetch };
      const isKept = await keepModel(client, { name, runner }, { seconds, ignoresContext });
      await showToast(
        isKept
          ? { style: Toast.Style.Success, title: "Kept Loaded", message: `${name}, ${title.toLowerCase()}` }
          : { style: Toast.Style.Failure, title: "Not Loaded Any More", message: `${name}. Nothing changed.` },
      );
    } catch (error) {
      await sayLoadFailed(error, "Couldn't Keep It Loaded", makeItFit);
    } finally {
      refresh();
      await refreshMenuBar();
    }
  };
  return (
    <ActionPanel.Submenu title="Keep Loaded…" icon={Icon.Pin}>
      {TIMES.map(({ title, seconds, shortcut }) => (
        <Action key={title} title={title} shortcut={shortcut} onAction={() => keep(title, seconds)} />
      ))}
    </ActionPanel.Submenu>
  );
}
