import { Toast } from "@raycast/api";
import type { JournalEntry } from "../../apply/journal";
import type { RunResult } from "../../apply/run-change";
import { type Note, stepFailedText, stepUnsureText } from "../../apply/steps";
import type { FailedLoad } from "../../fit/plan/plan-input";
import { memoryFailure } from "../../ollama/load-failure";
import type { ToastWords } from "../shared/confirm-and-run";
import { failedByError, failedByReport, loadWords } from "../shared/load-words";

/** What a toast says of a change: what came of it, not what was asked for. */
export function resultWords(result: RunResult): ToastWords {
  if (result.kind === "finished") return finishedWords(result);
  const { journal, entry, reason, isLeft } = result;
  const { step } = entry;
  // The server may go on with what nobody waits for.
  if (!isLeft && result.kind === "cancelled" && entry.effect.kind === "unknown") {
    const message = step.kind === "load" ? `Ollama may still load ${step.name}.` : reason;
    return { style: Toast.Style.Success, title: "Stopped Waiting", message };
  }
  if (!isLeft && result.kind === "cancelled") {
    const message = reason.replace(/^Nothing Changed\. /, "");
    return { style: Toast.Style.Success, title: "Nothing Changed", message };
  }
  // The server's own words are in the steps of the change.
  const said = (step.kind === "load" && memoryFailure(reason)?.message) || reason;
  const { length } = journal.entries;
  const done = journal.entries.filter(({ state }) => state === "done").length;
  return {
    style: Toast.Style.Failure,
    title: titleOf(entry),
    message: done === 0 ? said : `${done} of ${length} steps done. ${said}`,
  };
}

function titleOf({ step, effect }: JournalEntry): string {
  switch (effect.kind) {
    case "made":
      return "Changed, but Not as Asked";
    case "unknown":
      return stepUnsureText(step) ?? stepFailedText(step);
    case "none":
    case "found":
      return stepFailedText(step);
  }
}

function finishedWords(result: Extract<RunResult, { kind: "finished" }>): ToastWords {
  const { journal, load, notes } = result;
  const trouble = notes.find(({ kind }) => kind === "trouble");
  if (trouble !== undefined) return { style: Toast.Style.Failure, title: trouble.title, message: trouble.message };
  const swap = swapOf(result);
  if (swap !== undefined && load?.report.kind === "on-gpu") {
    const message = "RAM is short. Unload it, close apps, then load it again.";
    return { style: Toast.Style.Failure, title: "Loaded, but the Mac Swaps", message };
  }
  if (swap !== undefined && load === undefined) {
    return { style: Toast.Style.Failure, title: swap.title, message: `${swap.message} Close apps before you load it.` };
  }
  if (journal.undoes !== undefined) {
    return { style: Toast.Style.Success, title: "Undone", message: `${journal.title}.` };
  }
  if (load === undefined) {
    const message = `${journal.title}. ${journal.model} wasn't loaded, so nothing is verified.`;
    return { style: Toast.Style.Success, title: "Done", message };
  }
  return loadWords(load.report, load.step.expected);
}

/** What the apps that stayed open mean for the model: it swaps; undefined where it doesn't, or nobody knows. */
export function swapOf({ notes }: Extract<RunResult, { kind: "finished" }>): Note | undefined {
  return notes.find(({ kind }) => kind === "swaps");
}

/** The load at the end of a change, where it failed for memory or spilled. */
export function failedLoadOf(result: RunResult): FailedLoad | undefined {
  if (result.kind === "finished") return result.load && failedByReport(result.load.report);
  return result.kind === "failed" && result.entry.step.kind === "load" ? failedByError(result.reason) : undefined;
}

/** The model to use once a change is done: the one that was loaded, else the variant that was made, else its own. */
export function nameAfter({ journal }: Pick<RunResult, "journal">): string {
  const names = journal.entries.flatMap(({ step }) =>
    step.kind === "load" || step.kind === "create-variant" ? [step.name] : [],
  );
  return names.at(-1) ?? journal.model;
}
