import { isWorthRaising, readDefaultMib } from "../limit-policy";
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
 * The least round limit above `fromMib` and up to `toMib` under which the model fits and that's worth a password; macOS's
 * default before any of them, where less is set. Where only less is allowed, that: it's never recommended.
 */
export function* leastLimit(
  plan: PlanInput,
  before: KnownVerdict,
  fromMib: number,
  toMib: number,
): Steps<readonly Proposed[]> {
  if (fitsLimit(before) || plan.advice === undefined) return [];
  const standard = readDefaultMib(plan.advice) ?? 0;
  const found: Proposed[] = [];
  for (const limitMib of limitsAbove(Math.max(before.limit.bytes / MIB, fromMib), toMib, standard)) {
    yield;
    const isPoor = !isWorthRaising(limitMib, before.limit.bytes);
    const settled = settle(plan, before, { limitMib, unload: staleRunners(plan) });
    if (settled === undefined) continue;
    const size = formatBytes(limitMib * MIB);
    const title = limitMib === standard ? `Back to macOS Default: ${size}` : `Raise the Limit to ${size}`;
    const raise = { ...settled, title, isPoor };
    if (!isPoor) return [raise];
    found.push(raise);
  }
  return found;
}

/** macOS's own default, where that's more, whatever is advised, and round limits above both; in MiB. */
function limitsAbove(aboveMib: number, toMib: number, standardMib: number): readonly number[] {
  const first = Math.floor(Math.max(aboveMib, standardMib) / LIMIT_STEP_MIB) + 1;
  const count = Math.max(0, Math.floor(toMib / LIMIT_STEP_MIB) - first + 1);
  const rounds = Array.from({ length: count }, (_, index) => (first + index) * LIMIT_STEP_MIB);
  return standardMib > aboveMib ? [standardMib, ...rounds] : rounds;
}

/** A model that's loaded sees a new limit only once it's reloaded. */
export function staleRunners({ input }: PlanInput): readonly string[] | undefined {
  const names = ownRunners(input).map(({ name }) => name);
  return names.length === 0 ? undefined : names;
}
