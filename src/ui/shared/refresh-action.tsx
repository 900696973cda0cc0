import { Action, Icon, Keyboard } from "@raycast/api";

/** Reads the view again. */
export function RefreshAction({ refresh }: { readonly refresh: () => void }) {
  return (
    <Action title="Refresh" icon={Icon.ArrowClockwise} shortcut={Keyboard.Shortcut.Common.Refresh} onAction={refresh} />
  );
}
