import { Alert, confirmAlert, Icon, open, showToast, Toast } from "@raycast/api";
import { formatBytes } from "../../fit/units";
import { type AppFootprint, quitApp, type QuitOutcome } from "../../mac/apps";
import { openAutomationSettings } from "../shared/system-settings";
import { getSystem } from "../../app/system";

/** Asks, tells the app to quit, and says what came of it. */
export async function confirmQuit(app: AppFootprint, refresh: () => void): Promise<void> {
  const isOllama = app.bundlePath?.endsWith("/Ollama.app") ?? false;
  const agreed = await confirmAlert({
    icon: Icon.XMarkCircle,
    title: `Quit ${app.name}?`,
    message: [
      `Its footprint is ${formatBytes(app.bytes)}.`,
      isOllama ? "Ollama's server stops, and every loaded model with it." : "It may ask to save your work first.",
    ].join(" "),
    primaryAction: { title: "Quit", style: Alert.ActionStyle.Destructive },
  });
  if (!agreed) return;
  const toast = await showToast({ style: Toast.Style.Animated, title: `Quitting ${app.name}` });
  const outcome = await quitApp(getSystem(), app);
  const { title, message, action } = outcomeWords(outcome, app);
  toast.style = outcome.kind === "quit" ? Toast.Style.Success : Toast.Style.Failure;
  toast.title = title;
  toast.message = message;
  toast.primaryAction = action;
  refresh();
}

interface OutcomeWords {
  readonly title: string;
  readonly message?: string;
  readonly action?: Toast.ActionOptions;
}

function outcomeWords(outcome: QuitOutcome, { name, bundlePath = "", bytes }: AppFootprint): OutcomeWords {
  switch (outcome.kind) {
    case "quit":
      return { title: `${name} has quit`, message: `Its footprint was ${formatBytes(bytes)}` };
    case "still-running":
      return {
        title: `${name} is still running`,
        message: "It may ask to save something.",
        action: { title: `Show ${name}`, onAction: () => open(bundlePath) },
      };
    case "not-permitted":
      return {
        title: "Not Permitted",
        message: outcome.explanation,
        action: openAutomationSettings,
      };
    case "not-quittable":
      return { title: `${name} was left alone`, message: outcome.reason };
    case "failed":
      return { title: `Could not quit ${name}`, message: outcome.detail };
  }
}
