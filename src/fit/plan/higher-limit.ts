import { ownRunners } from "../own-runners";
import { formatBytes, MIB } from "../units";
import type { KnownVerdict } from "../verdict";
import type { PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { settle } from "./settle";

/** Limits are offered in steps of this many MiB. */
const LIMIT_STEP_MIB = 1024;

/** The least round limit that fits and leaves macOS its reserve. */
export const higherLimit: Proposal = {
  propose(plan, before) {
    const { advice } = plan;
    if (advice === undefined) return [];
    return leastLimit(plan, before, 0, Math.min(advice.highestMib, advice.ramMib - advice.reserveBytes / MIB));
  },
};

/** The least round limit above `fromMib` and up to `toMib` under which the model fits. */
export function leastLimit(plan: PlanInput, before: KnownVerdict, fromMib: number, toMib: number): readonly Proposed[] {
  if (before.kind === "fits" || plan.advice === undefined) return [];
  const above = Math.max(before.limit.bytes / MIB, fromMib);
  for (let step = Math.floor(above / LIMIT_STEP_MIB) + 1; step * LIMIT_STEP_MIB <= toMib; step += 1) {
    const limitMib = step * LIMIT_STEP_MIB;
    const settled = settle(plan, before, { limitMib, unload: staleRunners(plan) });
    if (settled !== undefined) return [{ ...settled, title: `Raise the Limit to ${formatBytes(limitMib * MIB)}` }];
  }
  return [];
}

/** A model that's loaded sees a new limit only once it's reloaded. */
export function staleRunners({ input }: PlanInput): readonly string[] | undefined {
  const names = ownRunners(input).map(({ name }) => name);
  return names.length === 0 ? undefined : names;
}
