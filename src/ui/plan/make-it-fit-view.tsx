import { Detail, useNavigation } from "@raycast/api";
import { useEffect, useState } from "react";
import { isApplicable } from "../../apply/is-applicable";
import { type Step, stepText } from "../../apply/steps";
import type { PlanOption } from "../../fit/plan/options";
import { comfortable, comfortableText, pickFor } from "../../fit/picks/comfortable";
import { applyOption, type ApplyOption, type ApplyWay, stepsOf, warningsOf } from "../change/apply-option";
import { ChangeResult } from "../change/change-result";
import { nameAfter } from "../change/change-words";
import { AllWaysAction } from "./plan-action";
import { PlanActions } from "./plan-actions";
import { agreementMarkdown, waysOutMarkdown } from "./plan-markdown";
import { planText } from "./plan-text";
import { type PlanProps, usePlanWork } from "./use-plan-work";

/** Make It Fit: the recommended way as a page to agree to, and what came of it. */
export function MakeItFitView(props: PlanProps) {
  const { push } = useNavigation();
  const { title, state, isLoading, work } = usePlanWork(props);
  const plan = state?.plan;
  const [option, next] = plan?.kind === "options" && plan.instead === undefined ? plan.options : [];
  const once = useSteps(work, option);
  const kept = useSteps(work, option, option?.changes.limitMib === undefined ? undefined : true);
  const steps = { once, kept };
  if (state === undefined || plan === undefined) return <Detail isLoading navigationTitle={title} />;

  const mac = pickFor(state.planned.input, work.snapshot.url);
  const [pull] = mac === undefined ? [] : comfortable(mac);
  const allWays = <AllWaysAction {...props} row={work.row} snapshot={work.snapshot} refresh={work.refresh} />;
  const page = (markdown: string, actions: React.ReactElement) => (
    <Detail isLoading={isLoading} navigationTitle={title} markdown={markdown} actions={actions} />
  );
  switch (plan.kind) {
    case "unknown":
      return page(`# No Plan Available\n\n${plan.reason}`, <PlanActions {...work} />);
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
  const apply = async (chosen: PlanOption, way: ApplyWay) => {
    const read = (way.keepsLimit ? steps.kept : steps.once) ?? [];
    const agreed = read.filter(({ kind }) => way.verifies !== false || kind !== "load");
    const result = await applyOption({ ...work, option: chosen, next }, { ...way, agreed });
    if (result?.kind !== "finished" || result.load?.report.kind === "spilled") return;
    const makeItFit = () => push(<MakeItFitView {...props} />);
    push(<ChangeResult result={result} name={nameAfter(result)} makeItFit={makeItFit} {...work} />);
  };
  const lines = (once ?? []).map(stepText);
  return page(
    agreementMarkdown({
      before: plan.before,
      option,
      steps: lines,
      warnings: warningsOf({ option, snapshot: work.snapshot }),
      picks: mac === undefined ? [] : comfortableText(mac),
    }),
    <PlanActions
      {...work}
      option={option}
      apply={once === undefined ? undefined : apply}
      allWays={allWays}
      text={planText(title, plan.before, plan.options)}
      checkBuilds={(option.changes.build ?? option.changes.pullBuild) && state.checkBuilds}
    />,
  );
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
