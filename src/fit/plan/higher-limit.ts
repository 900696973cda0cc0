import { isWorthRaising } from "../limit-policy";
import { ownRunners } from "../own-runners";
import type { Steps } from "../steps";
import { formatBytes, MIB } from "../units";
import { fitsLimit, type KnownVerdict } from "../verdict";
import type { PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { settle } from "./settle";

/** Limits are offered in steps of this many MiB. */
const LIMIT_STEP_MIB = 1024;

/** The least round limit that fits and leaves macOS its reserve. */
export const higherLimit: Proposal = {
  *propose(plan, before) {
    const { advice } = plan;
    if (advice === undefined) return [];
    return yield* leastLimit(plan, before, 0, Math.min(advice.highestMib, advice.ramMib - advice.reserveBytes / MIB));
  },
};

/**
 * The least round limit above `fromMib` and up to `toMib` under which the model fits and that's worth a password. Where
 * only less is allowed, that: it's never recommended.
 */
export function* leastLimit(
  plan: PlanInput,
  before: KnownVerdict,
  fromMib: number,
  toMib: number,
): Steps<readonly Proposed[]> {
  if (fitsLimit(before) || plan.advice === undefined) return [];
  const above = Math.max(before.limit.bytes / MIB, fromMib);
  const found: Proposed[] = [];
  for (let step = Math.floor(above / LIMIT_STEP_MIB) + 1; step * LIMIT_STEP_MIB <= toMib; step += 1) {
    const limitMib = step * LIMIT_STEP_MIB;
    yield;
    const isPoor = !isWorthRaising(limitMib, before.limit.bytes);
    const settled = settle(plan, before, { limitMib, unload: staleRunners(plan) });
    if (settled === undefined) continue;
    const raise = { ...settled, title: `Raise the Limit to ${formatBytes(limitMib * MIB)}`, isPoor };
    if (!isPoor) return [raise];
    found.push(raise);
  }
  return found;
}

/** A model that's loaded sees a new limit only once it's reloaded. */
export function staleRunners({ input }: PlanInput): readonly string[] | undefined {
  const names = ownRunners(input).map(({ name }) => name);
  return names.length === 0 ? undefined : names;
}
