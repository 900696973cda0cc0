import { Alert, Icon, showToast, Toast } from "@raycast/api";
import { asOneLine, sysctlCommand } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { checkLimit, type LimitAdvice, type LimitCheck } from "../../fit/limit-policy";
import { formatBytes, formatMib, MIB } from "../../fit/units";
import type { OwnDaemon } from "../../mac/boot-settings";
import {
  daemonPath,
  type DaemonResult,
  type DaemonStep,
  FORMER_LABEL,
  LAUNCH_DAEMON_LABEL,
} from "../../mac/privileged";
import { changeGpuLimit, type ChangeOutcome } from "../../mac/gpu-limit";
import { confirmAndPrompt, promptWords, sentence } from "../shared/admin-prompt";
import type { ToastWords } from "../shared/confirm-and-run";

/** A limit to set, in MiB (0 = the default of macOS), and what becomes of our LaunchDaemon. */
export interface LimitChange {
  readonly mac: AppleSiliconMac;
  readonly advice: LimitAdvice;
  readonly mib: number;
  readonly bootDaemon: DaemonStep;
  /** Our LaunchDaemon as it is now. */
  readonly own?: OwnDaemon;
}

/**
 * What becomes of our LaunchDaemon when a change is taken back; undefined where it can't be as it was before: it set
 * another limit than the one in force, and one prompt sets both to the same.
 */
export function daemonBack({ bootDaemon, own, mac }: LimitChange): DaemonStep | undefined {
  if (bootDaemon === "keep") return "keep";
  if (own === undefined) return bootDaemon === "install" ? "remove" : "keep";
  return own.valueMib === mac.overrideMib && mac.overrideMib !== 0 ? "install" : undefined;
}

/** What gives the limit back to macOS, and takes our LaunchDaemon away with it. */
export function backToDefault(own: LimitChange["own"]): Pick<LimitChange, "mib" | "bootDaemon"> {
  return { mib: 0, bootDaemon: own === undefined ? "keep" : "remove" };
}

/** A limit that's in force as asked, and what was asked. */
export interface LimitSet {
  readonly asked: LimitChange;
  readonly outcome: Extract<ChangeOutcome, { readonly kind: "done" | "already" }>;
}

/** Where a person reads what else follows from the limit: in a view that opens then, or nowhere but in the toast. */
export type Afternotes = "view" | "toast";

/** For Terminal: the next start finds no LaunchDaemon of ours any more. */
const REMOVE_DAEMON_COMMAND = `sudo /bin/rm -f ${[LAUNCH_DAEMON_LABEL, FORMER_LABEL].map(daemonPath).join(" ")}`;

/**
 * Asks what has to be asked, sets the limit with one administrator prompt and says what is in force. Undefined where the
 * limit isn't as asked then, which has been explained in a toast.
 */
export async function changeLimit(asked: LimitChange, afternotes: Afternotes): Promise<LimitSet | undefined> {
  const { mac, advice, mib, bootDaemon, own } = asked;
  if (mac.overrideMib === undefined) return refuse("This macOS has no GPU limit that can be set.");
  const ramMib = Math.floor(mac.ramBytes / MIB);
  const check = checkLimit(mib, mac.ramBytes, advice);
  if (check.kind === "refused") return refuse(check.reason);
  if (check.kind === "second-yes" && bootDaemon === "install") {
    return refuse("A limit this high isn't kept after a restart: restarting has to help if the Mac freezes.");
  }
  const outcome = await confirmAndPrompt({
    change: mib === 0 ? "Reset GPU Limit" : "Set GPU Limit",
    questions: questionsBefore(check, mib),
    work: (system) => changeGpuLimit(system, { mib, ramMib, bootDaemon }),
    explain: (came) =>
      outcomeWords(came, mib, mac.overrideMib, {
        leftMib: bootDaemon === "keep" ? own?.valueMib : undefined,
        afternotes,
      }),
    command: asOneLine([sysctlCommand(mib), ...(bootDaemon === "remove" ? [REMOVE_DAEMON_COMMAND] : [])]),
  });
  return outcome?.kind === "done" || outcome?.kind === "already" ? { asked, outcome } : undefined;
}

async function refuse(message: string): Promise<undefined> {
  await showToast({ style: Toast.Style.Failure, title: "Not Set", message });
}

/** What a person has to agree to, by how risky the limit is. */
function questionsBefore(check: LimitCheck, mib: number): readonly Alert.Options[] {
  const question = (warning: string, yes: string): Alert.Options => ({
    icon: Icon.Warning,
    title: `Set the GPU limit to ${formatMib(mib)}?`,
    message: warning,
    primaryAction: { title: yes, style: Alert.ActionStyle.Destructive },
  });
  if (!("warning" in check)) return [];
  const first = question(check.warning, "Set Anyway");
  return check.kind === "warning"
    ? [first]
    : [first, question("If the Mac freezes, hold the power button: the limit is gone after a restart.", "Yes, Set It")];
}

const inForce = (mib: number | undefined): string =>
  mib === undefined
    ? "Couldn't read what's in force now."
    : mib === 0
      ? "In force: the macOS default."
      : `In force: ${formatMib(mib)}.`;

const AFTERWARDS = "Reload a model to use it; MLX models need Ollama restarted.";

const lastsText = (mib: number): string =>
  mib === 0 ? "macOS decides the limit." : "It lasts until the Mac restarts.";

/** "It" is the value that was asked for. */
export function daemonWords(daemon: DaemonResult | undefined): string {
  switch (daemon?.kind) {
    case "installed":
      return "The LaunchDaemon sets it after every restart.";
    case "removed":
      return "The LaunchDaemon is removed.";
    case "not-loaded":
      return `The LaunchDaemon sets it after every restart, but launchd didn't load it now: ${sentence(daemon.detail)}`;
    case "failed":
      return `The LaunchDaemon wasn't changed: ${sentence(daemon.detail)}`;
    default:
      return "";
  }
}

/**
 * What a person is told about each outcome; always with what is in force now and what became of the LaunchDaemon.
 * `leftMib` is what our LaunchDaemon still sets, where it was left alone.
 */
export function outcomeWords(
  outcome: ChangeOutcome,
  askedMib: number,
  beforeMib: number | undefined,
  { leftMib, afternotes = "toast" }: { readonly leftMib?: number; readonly afternotes?: Afternotes } = {},
): ToastWords {
  const now = inForce(outcome.inForceMib);
  switch (outcome.kind) {
    case "done":
      return {
        style: Toast.Style.Success,
        title: askedMib === 0 ? "Back to the macOS Default" : `GPU Limit Is ${formatBytes(askedMib * MIB)}`,
        message:
          [
            outcome.daemon?.kind === "failed" ? "It lasts until the next restart." : "",
            leftMib === undefined || leftMib === askedMib
              ? daemonWords(outcome.daemon)
              : `The LaunchDaemon sets ${formatMib(leftMib)} again at the next start.`,
          ]
            .filter(Boolean)
            .join(" ") || (afternotes === "toast" ? AFTERWARDS : lastsText(askedMib)),
      };
    case "already":
      return { style: Toast.Style.Success, title: "Already in Force", message: `${now} Nothing was changed.` };
    case "invalid":
      return { style: Toast.Style.Failure, title: "Not Set", message: `${outcome.reason} ${now}` };
    default:
      return promptWords(outcome, {
        now,
        failed: "Couldn't Set the Limit",
        asked: `Asked for ${askedMib === 0 ? "the macOS default" : formatMib(askedMib)}.`,
        setAnyway: outcome.inForceMib === askedMib && askedMib !== beforeMib,
        alsoDone: "daemon" in outcome ? daemonWords(outcome.daemon) : "",
      });
  }
}
