import { ROUND_CONTEXTS, searchLargestContext } from "../largest-context";
import type { Steps } from "../steps";
import { formatContext } from "../units";
import { contextOf, type KnownVerdict, swaps } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { applyChanges, type Changes } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal } from "./proposal";
import { settle, type Settled } from "./settle";

/** A smaller context under the limit in force. */
export const smallerContext: Proposal = {
  *propose(plan, before) {
    if (!needsHelp(plan, before)) return [];
    const found = yield* roundContexts(plan, before, {});
    return found.map((each) => ({ ...each, title: `Cap the Context at ${formatContext(each.numCtx)}` }));
  },
};

interface AtContext extends Settled {
  readonly numCtx: number;
  readonly sentence: string;
}

/**
 * The largest round context below the present one at which the model fits with other changes made, and where the Mac
 * would swap at that, the largest at which it wouldn't. The sentence says how much more would fit.
 */
export function* roundContexts(plan: PlanInput, before: KnownVerdict, changes: Changes): Steps<readonly AtContext[]> {
  // What a client asks for wins over a variant's own context.
  if (!plan.canCap || before.run.isAskedByClient) return [];
  const present = contextOf(before).value;
  const fitting: (Settled & { readonly numCtx: number })[] = [];
  for (const numCtx of ROUND_CONTEXTS.filter((round) => round < present)) {
    yield;
    const settled = settle(plan, before, { ...changes, numCtx });
    if (settled !== undefined) fitting.push({ ...settled, numCtx });
  }
  const largest = fitting.at(0);
  const calm = fitting.find(({ after }) => !swaps(after));
  const sentenced: AtContext[] = [];
  for (const found of new Set([largest, calm])) {
    if (found === undefined) continue;
    const more = yield* moreText(plan, changes, found);
    sentenced.push({ ...found, sentence: `${verdictSentence(found.after)}${more}` });
  }
  return sentenced;
}

function* moreText(
  { input }: PlanInput,
  changes: Changes,
  { numCtx, after }: Settled & { readonly numCtx: number },
): Steps<string> {
  if (swaps(after)) return "";
  const most = (yield* searchLargestContext(applyChanges(input, changes), numCtx * 2 - 1)) ?? numCtx;
  return most > numCtx ? ` Up to ${formatContext(most)} tokens would fit.` : "";
}
