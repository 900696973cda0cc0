import { closeMainWindow, PopToRootType, showToast, Toast } from "@raycast/api";
import { copyText } from "./copy-text";
import type { OutcomeWords } from "./outcome-words";

/** The password dialog is a window of macOS: Raycast steps aside and stays as it is. */
export async function stepAside(): Promise<void> {
  await closeMainWindow({ popToRootType: PopToRootType.Suspended });
}

/**
 * Says that the password is waited for while `work` asks for it, then what came of it. Where that is a failure, the
 * toast offers the command that does the same in Terminal.
 */
export async function showPrompt<T>(
  work: () => Promise<T>,
  explain: (outcome: T) => OutcomeWords,
  command: string,
): Promise<T> {
  const waiting = await showToast({ style: Toast.Style.Animated, title: "Waiting for the administrator password" });
  const outcome = await work();
  const words = explain(outcome);
  await waiting.hide();
  // A new toast, not the old one changed: with the window closed only a new one becomes visible.
  await showToast({
    ...words,
    primaryAction:
      words.style === Toast.Style.Failure ? { title: "Copy Command", onAction: () => copyText(command) } : undefined,
  });
  return outcome;
}
