import { Action, Icon } from "@raycast/api";
import { PlanView } from "./plan-view";
import type { PlanProps } from "./use-plan-work";
import { SHORTCUTS } from "../shared/shortcuts";

/** Opens the plan of a model, with the key of every other panel. */
export function ShowPlanAction(props: PlanProps) {
  return <Action.Push title="Show Plan" icon={Icon.List} shortcut={SHORTCUTS.plan} target={<PlanView {...props} />} />;
}

/** The same for a model that needs help. */
export function AllWaysAction(props: PlanProps) {
  return (
    <Action.Push title="Show All Ways" icon={Icon.List} shortcut={SHORTCUTS.plan} target={<PlanView {...props} />} />
  );
}
