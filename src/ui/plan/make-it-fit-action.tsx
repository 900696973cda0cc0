import { Action, Icon } from "@raycast/api";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { MakeItFitView } from "./make-it-fit-view";
import { AllWaysAction } from "./plan-action";
import type { PlanProps } from "./use-plan-work";

/** Opens the recommended way to make a model fit, ready to be applied. */
export function MakeItFitAction(props: PlanProps) {
  return <Action.Push title="Make It Fit" icon={Icon.Wand} target={<MakeItFit {...props} />} />;
}

/** Make It Fit, with the other ways behind it; `failed` where a load has just shown that it needs help. */
export function MakeItFit(props: PlanProps & { readonly failed?: FailedLoad }) {
  return <MakeItFitView {...props} allWays={<AllWaysAction {...props} />} />;
}
