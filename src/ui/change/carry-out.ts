import { Icon, showToast, Toast } from "@raycast/api";
import { canUndo, type Journal, newJournal, stepsBack } from "../../apply/journal";
import { runChange, type RunResult } from "../../apply/run-change";
import { stepFailedText, stepTitle } from "../../apply/steps";
import { agreeToSteps } from "./agree-to-steps";
import { changeSystem } from "./change-system";
import type { ToastWords } from "../shared/confirm-and-run";
import { loadWords } from "../shared/load-words";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";

export interface CarryOut {
  readonly journal: Journal;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
  /** What to try where the model still spills, in words. */
  readonly next?: string;
}

/**
 * Carries out what a journal has to do, with the step under way in a toast that can stop the wait, and says what came
 * of it. Whatever didn't finish can be continued or undone from the toast, and later from the list.
 */
export async function carryOut(work: CarryOut): Promise<void> {
  const { journal, settings, snapshot, refresh } = work;
  const stop = new AbortController();
  const system = changeSystem(settings, snapshot, stop.signal);
  if (system === undefined) return;
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: journal.title,
    primaryAction: { title: "Stop", onAction: () => stop.abort() },
  });
  try {
    const result = await runChange(journal, {
      system,
      storage: localStorage,
      now: getSystem().now,
      onStep: (step, index, count) => {
        toast.title = stepTitle(step);
        toast.message = count === 1 ? undefined : `Step ${index + 1} of ${count}`;
      },
    });
    await toast.hide();
    // A new toast, not the old one changed: with the window closed only a new one becomes visible.
    await showToast(withActions(resultWords(result, work.next), result, work));
  } catch (error) {
    await toast.hide();
    await showToast({
      style: Toast.Style.Failure,
      title: "Couldn't Continue",
      message: error instanceof Error ? error.message : String(error),
    });
  } finally {
    refresh();
  }
}

/** Takes back what a change has begun, after asking. */
export async function undoChange(work: CarryOut): Promise<void> {
  const { title, model, url } = work.journal;
  const steps = stepsBack(work.journal);
  const agreed = await agreeToSteps({
    icon: Icon.Undo,
    title: `Undo "${title}"?`,
    steps,
    yes: "Undo",
    isDestructive: true,
  });
  if (!agreed) return;
  await carryOut({ ...work, journal: newJournal({ title, model, url, isUndo: true }, steps, getSystem().now()) });
}

function withActions(words: ToastWords, result: RunResult, work: CarryOut): Toast.Options {
  const { journal } = result;
  const undo = canUndo(journal) ? { title: "Undo", onAction: () => undoChange({ ...work, journal }) } : undefined;
  if (result.kind === "finished") return { ...words, primaryAction: undo };
  if (!result.isLeft) return words;
  const goOn = { title: "Continue", onAction: () => carryOut({ ...work, journal }) };
  return { ...words, primaryAction: goOn, secondaryAction: undo };
}

function resultWords(result: RunResult, next: string | undefined): ToastWords {
  const { journal } = result;
  if (result.kind === "finished") return finishedWords(result, next);
  const { step, reason, isLeft } = result;
  // The server goes on with what nobody waits for.
  if (!isLeft && result.kind === "cancelled" && step.kind === "load") {
    return { style: Toast.Style.Success, title: "Stopped Waiting", message: `Ollama may still load ${step.name}.` };
  }
  if (!isLeft) {
    return result.kind === "cancelled"
      ? { style: Toast.Style.Success, title: "Nothing Changed", message: reason.replace(/^Nothing Changed\. /, "") }
      : { style: Toast.Style.Failure, title: stepFailedText(step), message: reason };
  }
  const done = journal.entries.filter(({ state }) => state === "done").length;
  return {
    style: Toast.Style.Failure,
    title: `${stepFailedText(step)}, ${done} of ${journal.entries.length} steps done`,
    message: reason,
  };
}

function finishedWords(
  { journal, load, notes }: Extract<RunResult, { kind: "finished" }>,
  next: string | undefined,
): ToastWords {
  const [note] = notes;
  if (note !== undefined) return { style: Toast.Style.Failure, title: "Done, With One Exception", message: note };
  if (load === undefined) {
    return {
      style: Toast.Style.Success,
      title: journal.isUndo ? "Undone" : "Done",
      message: journal.isUndo
        ? `${journal.title} is undone.`
        : `${journal.title}. ${journal.model} wasn't loaded, so nothing is verified.`,
    };
  }
  const words = loadWords(load.report, load.step.expected);
  return load.report.kind === "spilled" && next !== undefined
    ? { ...words, message: `${words.message} Next: ${next}.` }
    : words;
}
