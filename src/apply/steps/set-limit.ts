import { formatMib } from "../../fit/units";
import { changeGpuLimit, isAsAsked } from "../../mac/gpu-limit";
import type { DaemonStep } from "../../mac/privileged";
import { isOneOf, isWhole } from "../stored-fields";
import type { StepKind, StepsInput } from "./step-kind";

interface SetLimit {
  readonly kind: "set-limit";
  /** 0 gives the limit back to macOS. */
  readonly mib: number;
  readonly daemon: DaemonStep;
  /** What was set before; 0 = macOS decided. */
  readonly beforeMib: number;
}

/** Sets the GPU limit of this Mac, and our LaunchDaemon with it, behind one password prompt. */
export const setLimit: StepKind<SetLimit> = {
  fields: { mib: isWhole, daemon: isOneOf({ keep: true, install: true, remove: true }), beforeMib: isWhole },
  leavesSomething: true,
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
  isInEffect: async (system, step) =>
    system.ramMib !== undefined && isAsAsked(system, { mib: step.mib, bootDaemon: step.daemon }),
  run: async (system, step) => {
    const { ramMib } = system;
    if (ramMib === undefined) return { kind: "failed", reason: "This Mac's limit can't be set here." };
    const outcome = await changeGpuLimit(system, { mib: step.mib, ramMib, bootDaemon: step.daemon });
    if (outcome.kind === "already") return { kind: "done" };
    if (outcome.kind === "done") {
      const isWhole = outcome.daemon?.kind !== "failed" && outcome.daemon?.kind !== "not-loaded";
      return { kind: "done", note: isWhole ? undefined : system.limitWords(outcome, step.mib) };
    }
    const reason = system.limitWords(outcome, step.mib);
    return { kind: outcome.kind === "cancelled" ? "cancelled" : "failed", reason };
  },
  undo: (step) => [
    {
      kind: "set-limit",
      mib: step.beforeMib,
      beforeMib: step.mib,
      daemon: step.daemon === "install" ? (step.beforeMib === 0 ? "remove" : "install") : "keep",
    },
  ],
};

/** A LaunchDaemon that keeps the limit in force is taken along, or the next restart would bring the old limit back. */
function daemonStep({ daemonMib, limitNowMib }: StepsInput): DaemonStep {
  return daemonMib !== undefined && daemonMib === limitNowMib ? "install" : "keep";
}

function daemonText({ daemon, mib }: SetLimit): string {
  if (daemon === "install") return ", now and after every restart of the Mac";
  if (daemon === "remove") return " and remove the LaunchDaemon";
  return mib === 0 ? "" : " until the Mac restarts";
}
