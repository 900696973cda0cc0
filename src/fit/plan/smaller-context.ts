import { largestFittingContext, ROUND_CONTEXTS } from "../largest-context";
import { formatContext } from "../units";
import type { KnownVerdict } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, type Changes } from "./changes";
import type { PlanInput } from "./plan-input";
import type { Proposal } from "./proposal";
import { settle, type Settled } from "./settle";

/** A smaller context under the limit in force. */
export const smallerContext: Proposal = {
  propose(plan, before) {
    const found = before.kind === "fits" ? undefined : largestRoundContext(plan, before, {});
    return found === undefined ? [] : [{ ...found, title: `Cap the Context at ${formatContext(found.numCtx)}` }];
  },
};

/**
 * The largest round context below the present one at which the model fits with other changes made; the sentence says
 * how much more would.
 */
export function largestRoundContext(
  plan: PlanInput,
  before: KnownVerdict,
  changes: Changes,
): (Settled & { readonly numCtx: number; readonly sentence: string }) | undefined {
  // What a client asks for wins over a variant's own context.
  if (!plan.canCap || before.run.isAskedByClient) return undefined;
  const present = before.run.numCtx.value;
  for (const numCtx of ROUND_CONTEXTS.filter((round) => round < present)) {
    const settled = settle(plan, before, { ...changes, numCtx });
    if (settled === undefined) continue;
    const most = largestFittingContext(applyChanges(plan.input, changes), present - 1) ?? numCtx;
    const more = most > numCtx ? ` Up to ${formatContext(most)} tokens would fit.` : "";
    return { ...settled, numCtx, sentence: `${verdictSentence(settled.after)}${more}` };
  }
  return undefined;
}
