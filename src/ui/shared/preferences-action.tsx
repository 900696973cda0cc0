import { Action, Icon, openExtensionPreferences } from "@raycast/api";
import { SHORTCUTS } from "./shortcuts";

/** Opens the preferences of the extension. */
export function PreferencesAction() {
  return (
    <Action
      title="Open Extension Preferences"
      icon={Icon.Gear}
      shortcut={SHORTCUTS.preferences}
      onAction={openExtensionPreferences}
    />
  );
}
