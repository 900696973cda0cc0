import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import { sysctlCommand } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { checkLimit, type LimitAdvice } from "../../fit/limit-policy";
import { formatBytes, formatMib, MIB } from "../../fit/units";
import type { DaemonResult, DaemonStep } from "../../mac/privileged";
import { changeGpuLimit, type ChangeOutcome } from "../../mac/gpu-limit";
import { showPrompt, stepAside } from "../shared/admin-prompt";
import { type OutcomeWords, promptWords, sentence } from "../shared/outcome-words";
import { getSystem } from "../../app/system";

const NO_KEY = "This macOS has no GPU limit to set.";

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
  if (!(await agreeToLimit(mac, advice, mib, bootDaemon))) return false;
  const outcome = await showPrompt(
    () => setLimitNow(mac, mib, bootDaemon),
    (came) => outcomeWords(came, mib, mac.overrideMib),
    sysctlCommand(mib, mac.limitKey),
  );
  return outcome.kind === "done";
}

/**
 * Whether the limit may be set: what is refused has been explained in a toast, what is risky has been asked. `mib` 0 is
 * the default of macOS.
 */
async function agreeToLimit(
  mac: AppleSiliconMac,
  advice: LimitAdvice,
  mib: number,
  bootDaemon: DaemonStep,
): Promise<boolean> {
  const check = checkLimit(mib, mac.ramBytes, advice);
  if (mac.limitKey === undefined) return refuse(NO_KEY);
  switch (check.kind) {
    case "refused":
      return refuse(check.reason);
    case "warning":
      return agree(check.warning, mib, "Set Anyway");
    case "second-yes":
      if (bootDaemon === "install") {
        return refuse(
          "So high a limit is not kept after a restart: a restart has to be the way out if the Mac freezes.",
        );
      }
      return (
        (await agree(check.warning, mib, "Set Anyway")) &&
        agree("If the Mac freezes, hold the power button: the limit is gone after a restart.", mib, "Yes, Set It")
      );
    case "default":
    case "fine":
      return true;
  }
}

/**
 * Sets the limit (MiB, 0 = the default of macOS) with one administrator prompt, without asking or saying anything
 * itself: {@link agreeToLimit} comes before it, {@link outcomeWords} after it. Never throws.
 */
async function setLimitNow(mac: AppleSiliconMac, mib: number, bootDaemon: DaemonStep): Promise<ChangeOutcome> {
  if (mac.limitKey === undefined) return { kind: "invalid", reason: NO_KEY };
  await stepAside();
  return changeGpuLimit(getSystem(), {
    key: mac.limitKey,
    mib,
    ramMib: Math.floor(mac.ramBytes / MIB),
    bootDaemon,
  });
}

async function refuse(message: string): Promise<false> {
  await showToast({ style: Toast.Style.Failure, title: "Not Set", message });
  return false;
}

function agree(warning: string, mib: number, yes: string): Promise<boolean> {
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

const AFTERWARDS =
  "Load a GGUF model anew to use it. MLX models, eviction and the default context follow once Ollama restarts: set num_ctx before that.";

/** "It" is the value that was asked for. */
function daemonWords(daemon: DaemonResult | undefined): string {
  switch (daemon?.kind) {
    case "installed":
      return "The LaunchDaemon sets it again after every restart.";
    case "removed":
      return "The LaunchDaemon is removed.";
    case "not-loaded":
      return `The LaunchDaemon sets it again after every restart, though launchd did not load it now: ${sentence(daemon.detail)}`;
    case "failed":
      return `The LaunchDaemon was not changed: ${sentence(daemon.detail)}`;
    default:
      return "";
  }
}

/** What a person is told about each outcome; always with what is in force now and what became of the LaunchDaemon. */
export function outcomeWords(outcome: ChangeOutcome, askedMib: number, beforeMib: number | undefined): OutcomeWords {
  const now = inForce(outcome.inForceMib);
  switch (outcome.kind) {
    case "done":
      return {
        style: Toast.Style.Success,
        title:
          askedMib === 0 ? "GPU limit is back at the macOS default" : `GPU limit is ${formatBytes(askedMib * MIB)}`,
        message: [
          outcome.daemon?.kind === "failed" ? "It lasts until the next restart." : "",
          daemonWords(outcome.daemon),
          AFTERWARDS,
        ]
          .filter(Boolean)
          .join(" "),
      };
    case "invalid":
      return { style: Toast.Style.Failure, title: "Not Set", message: `${outcome.reason} ${now}` };
    default:
      return promptWords(outcome, {
        now,
        failed: "The limit could not be set",
        asked: `Asked for ${askedMib === 0 ? "the macOS default" : formatMib(askedMib)}.`,
        setAnyway: outcome.inForceMib === askedMib && askedMib !== beforeMib,
        besides: "daemon" in outcome ? daemonWords(outcome.daemon) : "",
      });
  }
}
