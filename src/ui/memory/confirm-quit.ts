import { Alert, Icon, open, Toast } from "@raycast/api";
import { formatBytes } from "../../fit/units";
import { type AppFootprint, quitApp, type QuitOutcome } from "../../mac/apps";
import { confirmAndRun } from "../shared/confirm-and-run";
import { refreshMenuBar } from "../shared/refresh-menu-bar";
import { openAutomationSettings } from "../shared/system-settings";
import { getSystem } from "../../app/system";

/** Asks, tells the app to quit, and says what came of it. */
export async function confirmQuit(app: AppFootprint, refresh: () => void): Promise<void> {
  const isOllama = app.bundlePath?.endsWith("/Ollama.app") ?? false;
  const outcome = await confirmAndRun({
    // Any other app may be quit while a change waits, to make room for it.
    change: isOllama ? "Quit Ollama" : undefined,
    questions: [
      {
        icon: Icon.XMarkCircle,
        title: `Quit ${app.name}?`,
        message: [
          `Its footprint is ${formatBytes(app.bytes)}.`,
          isOllama
            ? "Ollama's server stops, and every loaded model with it. That may take half a minute."
            : "It may ask to save your work first.",
        ].join(" "),
        primaryAction: { title: "Quit", style: Alert.ActionStyle.Destructive },
      },
    ],
    progress: { title: `Quitting ${app.name}` },
    work: () => quitApp(getSystem(), app),
    outcome: (came) => quitToast(came, app),
  });
  if (outcome === undefined) return;
  refresh();
  // Ollama's end counts as a change, after which that's done already.
  if (!isOllama) await refreshMenuBar(`Quit ${app.name}`);
}

function quitToast(outcome: QuitOutcome, { name, bundlePath = "", bytes }: AppFootprint): Toast.Options {
  const failure = (title: string, message: string, primaryAction?: Toast.ActionOptions): Toast.Options => ({
    style: Toast.Style.Failure,
    title,
    message,
    primaryAction,
  });
  switch (outcome.kind) {
    case "quit":
      return {
        style: Toast.Style.Success,
        title: `${name} Quit`,
        message: `Its footprint was ${formatBytes(bytes)}`,
      };
    case "still-running":
      return failure(`${name} Is Still Running`, "It may be asking to save something.", {
        title: `Show ${name}`,
        onAction: () => open(bundlePath),
      });
    case "declined":
      return failure(`${name} Declined to Quit`, "It may have hidden its windows, or the question was cancelled.", {
        title: `Show ${name}`,
        onAction: () => open(bundlePath),
      });
    case "not-permitted":
      return failure("Not Permitted", outcome.explanation, openAutomationSettings);
    case "not-quittable":
      return failure(`${name} Was Left Alone`, outcome.reason);
    case "failed":
      return failure(`Couldn't Quit ${name}`, outcome.detail);
  }
}
