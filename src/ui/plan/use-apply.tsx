import { useNavigation } from "@raycast/api";
import type { PlanOption } from "../../fit/plan/options";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { applyOption, type ApplyOption, type ApplyWay } from "../change/apply-option";
import { ChangeResult } from "../change/change-result";
import { failedLoadOf, nameAfter } from "../change/change-words";
import type { OpenMakeItFit } from "../shared/load-cure";

interface Ways {
  /** Opens what makes the model fit: from the toast, and from what came of it. */
  readonly makeItFit: OpenMakeItFit;
  /** Takes over where the load at the end fails for memory or spills, so that the toast needs to offer nothing. */
  readonly onFailed?: (failed: FailedLoad) => void;
}

/** Carries an option out and shows what came of it. What ended otherwise is said in a toast, and the view stays. */
export function useApply(work: Omit<ApplyOption, "option">, { makeItFit, onFailed }: Ways) {
  const { push } = useNavigation();
  return async (option: PlanOption, way: ApplyWay): Promise<void> => {
    const offered = onFailed === undefined ? makeItFit : undefined;
    const result = await applyOption({ ...work, option, makeItFit: offered }, way);
    const failed = result && failedLoadOf(result);
    if (failed !== undefined) onFailed?.(failed);
    else if (result?.kind === "finished") {
      push(<ChangeResult result={result} name={nameAfter(result)} {...work} makeItFit={makeItFit} />);
    }
  };
}
