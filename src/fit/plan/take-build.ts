import { ROUND_CONTEXTS } from "../largest-context";
import type { Steps } from "../steps";
import { formatContext } from "../units";
import { contextOf, fitsLimit, judge, type KnownVerdict, swaps } from "../verdict";
import { runsText } from "../verdict-text";
import { applyChanges, type Changes } from "./changes";
import type { PlanInput } from "./plan-input";
import type { Proposed } from "./proposal";
import { settle } from "./settle";

/** A way to run another build: what it comes to, and the verdict on that build with nothing else changed. */
export interface TakenBuild {
  readonly way: Proposed;
  readonly alone: KnownVerdict;
}

/**
 * How another build is best taken: as it is where it fits, else with a context that it can be capped at, else as it is,
 * which is poor. Undefined where nothing is known of it.
 */
export function* takeBuild(
  plan: PlanInput,
  before: KnownVerdict,
  taking: Pick<Changes, "otherBuild" | "pullBuild">,
  title: string,
): Steps<TakenBuild | undefined> {
  yield;
  const alone = judge(applyChanges(plan.input, taking));
  if (alone.kind === "unknown") return undefined;
  const asItIs = { title, changes: taking, after: alone };
  if (fitsLimit(alone) && !swaps(alone)) return { way: asItIs, alone };
  for (const numCtx of ROUND_CONTEXTS.filter((round) => round < contextOf(alone).value)) {
    yield;
    const settled = settle(plan, before, { ...taking, numCtx });
    if (settled === undefined || swaps(settled.after)) continue;
    return { way: { ...settled, title: `${title}, ${formatContext(numCtx)} Context` }, alone };
  }
  return { way: { ...asItIs, isPoor: true }, alone };
}

/** Whether a build runs at all, if only partly on the GPU. */
export function runs(verdict: KnownVerdict): boolean {
  return (
    fitsLimit(verdict) || ((verdict.kind === "spills" || verdict.kind === "too-big") && runsText(verdict) !== undefined)
  );
}
