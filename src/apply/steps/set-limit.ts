import { formatMib } from "../../fit/units";
import { readBootSettings } from "../../mac/boot-settings";
import { changeGpuLimit, readLimitMib } from "../../mac/gpu-limit";
import type { DaemonStep } from "../../mac/privileged";
import { isOneOf, isWhole } from "../stored-fields";
import type { ChangeSystem, StepKind, StepsInput } from "./step-kind";

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
  title: () => "Waiting for the administrator password",
  text: (step) =>
    `${step.mib === 0 ? "Give the GPU limit back to macOS" : `Set the GPU limit to ${formatMib(step.mib)}`}${daemonText(step)}: macOS asks for your password.`,
  failedText: () => "The limit was not set",
  isInEffect: async (system, step) =>
    system.limit !== undefined &&
    (await readLimitMib(system, system.limit.key)) === step.mib &&
    (await isDaemonAsAsked(system, step)),
  run: async (system, step) => {
    const { limit } = system;
    if (limit === undefined) return { kind: "failed", reason: "The limit of this Mac cannot be set here." };
    await system.beforePrompt?.();
    const outcome = await changeGpuLimit(system, {
      key: limit.key,
      mib: step.mib,
      ramMib: limit.ramMib,
      bootDaemon: step.daemon,
    });
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

async function isDaemonAsAsked(system: ChangeSystem, { daemon, mib }: SetLimit): Promise<boolean> {
  if (daemon === "keep") return true;
  const own = (await readBootSettings(system)).find((setting) => setting.own);
  return daemon === "remove" ? own === undefined : own?.valueMib === mib;
}
