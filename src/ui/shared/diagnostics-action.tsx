import { Action, Clipboard, environment, Icon, showToast, Toast } from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import { check, reportMarkdown } from "../../app/diagnostics/report";
import { readSettings } from "../../app/preferences";
import { getSystem } from "../../app/system";
import { SHORTCUTS } from "./shortcuts";

/** Copies what can be read of this Mac and its Ollama, for a bug report: no raw output, and no names. */
export function DiagnosticsAction() {
  return (
    <Action title="Copy Diagnostics" icon={Icon.Bug} shortcut={SHORTCUTS.diagnostics} onAction={copyDiagnostics} />
  );
}

async function copyDiagnostics(): Promise<void> {
  const toast = await showToast({ style: Toast.Style.Animated, title: "Reading Diagnostics" });
  try {
    const system = getSystem();
    const checked = await check(system, readSettings());
    const about = [`Raycast ${environment.raycastVersion}, ${system.now().toISOString().slice(0, 10)}`];
    await Clipboard.copy(reportMarkdown(system, checked, { title: "GPU Limit: Diagnostics", about, isRaw: false }));
    toast.style = Toast.Style.Success;
    toast.title = "Diagnostics Copied";
    toast.message = "Paste them into a bug report";
  } catch (error) {
    await toast.hide();
    await showFailureToast(error, { title: "Couldn't Read Diagnostics" });
  }
}
