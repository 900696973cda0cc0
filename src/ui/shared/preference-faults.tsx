import { ActionPanel, Color, Icon, List } from "@raycast/api";
import type { Settings } from "../../app/preferences";
import { PreferencesAction } from "./preferences-action";

/** The row above the models for each preference that can't be read; nothing where all can. */
export function PreferenceFaults({ settings: { faults } }: { readonly settings: Settings }) {
  if (faults.length === 0) return null;
  return (
    <List.Section title="Preferences">
      {faults.map((fault) => (
        <List.Item
          key={fault}
          id={`preference ${fault}`}
          title="Preference Not Understood"
          subtitle={{ value: fault, tooltip: fault }}
          icon={{ source: Icon.Warning, tintColor: Color.Orange }}
          actions={
            <ActionPanel>
              <PreferencesAction />
            </ActionPanel>
          }
        />
      ))}
    </List.Section>
  );
}
