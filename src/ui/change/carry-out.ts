import { Alert, confirmAlert, Icon, showToast, Toast } from "@raycast/api";
import { showFailureToast } from "@raycast/utils";
import type { ChangeLock } from "../../apply/change-lock";
import { canUndo, hasChanged, type Journal, newUndo, stepsBack } from "../../apply/journal";
import { clearJournal, readEarlier, readJournal } from "../../apply/journal-store";
import { reviewJournal } from "../../apply/review-journal";
import { runChange, type RunResult } from "../../apply/run-change";
import { type ChangeSystem, type Step, stepText, stepTitle } from "../../apply/steps";
import { makeItFitAction, type OpenMakeItFit } from "../shared/load-cure";
import { loadingWords } from "../shared/load-words";
import { changeSystem } from "./change-system";
import { failedLoadOf, resultWords } from "./change-words";
import type { ToastWords } from "../shared/confirm-and-run";
import { asOneChange } from "../shared/one-change";
import type { UnfinishedChange } from "./use-unfinished-change";
import type { Settings } from "../../app/preferences";
import { connect, type Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";
import { isOrWas } from "../../fit/model-builds";
import { sameModel } from "../../fit/model-name";

export interface ChangeWork {
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
  /** Opens what makes the model fit, where the load at the end shows that it doesn't yet. */
  readonly makeItFit?: OpenMakeItFit;
  /** A view shows what came of it, Undo included, where all went well. */
  readonly hasView?: boolean;
}

/**
 * Carries out what a journal has to do, with the step under way in a toast that can stop the wait, and says what came
 * of it. Whatever stopped before its end can be continued or undone from the toast, and later from the list.
 */
export async function carryOut(
  journal: Journal,
  work: ChangeWork,
  lock: Pick<ChangeLock, "isOurs">,
): Promise<RunResult | undefined> {
  const stop = new AbortController();
  const base = changeSystem(work.settings, work.snapshot, stop.signal);
  if (base === undefined) return undefined;
  let place = "";
  let isPrompting = false;
  const toast = await showToast({
    style: Toast.Style.Animated,
    title: journal.title,
    primaryAction: {
      title: "Stop",
      onAction: () => {
        stop.abort();
        toast.title = "Stopping";
        if (isPrompting) toast.message = "The password dialog is still open. Cancel it, or this step is done.";
      },
    },
  });
  const system: ChangeSystem = {
    ...base,
    beforePrompt: async () => {
      isPrompting = true;
      await base.beforePrompt?.();
    },
    onLoading: (progress) => (toast.message = [place, loadingWords(progress)].filter(Boolean).join(": ")),
  };
  try {
    const running = runChange(journal, {
      system,
      storage: localStorage,
      lock,
      now: getSystem().now,
      onStep: (step, index, count) => {
        isPrompting = false;
        place = count === 1 ? "" : `Step ${index + 1} of ${count}`;
        toast.title = stepTitle(step);
        toast.message = place || undefined;
      },
    });
    const result = await running.finally(() => toast.hide());
    // A new toast, not the old one changed: with the window closed only a new one becomes visible.
    await showToast(withActions(resultWords(result), result, work));
    return result;
  } finally {
    work.refresh();
  }
}

function withActions(words: ToastWords, result: RunResult, work: ChangeWork): Toast.Options {
  const { journal } = result;
  const undo = canUndo(journal) ? { title: "Undo", onAction: () => void undoChange(journal, work) } : undefined;
  const cure = makeItFitAction(failedLoadOf(result), work.makeItFit);
  if (cure !== undefined) return { ...words, primaryAction: cure, secondaryAction: undo };
  if (result.kind === "finished") {
    const isInView = work.hasView === true && failedLoadOf(result) === undefined;
    return { ...words, primaryAction: isInView ? undefined : undo };
  }
  if (!result.isLeft) return words;
  const goOn = { title: "Continue", onAction: () => continueChange(journal, work) };
  return { ...words, primaryAction: goOn, secondaryAction: undo };
}

/** Goes on with a change that was left before its end. */
export async function continueChange({ id, title }: Journal, work: ChangeWork): Promise<void> {
  await asOneChange({ title, journal: id }, async (lock) => {
    const journal = await readAgain(id, work);
    if (journal === undefined || !(await isSameModel(journal, work))) return;
    await carryOut(journal, work, lock);
  });
}

/** Takes back what a change has made, after asking; undefined where nothing was taken back, which is said. */
export async function undoChange({ id, title }: Journal, work: ChangeWork): Promise<RunResult | undefined> {
  const journal = await readAgain(id, work);
  if (journal === undefined) return undefined;
  const steps = stepsBack(journal);
  if (steps.length === 0) {
    if (!hasChanged(journal)) await clearJournal(localStorage, id).catch(() => undefined);
    await showToast({
      style: Toast.Style.Success,
      title: "Nothing to Undo",
      message: "What it changed is gone already.",
    });
    work.refresh();
    return undefined;
  }
  if (!(await confirmUndo(title, steps))) return undefined;
  const undo = newUndo(journal, getSystem().now());
  return asOneChange({ title: `Undo "${title}"`, journal: undo.id }, async (lock) => {
    const now = await readAgain(id, work);
    if (now === undefined) return undefined;
    // Only what was agreed to is done; a change that another window has moved on meanwhile is asked about again.
    if (JSON.stringify(stepsBack(now)) === JSON.stringify(steps)) return carryOut(undo, work, lock);
    await sayOver(work);
    return undefined;
  });
}

function confirmUndo(title: string, steps: readonly Step[]): Promise<boolean> {
  const [first = "", ...more] = steps.map(stepText);
  const lowers = steps.some((step) => step.kind === "set-limit" && step.mib < step.beforeMib);
  const texts = more.length === 0 ? [first] : [first, ...more].map((text, index) => `${index + 1}. ${text}`);
  return confirmAlert({
    icon: Icon.Undo,
    title: `Undo "${title}"?`,
    message: [...texts, ...(lowers ? ["Loaded models may stop fitting."] : [])].join("\n"),
    primaryAction: { title: "Undo", style: Alert.ActionStyle.Destructive },
  });
}

/** The change as it is kept now, held against the system; undefined, and said, where another window ended it. */
async function readAgain(id: string, work: ChangeWork): Promise<Journal | undefined> {
  const system = changeSystem(work.settings, work.snapshot);
  if (system === undefined) return undefined;
  try {
    const kept = await readJournal(localStorage);
    if (kept.kind === "journal" && kept.journal.id === id) return await reviewJournal(system, kept.journal);
    const isEarlier = (await readEarlier(localStorage)).some((journal) => journal.id === id);
    if (kept.kind === "journal" && isEarlier) await sayLaterFirst(kept.journal);
    else await sayOver(work);
  } catch (error) {
    await showFailureToast(error, { title: "Couldn't Read What Was Changed" });
  }
  return undefined;
}

/** What a change has made may rest on what came before it: they're undone in turn. */
async function sayLaterFirst({ title }: Journal): Promise<void> {
  await showToast({
    style: Toast.Style.Failure,
    title: "A Later Change Comes First",
    message: `Nothing changed. Undo "${title}", then this one.`,
  });
}

async function sayOver({ refresh }: Pick<ChangeWork, "refresh">): Promise<void> {
  await showToast({
    style: Toast.Style.Failure,
    title: "Nothing Changed",
    message: "Another window has gone on with this change or ended it.",
  });
  refresh();
}

/** Forgets a change that was left before its end, or can't be read; false, and said, where another is kept by now. */
export async function dismissChange(change: UnfinishedChange, work: Pick<ChangeWork, "refresh">): Promise<boolean> {
  const kept = await readJournal(localStorage);
  const isSame =
    change.kind === "open"
      ? kept.kind === "journal" && kept.journal.id === change.journal.id
      : kept.kind === "unreadable" && kept.why === change.why;
  if (isSame) await clearJournal(localStorage);
  else await sayOver(work);
  return isSame;
}

/** A plan holds for the file it was made for. Where the server can't be asked, the steps find out themselves. */
async function isSameModel({ model, digest, undoes }: Journal, work: ChangeWork): Promise<boolean> {
  if (undoes !== undefined) return true;
  const models = await connect(getSystem(), work.settings)
    ?.models()
    .catch(() => undefined);
  if (models?.some((other) => sameModel(other.name, model) && isOrWas(other, digest)) ?? true) return true;
  await showToast({
    style: Toast.Style.Failure,
    title: "The Model Was Replaced Meanwhile",
    message: `Nothing changed. Undo or dismiss the change, then plan ${model} again.`,
  });
  return false;
}
