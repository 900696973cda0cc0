import { ROUND_CONTEXTS } from "../largest-context";
import { RUNNER_TITLES } from "../model-runner";
import { runnerOf } from "../runners";
import { formatContext } from "../units";
import { contextOf, fitsLimit, judge, swaps } from "../verdict";
import { runsText } from "../verdict-text";
import { applyChanges, type Changes } from "./changes";
import { needsHelp, type PlanInput } from "./plan-input";
import type { Proposal, Proposed } from "./proposal";
import { settle, type Settled } from "./settle";

/**
 * The installed build of the same name that another engine runs, with its own verdict: as it is, else with a context
 * that it can be capped at, else spilling where it does.
 */
export const otherBuild: Proposal = {
  *propose(plan, before) {
    const { sibling } = plan;
    if (sibling === undefined) return [];
    const otherBuild = { input: sibling };
    yield;
    const alone = judge(applyChanges(plan.input, { otherBuild }));
    if (alone.kind === "unknown") return [];
    // Of a model that fits it's only told what there is.
    const isBeside = !needsHelp(plan, before);
    const asItIs = proposedOther(plan, { changes: { otherBuild }, after: alone });
    if (isBeside || (fitsLimit(alone) && !swaps(alone))) return [{ ...asItIs, isBeside }];
    for (const numCtx of ROUND_CONTEXTS.filter((round) => round < contextOf(alone).value)) {
      yield;
      const settled = settle(plan, before, { otherBuild, numCtx });
      if (settled !== undefined && !swaps(settled.after)) return [proposedOther(plan, settled)];
    }
    const runs = alone.kind === "spills" || alone.kind === "too-big" ? runsText(alone) : undefined;
    return runs === undefined ? [] : [{ ...asItIs, isPoor: true }];
  },
};

function proposedOther({ sibling, input }: PlanInput, settled: Settled): Proposed {
  const name = RUNNER_TITLES[runnerOf(sibling?.model ?? input.model)];
  return { ...settled, title: [`Take the ${name} Build`, ...capText(settled.changes)].join(", ") };
}

function capText({ numCtx }: Changes): readonly string[] {
  return numCtx === undefined ? [] : [`${formatContext(numCtx)} of Context`];
}
