import { Clipboard, showToast, Toast } from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { memoryFailure } from "../../ollama/load-failure";
import { failedByError } from "./load-words";

/** Opens what makes a model fit; `failed` where a load has just shown that it needs help. */
export type OpenMakeItFit = (failed?: FailedLoad) => void;

/** The way out in the toast of such a load; undefined where there's none to offer. */
export function makeItFitAction(
  failed: FailedLoad | undefined,
  open: OpenMakeItFit | undefined,
): Toast.ActionOptions | undefined {
  return failed && open && { title: "Make It Fit", onAction: () => open(failed) };
}

/** Says that a load failed: where it was for memory in our words, with the way out; the server's are to be copied. */
export async function sayLoadFailed(
  error: unknown,
  title: string,
  makeItFit: OpenMakeItFit | undefined,
): Promise<void> {
  const failure = memoryFailure(error);
  if (failure === undefined) {
    await showFailureToast(error, { title });
    return;
  }
  const details = { title: "Copy Details", onAction: () => void Clipboard.copy(String(error)) };
  const cure = makeItFitAction(failedByError(error), makeItFit);
  await showToast({
    ...failure,
    style: Toast.Style.Failure,
    primaryAction: cure ?? details,
    secondaryAction: cure && details,
  });
}
