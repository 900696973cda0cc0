import { launchCommand, LaunchType, showHUD } from "@raycast/api";
import type { LaunchContext } from "../../app/launch-context";

/** Commands that the menu opens. */
export type Opened = "set-gpu-limit" | "fit-models-to-gpu-limit" | "show-gpu-memory";

/** Opens another command of the extension; where that's switched off, says so. */
export async function openCommand(name: Opened, context?: LaunchContext): Promise<void> {
  try {
    await launchCommand({ name, type: LaunchType.UserInitiated, context: context && { ...context } });
  } catch {
    await showHUD("Couldn't open it: the command is switched off in Raycast's settings");
  }
}
