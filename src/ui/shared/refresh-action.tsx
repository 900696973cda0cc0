import { Action, Icon, Keyboard } from "@raycast/api";

export function RefreshAction({ refresh }: { readonly refresh: () => void }) {
  return (
    <Action title="Refresh" icon={Icon.ArrowClockwise} shortcut={Keyboard.Shortcut.Common.Refresh} onAction={refresh} />
  );
}
