import { ActionPanel, Color, Icon, List } from "@raycast/api";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { excessiveReserveText } from "../../fit/limit-preview";
import { PreferencesAction } from "./preferences-action";

interface Props {
  readonly settings: Settings;
  readonly snapshot?: Snapshot;
}

/** The row above the models for each preference that can't be read or used; nothing where all can. */
export function PreferenceFaults({ settings: { faults }, snapshot }: Props) {
  const excess = snapshot?.advice && excessiveReserveText(snapshot.advice);
  if (faults.length === 0 && excess === undefined) return null;
  return (
    <List.Section title="Preferences">
      {faults.map((fault) => (
        <Fault key={fault} title="Preference Not Understood" text={fault} />
      ))}
      {excess !== undefined && <Fault title="Preference Not Used" text={excess} />}
    </List.Section>
  );
}

function Fault({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <List.Item
      id={`preference ${text}`}
      title={title}
      subtitle={{ value: text, tooltip: text }}
      icon={{ source: Icon.Warning, tintColor: Color.Orange }}
      actions={
        <ActionPanel>
          <PreferencesAction />
        </ActionPanel>
      }
    />
  );
}
