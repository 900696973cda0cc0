import type { Steps } from "../steps";
import { contextOf, judge, swaps } from "../verdict";
import { higherLimit } from "./higher-limit";
import type { PlanInput } from "./plan-input";
import { raiseAndCap } from "./raise-and-cap";
import { smallerContext } from "./smaller-context";

/** What makes a model fit by hand: the figures that texts to copy need. */
export interface Cures {
  /** Context in tokens at which it fits under the limit in force; absent where none does or a cap isn't possible. */
  readonly numCtx?: number;
  /** The Mac would swap at that context all the same. */
  readonly swaps?: boolean;
  /** The limit in MiB that its own plan raises to; absent where that doesn't help or isn't needed. */
  readonly limitMib?: number;
}

/** The figures for one model. What fits already keeps its context. */
export function* curesInSteps(plan: PlanInput): Steps<Cures> {
  const before = judge(plan.input);
  if (before.kind === "unknown") return {};
  if (before.kind === "fits") return { numCtx: contextOf(before).value };
  const caps = yield* smallerContext.propose(plan, before);
  const cap = caps.find(({ after }) => !swaps(after)) ?? caps[0];
  const raises = yield* higherLimit.propose(plan, before);
  const raise = raises.find(({ isPoor }) => isPoor !== true) ?? (yield* raiseAndCap.propose(plan, before))[0];
  return { numCtx: cap?.changes.numCtx, swaps: cap && swaps(cap.after), limitMib: raise?.changes.limitMib };
}
