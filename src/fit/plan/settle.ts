import { tierAfterRestart } from "../context-tier";
import { inForceBytes } from "../limit-policy";
import { MIB } from "../units";
import { type Lever, rulesOf } from "../runners";
import { fitsLimit, judge, type KnownVerdict, needBytes, swaps } from "../verdict";
import { applyChanges, buildAfter, type Changes, needsStart, restarted } from "./changes";
import type { PlanInput } from "./plan-input";
import { keysIn } from "../keys-in";

/** Changes that make a model fit, and the verdict once they're made. */
export interface Settled {
  readonly changes: Changes;
  readonly after: KnownVerdict;
}

/**
 * The changes, with the context pinned where they'd move Ollama's default, and the verdict they lead to. Undefined
 * where the model doesn't fit the limit then, or no longer once Ollama restarts under the new one, and where it fitted
 * before and the Mac would still swap.
 */
export function settle(plan: PlanInput, before: KnownVerdict, asked: Changes): Settled | undefined {
  const changes = withPin(plan, before, asked);
  if (changes === undefined || !work(plan, changes)) return undefined;
  const state = applyChanges(plan.input, changes);
  const after = judge(state);
  if (!fitsLimit(after) || (fitsLimit(before) && swaps(after))) return undefined;
  // What it got on the GPU says more than a verdict that it has shown to be wrong.
  if (fitsLimit(before) && needBytes(after) > (plan.failed?.placedBytes ?? Infinity)) return undefined;
  if (changes.limitMib !== undefined && !fitsLimit(judge(restarted(state)))) return undefined;
  return { changes, after };
}

/** Changes after which another build is run. */
const TAKES_BUILD: ReadonlySet<Lever> = new Set(["otherBuild", "pullBuild"]);

/** Whether each change has an effect with what runs the model then: nothing is offered that its runner ignores. */
function work({ input: { model } }: PlanInput, changes: Changes): boolean {
  const then = rulesOf(buildAfter(changes, model)).levers;
  const now = rulesOf(model).levers;
  return keysIn(changes).every((lever) => changes[lever] === undefined || (TAKES_BUILD.has(lever) ? now : then)[lever]);
}

/**
 * Ollama's default context follows the limit it was started under (ollama's server/routes.go). Where it would change
 * with its next start, the context of before is pinned in a variant; undefined where there can't be one.
 */
function withPin(plan: PlanInput, before: KnownVerdict, changes: Changes): Changes | undefined {
  const { limitMib, numCtx } = changes;
  if (numCtx !== undefined || !needsStart(changes) || !before.run.contextFollowsLimit) return changes;
  const now = inForceBytes(before.limit);
  const bytes = limitMib === undefined ? now : limitMib * MIB;
  if (tierAfterRestart(plan.input.server, bytes, now) === undefined) return changes;
  return plan.canCap ? { ...changes, numCtx: before.run.numCtx.value } : undefined;
}
