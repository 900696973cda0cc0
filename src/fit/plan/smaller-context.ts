import { largestFittingContext, ROUND_CONTEXTS } from "../largest-context";
import { formatContext } from "../units";
import { type KnownVerdict, swaps } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, type Changes } from "./changes";
import type { PlanInput } from "./plan-input";
import type { Proposal } from "./proposal";
import { settle, type Settled } from "./settle";

/** A smaller context under the limit in force. */
export const smallerContext: Proposal = {
  propose: (plan, before) =>
    before.kind === "fits"
      ? []
      : roundContexts(plan, before, {}).map((found) => ({
          ...found,
          title: `Cap the Context at ${formatContext(found.numCtx)}`,
        })),
};

interface AtContext extends Settled {
  readonly numCtx: number;
  readonly sentence: string;
}

/**
 * The largest round context below the present one at which the model fits with other changes made, and where the Mac
 * would swap at that, the largest at which it wouldn't. The sentence says how much more would fit.
 */
export function roundContexts(plan: PlanInput, before: KnownVerdict, changes: Changes): readonly AtContext[] {
  // What a client asks for wins over a variant's own context.
  if (!plan.canCap || before.run.isAskedByClient) return [];
  const present = before.run.numCtx.value;
  const fitting = ROUND_CONTEXTS.filter((round) => round < present).flatMap((numCtx) => {
    const settled = settle(plan, before, { ...changes, numCtx });
    return settled === undefined ? [] : [{ ...settled, numCtx }];
  });
  const largest = fitting.at(0);
  const calm = fitting.find(({ after }) => !swaps(after));
  return [...new Set([largest, calm])]
    .filter((found) => found !== undefined)
    .map((found) => ({ ...found, sentence: `${verdictSentence(found.after)}${moreText(plan, changes, found)}` }));
}

function moreText({ input }: PlanInput, changes: Changes, { numCtx, after }: Settled & { readonly numCtx: number }) {
  if (swaps(after)) return "";
  const most = largestFittingContext(applyChanges(input, changes), numCtx * 2 - 1) ?? numCtx;
  return most > numCtx ? ` Up to ${formatContext(most)} tokens would fit.` : "";
}
