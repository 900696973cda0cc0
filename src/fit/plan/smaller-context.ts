import { ollamaCreateCommand, sysctlCommand } from "../commands";
import { largestFittingContext, roundContextBelow } from "../largest-context";
import { formatBytes, formatContext, MIB } from "../units";
import { judgeAtContext, type JudgeInput } from "../verdict";
import { verdictSentence } from "../verdict-text";
import { raiseCosts } from "./higher-limit";
import { FREE, type KnownVerdict, type PlanOption } from "./options";
import { type PlanInput, recommendedRaise } from "./plan-input";
import { limitOnceSet, stateAfter } from "./state-after";

/** A smaller context under the limit in force. */
export function capped(plan: PlanInput, before: KnownVerdict): PlanOption[] {
  return before.kind === "fits" ? [] : cap(plan, before, plan.input);
}

/** A smaller context under the recommended limit. */
export function raisedAndCapped(plan: PlanInput, before: KnownVerdict): PlanOption[] {
  const mib = recommendedRaise(plan, before);
  if (before.kind === "fits" || mib === undefined) return [];
  return cap(plan, before, stateAfter(plan.input, before, limitOnceSet(mib * MIB)).restarted, mib);
}

/** The largest round context at or below what fits in a state; undefined below 4K. */
export function roundFittingContext(
  state: JudgeInput,
  upTo: number,
): { readonly numCtx: number; readonly most: number; readonly after: KnownVerdict } | undefined {
  const most = largestFittingContext(state, upTo);
  const numCtx = most === undefined ? undefined : roundContextBelow(most);
  if (most === undefined || numCtx === undefined) return undefined;
  const after = judgeAtContext(state, numCtx);
  return after.kind === "fits" ? { numCtx, most, after } : undefined;
}

function cap(plan: PlanInput, before: KnownVerdict, state: JudgeInput, limitMib?: number): PlanOption[] {
  if (!plan.canCap) return [];
  const present = before.run.numCtx.value;
  const found = roundFittingContext(state, present - 1);
  if (found === undefined) return [];
  const { numCtx, most, after } = found;
  const source = plan.input.model.name;
  const name = plan.variantName(source, numCtx);
  const costs = [
    `${formatContext(numCtx)} of context instead of ${formatContext(present)}, in the variant ${name}`,
    ...(limitMib === undefined ? [] : raiseCosts(before, limitMib)),
  ];
  return [
    {
      kind: limitMib === undefined ? "cap-context" : "raise-and-cap",
      title:
        limitMib === undefined
          ? `Cap the Context at ${formatContext(numCtx)}`
          : `Raise to ${formatBytes(limitMib * MIB)} and Cap at ${formatContext(numCtx)}`,
      sentence: `${verdictSentence(after)}${most > numCtx ? ` Up to ${formatContext(most)} tokens would fit.` : ""}`,
      costs,
      cost: {
        ...FREE,
        contextTokens: present - numCtx,
        macosBytes: limitMib === undefined ? 0 : limitMib * MIB - before.limit.bytes,
        password: limitMib === undefined ? 0 : 1,
      },
      after,
      changes: { numCtx, limitMib },
      commands: [
        ...(limitMib === undefined ? [] : [sysctlCommand(limitMib, plan.limitKey)]),
        ollamaCreateCommand(source, name, numCtx),
      ],
    },
  ];
}
