import { settingFor } from "../../fit/limit-policy";
import { formatMib } from "../../fit/units";
import { readOwnDaemons } from "../../mac/boot-settings";
import { changeGpuLimit, isAsAsked, readLimitMib } from "../../mac/gpu-limit";
import type { DaemonStep } from "../../mac/privileged";
import { isAbsentOr, isOneOf, isWhole } from "../stored-fields";
import type { ChangeSystem, Look, StepKind, StepsInput } from "./step-kind";

interface SetLimit {
  readonly kind: "set-limit";
  /** 0 gives the limit back to macOS. */
  readonly mib: number;
  readonly daemon: DaemonStep;
  /** What was set before; 0 = macOS decided. */
  readonly beforeMib: number;
  /** What our LaunchDaemon set at start before; absent where there was none or it couldn't be told. */
  readonly daemonBeforeMib?: number;
}

const NOT_HERE = "The limit of this Mac can't be set here.";

/** Sets the GPU limit of this Mac, and our LaunchDaemon with it, behind one password prompt. */
export const setLimit: StepKind<SetLimit> = {
  fields: {
    mib: isWhole,
    daemon: isOneOf({ keep: true, install: true, remove: true }),
    beforeMib: isWhole,
    daemonBeforeMib: isAbsentOr(isWhole),
  },
  leaves: { unsureText: () => "The Limit May Have Been Set", doneText },
  planned: (input) => {
    const { limitMib } = input.option.changes;
    if (limitMib === undefined) return [];
    const { advice, limitNowMib, daemonMib } = input;
    const mib = settingFor(limitMib, advice);
    return [
      { kind: "set-limit", mib, beforeMib: limitNowMib, daemon: daemonStep(input, mib), daemonBeforeMib: daemonMib },
    ];
  },
  title: () => "Waiting for Your Password",
  text: (step) =>
    `${step.mib === 0 ? "Give the GPU limit back to macOS" : `Set the GPU limit to ${formatMib(step.mib)}`}${daemonText(step)}: macOS asks for your password.`,
  failedText: () => "The Limit Wasn't Set",
  look: async (system, step): Promise<Look<SetLimit>> => {
    if (system.ramMib === undefined) throw new Error(NOT_HERE);
    const mib = await readLimitMib(system);
    if (mib === undefined) throw new Error("Couldn't read the limit in force.");
    const undo = back(step, mib);
    if (mib === step.mib) {
      const isComplete = await isAsAsked(system, { mib, bootDaemon: step.daemon });
      return { kind: isComplete ? "in-effect" : "partly", undo };
    }
    if (mib === step.beforeMib) return { kind: "as-planned" };
    return { kind: "other", reason: `By now the limit is ${limitText(mib)}, so it was left alone.`, undo };
  },
  run: async (system, step) => {
    const { ramMib } = system;
    if (ramMib === undefined) return { kind: "failed", reason: NOT_HERE };
    const bootDaemon = await daemonNow(system, step);
    const outcome = await changeGpuLimit(system, { mib: step.mib, ramMib, bootDaemon });
    const words = system.limitWords(outcome, step.mib);
    switch (outcome.kind) {
      case "already":
        return { kind: "done" };
      case "done": {
        const isComplete = outcome.daemon?.kind !== "failed" && outcome.daemon?.kind !== "not-loaded";
        return { kind: "done", note: isComplete ? undefined : { kind: "trouble", ...words } };
      }
      case "cancelled":
        return { kind: "cancelled", title: words.title, reason: words.message, isHarmless: true };
      default:
        return { kind: "failed", title: words.title, reason: words.message };
    }
  },
  undoUnseen: (step) => back(step, step.mib),
};

/** Back to what was in force before, from what is in force now. */
function back(step: SetLimit, nowMib: number): readonly SetLimit[] {
  const { mib, beforeMib, daemon, daemonBeforeMib } = step;
  const leftMib = { install: mib, remove: undefined, keep: daemonBeforeMib }[daemon];
  return [{ kind: "set-limit", mib: beforeMib, beforeMib: nowMib, daemon: daemonBack(step), daemonBeforeMib: leftMib }];
}

/** A LaunchDaemon that wasn't there before goes again; one that was sets what's in force then. */
function daemonBack({ daemon, beforeMib, daemonBeforeMib }: SetLimit): DaemonStep {
  switch (daemon) {
    case "install":
      return daemonBeforeMib === undefined || beforeMib === 0 ? "remove" : "install";
    case "remove":
      return daemonBeforeMib !== undefined && daemonBeforeMib === beforeMib ? "install" : "keep";
    case "keep":
      return "keep";
  }
}

/**
 * A LaunchDaemon that keeps the limit in force is taken along, or the next restart would bring the old limit back. macOS
 * needs none for its own.
 */
function daemonStep({ keepsLimit, daemonMib, limitNowMib }: StepsInput, mib: number): DaemonStep {
  const isKept = daemonMib !== undefined && daemonMib === limitNowMib;
  if (mib === 0) return isKept ? "remove" : "keep";
  return keepsLimit || isKept ? "install" : "keep";
}

/** A LaunchDaemon that somebody has removed or changed since is left alone. */
async function daemonNow(system: ChangeSystem, { daemon, daemonBeforeMib }: SetLimit): Promise<DaemonStep> {
  if (daemon === "keep") return "keep";
  const [own] = await readOwnDaemons(system);
  return own?.valueMib === daemonBeforeMib ? daemon : "keep";
}

function daemonText({ daemon, mib, daemonBeforeMib }: SetLimit): string {
  if (daemon === "install") return ", now and after every restart of the Mac";
  if (daemon === "remove") return " and remove the LaunchDaemon";
  if (daemonBeforeMib !== undefined && daemonBeforeMib !== mib) {
    return ` until the Mac restarts, when the LaunchDaemon sets ${formatMib(daemonBeforeMib)} again`;
  }
  return mib === 0 ? "" : " until the Mac restarts";
}

function doneText({ daemon, mib, daemonBeforeMib }: SetLimit): string {
  if (daemon === "install") return "A LaunchDaemon sets the same limit after every restart of the Mac.";
  if (daemon === "remove") return "The LaunchDaemon that set a limit after every restart is removed.";
  if (daemonBeforeMib !== undefined && daemonBeforeMib !== mib) {
    return `After a restart of the Mac the LaunchDaemon sets ${formatMib(daemonBeforeMib)} again.`;
  }
  return mib === 0 ? "macOS decides the limit." : "The limit lasts until the Mac restarts.";
}

const limitText = (mib: number): string => (mib === 0 ? "the macOS default" : formatMib(mib));
