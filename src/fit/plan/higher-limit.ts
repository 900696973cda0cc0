import { ollamaCreateCommand, ollamaStopCommand, sysctlCommand } from "../commands";
import { formatBytes, formatContext, MIB } from "../units";
import { judge } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { FREE, type KnownVerdict, type PlanOption } from "./options";
import { ownRunners, type PlanInput } from "./plan-input";
import { limitOnceSet, stateAfter } from "./state-after";

/** Limits are offered in steps of this many MiB. */
const LIMIT_STEP_MIB = 1024;

/** The least round limit within the reserve that fits, and one beyond it only where none does. */
export function raised(plan: PlanInput, before: KnownVerdict): PlanOption[] {
  const { advice, limitKey } = plan;
  if (before.kind === "fits" || advice === undefined || limitKey === undefined) return [];
  const first = Math.floor(before.limit.bytes / MIB / LIMIT_STEP_MIB) + 1;
  for (let step = first; step * LIMIT_STEP_MIB <= advice.highestMib; step += 1) {
    const found = raiseTo(plan, before, step * LIMIT_STEP_MIB);
    if (found !== undefined) return [found];
  }
  return [];
}

function raiseTo(plan: PlanInput, before: KnownVerdict, mib: number): PlanOption | undefined {
  const { advice, input, canCap, limitKey } = plan;
  if (advice === undefined) return undefined;
  const { judged, restarted, pinned } = stateAfter(input, before, limitOnceSet(mib * MIB));
  if (pinned !== undefined && !canCap) return undefined;
  const after = judge(judged);
  if (after.kind !== "fits" || judge(restarted).kind !== "fits") return undefined;
  const left = advice.ramMib * MIB - mib * MIB;
  const beyond = left < advice.reserveBytes;
  const name = pinned === undefined ? undefined : plan.variantName(input.model.name, pinned);
  return {
    kind: beyond ? "raise-beyond-reserve" : "raise-limit",
    title: `Raise the Limit to ${formatBytes(mib * MIB)}`,
    sentence: verdictSentence(after),
    costs: [
      ...raiseCosts(before, mib),
      `${formatBytes(left)} left to macOS and apps${beyond ? `, less than the ${formatBytes(advice.reserveBytes)} advised` : ""}`,
      ...(pinned === undefined ? [] : [`The context is pinned at ${formatContext(pinned)} in ${name}`]),
    ],
    cost: { ...FREE, password: 1, macosBytes: mib * MIB - before.limit.bytes },
    after,
    changes: { limitMib: mib, numCtx: pinned },
    commands: [
      sysctlCommand(mib, limitKey),
      ...(name === undefined || pinned === undefined
        ? stopWhereLoaded(plan)
        : [ollamaCreateCommand(input.model.name, name, pinned)]),
    ],
  };
}

/** What a higher limit takes, in words. */
export function raiseCosts(before: KnownVerdict, mib: number): readonly string[] {
  return ["An administrator password", `${formatBytes(mib * MIB - before.limit.bytes)} less for macOS and apps`];
}

/** A model that is loaded sees a new limit only once it is loaded anew. */
function stopWhereLoaded(plan: PlanInput): readonly string[] {
  return ownRunners(plan).map(({ name }) => ollamaStopCommand(name));
}
