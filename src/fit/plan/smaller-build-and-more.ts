import { ROUND_CONTEXTS } from "../largest-context";
import type { Steps } from "../steps";
import { formatBytes, formatContext, MIB } from "../units";
import { contextOf, fitsLimit, type KnownVerdict, swaps } from "../verdict";
import { needsHelp, type PlanInput, recommendedRaise } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { settle } from "./settle";
import { buildCandidates, proposedBuild, type Sizing } from "./smaller-build";

/** A context worth giving up quality for, where a smaller build alone doesn't do. */
const USEFUL_CONTEXT = 16_384;

/**
 * Where nothing else makes it fit: a smaller quantization together with a smaller context and, if needed, the
 * recommended limit. Quality counts for more than context from 16K of context on.
 */
export const smallerBuildAndMore: Proposal = {
  isLastResort: true,
  propose: (plan, before) => bestBuildAndMore(plan, before, "most"),
};

/** The best quantization that fits with a smaller context or a raised limit beside it; none where none does. */
export function* bestBuildAndMore(plan: PlanInput, before: KnownVerdict, sizing: Sizing): Steps<readonly Proposed[]> {
  if (!needsHelp(plan, before) || !plan.canCap) return [];
  const present = contextOf(before).value;
  const raise = fitsLimit(before) ? undefined : recommendedRaise(plan, before);
  const limits = raise === undefined ? [undefined] : [undefined, raise];
  const contexts = before.run.isAskedByClient
    ? [undefined]
    : [undefined, ...ROUND_CONTEXTS.filter((round) => round < present)];
  const combinations = buildCandidates(plan, sizing).flatMap((candidate) =>
    limits.flatMap((limitMib) => contexts.map((numCtx) => ({ candidate, limitMib, numCtx }))),
  );
  for (const enough of [Math.min(USEFUL_CONTEXT, present), 0]) {
    for (const { candidate, limitMib, numCtx } of combinations) {
      if ((numCtx ?? present) < enough) continue;
      yield;
      const settled = settle(plan, before, { build: candidate.build, limitMib, numCtx });
      if (settled === undefined || swaps(settled.after)) continue;
      const more = [
        ...(limitMib === undefined ? [] : [`${formatBytes(limitMib * MIB)} Limit`]),
        ...(numCtx === undefined ? [] : [`${formatContext(numCtx)} Context`]),
      ];
      return [proposedBuild(candidate, settled, more)];
    }
  }
  return [];
}
