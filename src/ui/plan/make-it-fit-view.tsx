import { Detail, useNavigation } from "@raycast/api";
import { useEffect, useState } from "react";
import { isApplicable } from "../../apply/is-applicable";
import { type Step, stepText } from "../../apply/steps";
import type { Plan, PlanOption } from "../../fit/plan/options";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { comfortable, comfortableText, pickFor } from "../../fit/picks/comfortable";
import { type ApplyOption, type ApplyWay, replacesModel, stepsOf, warningsOf } from "../change/apply-option";
import { plainMarkdown } from "../shared/plain-markdown";
import { PlanActions } from "./plan-actions";
import { agreementMarkdown, waysOutMarkdown } from "./plan-markdown";
import { planText } from "./plan-text";
import { useApply } from "./use-apply";
import { type PlanProps, usePlanWork } from "./use-plan-work";

interface Props extends PlanProps {
  /** The way that was chosen of all; absent for the recommended one. */
  readonly way?: PlanOption;
  /** What a load came to that made it open. */
  readonly failed?: FailedLoad;
  /** Opens the other ways; absent where this was opened from them. */
  readonly allWays?: React.ReactNode;
}

/** Make It Fit: a way to make a model fit as a page to agree to, and what came of it. */
export function MakeItFitView({ way, failed: failedBefore, allWays, ...props }: Props) {
  const [failed, setFailed] = useState(failedBefore);
  const { title, state, isLoading, work } = usePlanWork({ ...props, failed });
  const { push } = useNavigation();
  const makeItFit = (failure?: FailedLoad) => push(<MakeItFitView {...props} allWays={allWays} failed={failure} />);
  const apply = useApply(work, { onFailed: setFailed, makeItFit });
  const plan = state?.plan;
  const option = plan?.kind === "options" ? optionOf(plan, way) : undefined;
  const once = useSteps(work, option);
  const kept = useSteps(work, option, option?.changes.limitMib === undefined ? undefined : true);
  if (state === undefined || plan === undefined) return <Detail isLoading navigationTitle={title} />;

  const mac = pickFor(state.planned.input, state.planned);
  const pull = mac && comfortable(mac).find(({ isInstalled }) => !isInstalled);
  const page = (markdown: string, actions: React.ReactElement) => (
    <Detail isLoading={isLoading} navigationTitle={title} markdown={markdown} actions={actions} />
  );
  switch (plan.kind) {
    case "unknown":
      return page(`# No Plan Available\n\n${plainMarkdown(plan.reason)}`, <PlanActions {...work} />);
    case "impossible":
      return page(
        waysOutMarkdown("# It Doesn't Fit", plan.before, plan.impossible),
        <PlanActions {...work} pull={pull} checkBuilds={state.checkBuilds} />,
      );
    case "options":
      break;
  }
  if (option === undefined) {
    const words = plan.instead ? waysOutMarkdown("# A Smaller Model Instead", plan.before, plan.instead) : "";
    return page(words, <PlanActions {...work} pull={pull} allWays={allWays} checkBuilds={state.checkBuilds} />);
  }
  const applyAgreed = (chosen: PlanOption, way: ApplyWay) => {
    const read = (way.keepsLimit ? kept : once) ?? [];
    return apply(chosen, { ...way, agreed: read.filter(({ kind }) => way.verifies !== false || kind !== "load") });
  };
  const warnings = warningsOf({ option, snapshot: work.snapshot });
  return page(
    agreementMarkdown({
      before: plan.before,
      option,
      failed,
      steps: (once ?? []).map(stepText),
      warnings,
      picks: mac === undefined ? [] : comfortableText(mac),
    }),
    <PlanActions
      {...work}
      option={option}
      apply={once === undefined ? undefined : applyAgreed}
      isRisky={warnings.length > 0 || replacesModel(once ?? [])}
      allWays={allWays}
      text={planText(title, plan.before, plan.options, option)}
      checkBuilds={(option.changes.build ?? option.changes.pullBuild) && state.checkBuilds}
    />,
  );
}

/** The way that was chosen, as the plan has it now; once it's no longer there, what's recommended. */
function optionOf({ options, instead }: Extract<Plan, { kind: "options" }>, way: PlanOption | undefined) {
  const same = options.find(({ title }) => title === way?.title) ?? options.find(({ kind }) => kind === way?.kind);
  return same ?? (instead === undefined ? options[0] : undefined);
}

/** What an option does now, step by step; undefined while that's read, and for what isn't applied from here. */
function useSteps(
  { row, rows, snapshot }: Pick<ApplyOption, "row" | "rows" | "snapshot">,
  option: PlanOption | undefined,
  keepsLimit?: boolean,
): readonly Step[] | undefined {
  const [steps, setSteps] = useState<readonly Step[]>();
  useEffect(() => {
    let isOpen = true;
    setSteps(undefined);
    if (option === undefined || !isApplicable(option, snapshot.server)) return undefined;
    stepsOf({ option, row, rows, snapshot }, { keepsLimit }).then(
      (found) => {
        if (isOpen) setSteps(found);
      },
      // Without its steps nothing can be agreed to, and so nothing is offered.
      () => undefined,
    );
    return () => {
      isOpen = false;
    };
  }, [option, row, rows, snapshot, keepsLimit]);
  return steps;
}
