import { Alert, Icon, Toast } from "@raycast/api";
import { throttleCommand } from "../../fit/commands";
import { setIoThrottle, type ThrottleOutcome, type ThrottleState } from "../../mac/gpu-limit";
import { confirmAndPrompt, promptWords } from "../shared/admin-prompt";
import type { ToastWords } from "../shared/confirm-and-run";

const NOT_THE_GPU = "It has nothing to do with GPU memory and won't make a model fit.";

/** Asks, switches the disk throttle with one administrator prompt and says what is in force. */
export async function changeThrottle(asked: ThrottleState, before: ThrottleState): Promise<void> {
  await confirmAndPrompt({
    change: asked === 0 ? "Switch Off Disk Throttle" : "Switch On Disk Throttle",
    questions: [
      {
        icon: Icon.HardDrive,
        title: asked === 0 ? "Switch off the disk throttle?" : "Switch on the disk throttle?",
        message: [
          asked === 0
            ? "Background tasks such as Time Machine and Spotlight may then compete with your apps for the disk."
            : "Background tasks such as Time Machine and Spotlight then let your apps use the disk first again, the macOS default.",
          NOT_THE_GPU,
          asked === 0 ? "It lasts until the next restart." : "",
          "macOS asks for an administrator password.",
        ]
          .filter(Boolean)
          .join(" "),
        primaryAction: {
          title: asked === 0 ? "Switch Off" : "Switch On",
          style: asked === 0 ? Alert.ActionStyle.Destructive : Alert.ActionStyle.Default,
        },
      },
    ],
    work: (system) => setIoThrottle(system, asked),
    explain: (outcome) => throttleWords(outcome, asked, before),
    command: throttleCommand(asked),
  });
}

/** What a person is told about each outcome; always with the state that was read back. */
function throttleWords(outcome: ThrottleOutcome, asked: ThrottleState, before: ThrottleState): ToastWords {
  if (outcome.kind === "done" || outcome.kind === "already") {
    return outcome.inForce === 0
      ? {
          style: Toast.Style.Success,
          title: "Disk Throttle Is Off",
          message: "Until the next restart, background tasks compete with your apps for the disk.",
        }
      : {
          style: Toast.Style.Success,
          title: "Disk Throttle Is On",
          message: "The macOS default: background tasks let your apps use the disk first.",
        };
  }
  return promptWords(outcome, {
    now:
      outcome.inForce === undefined
        ? "Couldn't read whether the disk throttle is on."
        : `The disk throttle is ${outcome.inForce === 0 ? "off" : "on"}.`,
    failed: "Couldn't Change the Disk Throttle",
    asked: `Asked to switch it ${asked === 0 ? "off" : "on"}.`,
    setAnyway: outcome.inForce === asked && asked !== before,
  });
}
