import { Action, Icon, Keyboard, List } from "@raycast/api";
import { formatBytes, GIB } from "../../fit/units";
import type { AppFootprint, AppKind } from "../../mac/apps";
import { confirmQuit } from "./confirm-quit";
import type { Memory } from "./use-memory";
import { RowActions } from "./row";

/** Why Quit isn't offered. */
const NOT_OFFERED: Readonly<Record<Exclude<AppKind, "app">, string>> = {
  macos: "Part of macOS",
  system: "Runs for macOS",
  "other-user": "Runs for another user",
  raycast: "This extension runs in it",
  program: "Not an app",
  unknown: "Unknown program",
};

/** The apps with the largest footprints. */
export function AppsSection({ memory }: { readonly memory: Memory }) {
  const { apps } = memory;
  if (apps === undefined) return null;
  return (
    <List.Section title="Apps" subtitle="largest footprints, helpers included">
      {apps.length === 0 && (
        <List.Item
          id="no-apps"
          title="Couldn't Read the Apps"
          subtitle="top didn't answer in time"
          icon={Icon.Warning}
          actions={<RowActions memory={memory} />}
        />
      )}
      {apps.map((app) => (
        <List.Item
          key={appId(app)}
          id={appId(app)}
          title={app.name}
          subtitle={app.kind === "app" ? "" : NOT_OFFERED[app.kind]}
          icon={app.bundlePath === undefined ? Icon.Cog : { fileIcon: app.bundlePath }}
          accessories={[{ text: sizeText(app), tooltip: processesText(app) }]}
          actions={
            <RowActions memory={memory} copy={sizeText(app)}>
              {app.kind === "app" && (
                <Action
                  title={`Quit ${app.name}`}
                  icon={Icon.XMarkCircle}
                  style={Action.Style.Destructive}
                  shortcut={Keyboard.Shortcut.Common.Remove}
                  onAction={() => confirmQuit(app, memory.refreshUse)}
                />
              )}
            </RowActions>
          }
        />
      ))}
    </List.Section>
  );
}

/** Stays the same while the app runs, so that it stays selected. */
function appId({ bundlePath, name, pids }: AppFootprint): string {
  return `app ${bundlePath ?? `${name} ${pids[0]}`}`;
}

function sizeText({ bytes, isRounded }: AppFootprint): string {
  return isRounded ? `about ${Math.round(bytes / GIB)} GiB` : formatBytes(bytes);
}

function processesText({ pids }: AppFootprint): string {
  return pids.length === 1 ? "Footprint of 1 process" : `Footprint of ${pids.length} processes`;
}
