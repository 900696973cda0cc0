import { showToast, Toast } from "@raycast/api";
import { type CheckProgress, checkRequest, type RequestCheck } from "../../app/check-request";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";
import { outcomeWords, type RequestOutcome } from "../../fit/mlx-request";
import { formatBytes, formatCount } from "../../fit/units";
import { makeItFitAction, type OpenMakeItFit } from "../shared/load-cure";
import { failedByRequest, loadingWords } from "../shared/load-words";
import { refreshMenuBar } from "../shared/refresh-menu-bar";

interface Work extends Pick<RequestCheck, "settings" | "model" | "tokens" | "predict"> {
  readonly stop: AbortController;
  readonly makeItFit?: OpenMakeItFit;
}

/** Sends a request that measures a peak, with its progress in a toast that can stop it, and says what came of it. */
export async function sendRequest({ stop, makeItFit, ...check }: Work): Promise<RequestOutcome> {
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: "Loading Model",
    message: check.model.name,
    primaryAction: { title: "Stop", onAction: () => stop.abort() },
  });
  const onProgress = (progress: CheckProgress) => {
    toast.title = progress.kind === "loading" ? "Loading Model" : "Reading the Prompt";
    toast.message = progress.kind === "loading" ? loadingWords(progress) : readingWords(progress);
  };
  const outcome = await checkRequest({
    ...check,
    system: getSystem(),
    storage: localStorage,
    signal: stop.signal,
    onProgress,
  });
  await toast.hide();
  const { title, isGood } = outcomeWords(outcome);
  // A new toast, not the old one changed: with the window closed only a new one becomes visible.
  await showToast({
    style: isGood ? Toast.Style.Success : Toast.Style.Failure,
    title,
    message: shortText(outcome),
    primaryAction: makeItFitAction(failedByRequest(outcome), makeItFit),
  });
  await refreshMenuBar("Check with a Real Request");
  return outcome;
}

function readingWords({ elapsedMs, readTokens, tokens }: Extract<CheckProgress, { kind: "reading" }>): string {
  const seconds = Math.round(elapsedMs / 1000);
  const time = seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  return readTokens === undefined
    ? `About ${formatCount(tokens)} tokens, ${time}`
    : `${formatCount(readTokens)} of about ${formatCount(tokens)} tokens, ${time}`;
}

/** The outcome in the few words of a toast. */
function shortText(outcome: RequestOutcome): string {
  switch (outcome.kind) {
    case "counted":
      return `${formatBytes(outcome.peak.peakBytes, 2)} counted, about ${formatBytes(outcome.predicted.total, 2)} predicted.`;
    case "not-verified":
      return "It was answered, but its peak isn't known.";
    case "failed":
      return outcome.reason;
    case "stopped":
      return "Nothing was measured.";
  }
}
