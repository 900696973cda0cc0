import { RUNNER_TITLES } from "../model-runner";
import { runnerOf } from "../runners";
import { needsHelp } from "./plan-input";
import type { Proposal } from "./proposal";
import { runs, takeBuild } from "./take-build";

/**
 * The installed build of the same name that another engine runs, with its own verdict: as it is, else with a context
 * that it can be capped at, else spilling where it does.
 */
export const otherBuild: Proposal = {
  *propose(plan, before) {
    const { sibling } = plan;
    if (sibling === undefined) return [];
    const title = `Use the ${RUNNER_TITLES[runnerOf(sibling.model)]} Build`;
    const taking = { otherBuild: { input: sibling } };
    const taken = yield* takeBuild(plan, before, taking, title);
    if (taken === undefined) return [];
    // Of a model that fits it's only told what there is.
    if (!needsHelp(plan, before)) return [{ title, changes: taking, after: taken.alone, isBeside: true }];
    return taken.way.isPoor && !runs(taken.alone) ? [] : [taken.way];
  },
};
