import { type Alert, confirmAlert, showToast, Toast } from "@raycast/api";
import { asOneChange } from "./one-change";

/** What a toast says of an outcome. */
export interface ToastWords {
  readonly style: Toast.Style;
  readonly title: string;
  readonly message: string;
}

interface Job<T> {
  /** Asked one after the other before anything is done. */
  readonly questions: readonly Alert.Options[];
  /** Title of what changes the Mac or the server: one such thing at a time. Absent where it changes neither. */
  readonly change?: string;
  /** What a person reads while it is at work. */
  readonly progress: Pick<Toast.Options, "title" | "message" | "primaryAction">;
  readonly work: () => Promise<T>;
  readonly outcome: (result: T) => Toast.Options;
}

/**
 * Asks, says that it is at work, works and says what came of it. Resolves to what came of it; undefined where a question
 * was answered with no, or where something else is being changed.
 */
export async function confirmAndRun<T>({ questions, change, ...job }: Job<T>): Promise<T | undefined> {
  for (const question of questions) {
    if (!(await confirmAlert(question))) return undefined;
  }
  return change === undefined ? run(job) : asOneChange({ title: change }, () => run(job));
}

async function run<T>({ progress, work, outcome }: Pick<Job<T>, "progress" | "work" | "outcome">): Promise<T> {
  const toast = await showToast({ ...progress, style: Toast.Style.Animated });
  const result = await work().finally(() => toast.hide());
  // A new toast, not the old one changed: with the window closed only a new one becomes visible.
  await showToast(outcome(result));
  return result;
}
