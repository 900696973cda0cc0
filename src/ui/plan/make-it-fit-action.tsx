import { Action, Icon } from "@raycast/api";
import { MakeItFitView } from "./make-it-fit-view";
import type { PlanProps } from "./use-plan-work";

/** Opens the recommended way to make a model fit, ready to be applied. */
export function MakeItFitAction(props: PlanProps) {
  return <Action.Push title="Make It Fit" icon={Icon.Wand} target={<MakeItFitView {...props} />} />;
}
