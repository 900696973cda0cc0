import { Toast } from "@raycast/api";
import { type Expected, isOtherContext, type LoadReport, reportText } from "../../apply/load-report";
import { formatBytes, formatContext } from "../../fit/units";
import type { RequestOutcome } from "../../fit/mlx-request";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { memoryFailure } from "../../ollama/load-failure";
import type { LoadProgress } from "../../ollama/patient-load";
import type { ToastWords } from "./confirm-and-run";

/** What is known of a load under way: what Ollama counts for it so far, and for how long it has been at it. */
export function loadingWords({ elapsedMs, listed }: LoadProgress): string {
  const seconds = Math.round(elapsedMs / 1000);
  const time = seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  return listed === undefined ? `Not listed yet, ${time}` : `${formatBytes(listed.sizeBytes)} so far, ${time}`;
}

/** What a load came to, as a toast says it. */
export function loadWords(report: LoadReport, expected: Expected | undefined): ToastWords {
  const message = reportText(report, expected);
  const failure = (title: string) => ({ style: Toast.Style.Failure, title, message });
  switch (report.kind) {
    case "not-listed":
      return failure("Not Verified");
    case "unclear":
      return failure("Loaded, but Not Verified");
    case "spilled":
      return failure(`${formatBytes(report.spilledBytes)} Spilled to the CPU`);
    case "on-gpu":
      return expected !== undefined && report.numCtx !== undefined && isOtherContext(report, expected)
        ? failure(`On the GPU, but at ${formatContext(report.numCtx)} of context`)
        : { style: Toast.Style.Success, title: "All on the GPU", message };
  }
}

/** A load that failed for memory, as a plan takes it; undefined for any other failure. */
export function failedByError(error: unknown): FailedLoad | undefined {
  const failure = memoryFailure(error);
  return failure && { reason: `The last load failed. ${failure.message}` };
}

/** A load that spilled, as a plan takes it; undefined for any other end. */
export function failedByReport(report: LoadReport): FailedLoad | undefined {
  if (report.kind !== "spilled") return undefined;
  const { bytes, spilledBytes } = report;
  const placedBytes = bytes - spilledBytes;
  return {
    reason: `The last load spilled: ${formatBytes(placedBytes)} of ${formatBytes(bytes)} is on the GPU.`,
    placedBytes,
  };
}

/** A request that failed, as a plan takes it; undefined for any other end. */
export function failedByRequest(outcome: RequestOutcome): FailedLoad | undefined {
  return outcome.kind === "failed" ? { reason: `The last request failed. ${outcome.reason}` } : undefined;
}
