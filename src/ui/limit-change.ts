import { Alert, closeMainWindow, confirmAlert, Icon, PopToRootType, showToast, Toast } from "@raycast/api";
import type { AppleSiliconMac } from "../fit/facts";
import { checkLimit, type LimitAdvice } from "../fit/limit-policy";
import { sysctlCommand } from "../fit/commands";
import { formatBytes, formatMib, MIB } from "../fit/units";
import type { DaemonResult, DaemonStep } from "../mac/privileged";
import { changeGpuLimit, type ChangeOutcome } from "../mac/set-limit";
import { copyText } from "./copy-text";
import { getWorld } from "./world";

/**
 * Asks what has to be asked, sets the limit with one administrator prompt and says what is in force. Resolves to whether
 * the limit is now as asked; every other outcome has been explained in a toast.
 */
export async function changeLimit(
  mac: AppleSiliconMac,
  advice: LimitAdvice,
  mib: number,
  bootDaemon: DaemonStep,
): Promise<boolean> {
  const check = checkLimit(mib, mac.ramBytes, advice);
  if (check.kind === "refused") {
    await showToast({ style: Toast.Style.Failure, title: "Not Set", message: check.reason });
    return false;
  }
  if (check.kind === "second-yes" && bootDaemon === "install") {
    await showToast({
      style: Toast.Style.Failure,
      title: "Not Set",
      message: "So high a limit is not kept after a restart: a restart has to be the way out if the Mac freezes.",
    });
    return false;
  }
  if ((check.kind === "warning" || check.kind === "second-yes") && !(await agree(check.warning, mib, "Set Anyway"))) {
    return false;
  }
  if (
    check.kind === "second-yes" &&
    !(await agree("If the Mac freezes, hold the power button: the limit is gone after a restart.", mib, "Yes, Set It"))
  ) {
    return false;
  }
  const key = mac.limitKey;
  if (key === undefined) {
    await showToast({ style: Toast.Style.Failure, title: "Not Set", message: "This macOS has no GPU limit to set." });
    return false;
  }
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: "Waiting for the administrator password",
  });
  // The password dialog is a window of macOS: Raycast steps aside and stays as it is.
  await closeMainWindow({ popToRootType: PopToRootType.Suspended });
  const outcome = await changeGpuLimit(getWorld(), {
    key,
    mib,
    ramMib: Math.floor(mac.ramBytes / MIB),
    bootDaemon,
  });
  const words = outcomeWords(outcome, mib, mac.overrideMib);
  await toast.hide();
  // A new toast, not the old one changed: with the window closed only a new one becomes visible.
  await showToast({
    ...words,
    ...(words.style === Toast.Style.Failure
      ? { primaryAction: { title: "Copy Command", onAction: () => copyText(sysctlCommand(mib, key)) } }
      : {}),
  });
  return outcome.kind === "done";
}

async function agree(warning: string, mib: number, yes: string): Promise<boolean> {
  return confirmAlert({
    icon: Icon.Warning,
    title: `Set the GPU limit to ${formatMib(mib)}?`,
    message: warning,
    primaryAction: { title: yes, style: Alert.ActionStyle.Destructive },
  });
}

const inForce = (mib: number | undefined): string =>
  mib === undefined
    ? "What is in force could not be read."
    : mib === 0
      ? "In force: the macOS default."
      : `In force: ${formatMib(mib)}.`;

interface OutcomeWords {
  readonly style: Toast.Style;
  readonly title: string;
  readonly message: string;
}

const AFTERWARDS =
  "A GGUF model only has to be loaded anew. Ollama has to restart only for MLX, eviction and its default context: pin the context first.";

function daemonWords(daemon: DaemonResult | undefined): string {
  switch (daemon?.kind) {
    case "installed":
      return "It is set again after every restart.";
    case "removed":
      return "The LaunchDaemon is removed.";
    case "not-loaded":
      return `It is set again after every restart, though launchd did not load it now: ${sentence(daemon.detail)}`;
    case "failed":
      return `It lasts until the next restart: the LaunchDaemon was not changed. ${sentence(daemon.detail)}`;
    default:
      return "";
  }
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

/** What a person is told about each outcome; always with what is in force now. */
export function outcomeWords(outcome: ChangeOutcome, askedMib: number, beforeMib: number | undefined): OutcomeWords {
  const now = inForce(outcome.inForceMib);
  const failure = (title: string, message: string): OutcomeWords => ({
    style: Toast.Style.Failure,
    title,
    message: `${message} ${now}`,
  });
  switch (outcome.kind) {
    case "done":
      return {
        style: Toast.Style.Success,
        title:
          askedMib === 0 ? "GPU limit is back at the macOS default" : `GPU limit is ${formatBytes(askedMib * MIB)}`,
        message: [daemonWords(outcome.daemon), AFTERWARDS].filter(Boolean).join(" "),
      };
    case "cancelled":
      return { style: Toast.Style.Success, title: "Nothing Changed", message: now };
    case "wrong-password":
      return failure("Wrong password", "The administrator name or password was not accepted.");
    case "not-permitted":
      return failure("Not permitted", "macOS did not allow it. An administrator account is needed.");
    case "timed-out":
      if (outcome.inForceMib === askedMib && askedMib !== beforeMib) {
        return failure("Set, though the prompt was given up", "The command went on behind the prompt.");
      }
      return failure("No answer to the password prompt", "The prompt was open for too long.");
    case "refused":
      return failure("macOS refused the value", outcome.detail);
    case "differs":
      return failure(
        "Another value is in force",
        `Asked for ${askedMib === 0 ? "the macOS default" : formatMib(askedMib)}.`,
      );
    case "unconfirmed":
      return failure("Set, but not confirmed", "The value could not be read back.");
    case "invalid":
      return failure("Not Set", outcome.reason);
    case "failed":
      return failure("The limit could not be set", outcome.detail);
  }
}
