import { formatMib } from "../../fit/units";
import { readOwnDaemons } from "../../mac/boot-settings";
import { changeGpuLimit, isAsAsked, readLimitMib } from "../../mac/gpu-limit";
import type { DaemonStep } from "../../mac/privileged";
import { isOneOf, isWhole } from "../stored-fields";
import type { ChangeSystem, Look, StepKind, StepsInput } from "./step-kind";

interface SetLimit {
  readonly kind: "set-limit";
  /** 0 gives the limit back to macOS. */
  readonly mib: number;
  readonly daemon: DaemonStep;
  /** What was set before; 0 = macOS decided. */
  readonly beforeMib: number;
}

const NOT_HERE = "The limit of this Mac can't be set here.";

/** Sets the GPU limit of this Mac, and our LaunchDaemon with it, behind one password prompt. */
export const setLimit: StepKind<SetLimit> = {
  fields: { mib: isWhole, daemon: isOneOf({ keep: true, install: true, remove: true }), beforeMib: isWhole },
  leaves: { unsureText: () => "The Limit May Have Been Set" },
  planned: (input) => {
    const { limitMib } = input.option.changes;
    return limitMib === undefined
      ? []
      : [{ kind: "set-limit", mib: limitMib, beforeMib: input.limitNowMib, daemon: daemonStep(input) }];
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
        return { kind: "done", note: isComplete ? undefined : words };
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
function back({ beforeMib, daemon }: SetLimit, nowMib: number): readonly SetLimit[] {
  const daemonBack = daemon === "install" ? (beforeMib === 0 ? "remove" : "install") : "keep";
  return [{ kind: "set-limit", mib: beforeMib, beforeMib: nowMib, daemon: daemonBack }];
}

/** A LaunchDaemon that keeps the limit in force is taken along, or the next restart would bring the old limit back. */
function daemonStep({ daemonMib, limitNowMib }: StepsInput): DaemonStep {
  return daemonMib !== undefined && daemonMib === limitNowMib ? "install" : "keep";
}

/** A LaunchDaemon that somebody has removed or changed since is left alone. */
async function daemonNow(system: ChangeSystem, { daemon, beforeMib }: SetLimit): Promise<DaemonStep> {
  if (daemon === "keep") return "keep";
  return (await readOwnDaemons(system)).some(({ valueMib }) => valueMib === beforeMib) ? daemon : "keep";
}

function daemonText({ daemon, mib }: SetLimit): string {
  if (daemon === "install") return ", now and after every restart of the Mac";
  if (daemon === "remove") return " and remove the LaunchDaemon";
  return mib === 0 ? "" : " until the Mac restarts";
}
const limitText = (mib: number): string => (mib === 0 ? "the macOS default" : formatMib(mib));
