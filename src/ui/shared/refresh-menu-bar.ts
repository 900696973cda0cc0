import { launchCommand, LaunchType } from "@raycast/api";

/**
 * Lets the menu bar read again after a change; `cause` is the title of one that the person has made just now. Where the
 * menu bar isn't switched on there's nothing to refresh. Never throws.
 */
export async function refreshMenuBar(cause?: string): Promise<void> {
  try {
    await launchCommand({
      name: "show-gpu-memory-in-menu-bar",
      type: LaunchType.Background,
      context: cause === undefined ? undefined : { cause },
    });
  } catch {
    // Switched off.
  }
}
