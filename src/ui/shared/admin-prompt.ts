import { type Alert, closeMainWindow, PopToRootType, Toast } from "@raycast/api";
import { rememberLimit } from "../../app/limit-record";
import { getSystem } from "../../app/system";
import type { PromptSystem } from "../../mac/gpu-limit";
import { confirmAndRun, type ToastWords } from "./confirm-and-run";
import { copyText } from "./copy-text";

/** What goes with every password prompt. The dialog is a window of macOS, so Raycast steps aside and stays as it is. */
export const promptHooks = {
  beforePrompt: () => closeMainWindow({ popToRootType: PopToRootType.Suspended }),
  onLimitSet: (mib) => rememberLimit(getSystem(), mib),
} satisfies Partial<PromptSystem>;

interface PromptJob<T> {
  /** Title of the change. */
  readonly change: string;
  readonly questions: readonly Alert.Options[];
  /** Asks for the password, where there's something to change, and does what it is for. */
  readonly work: (system: PromptSystem) => Promise<T>;
  readonly explain: (outcome: T) => ToastWords;
  /** Does the same in Terminal: offered where it wasn't done. */
  readonly command: string;
}

/** {@link confirmAndRun} for work that macOS asks the administrator password for. */
export function confirmAndPrompt<T extends { readonly kind: string }>({
  change,
  questions,
  work,
  explain,
  command,
}: PromptJob<T>): Promise<T | undefined> {
  return confirmAndRun({
    change,
    questions,
    progress: { title: "Waiting for Your Password" },
    work: () => work({ ...getSystem(), ...promptHooks }),
    outcome: (result) => {
      const isDone = result.kind === "done" || result.kind === "already";
      const byHand = { title: "Copy Command", onAction: () => copyText(command) };
      return { ...explain(result), primaryAction: isDone ? undefined : byHand };
    },
  });
}

/** What may become of a kernel value behind the administrator prompt, other than that it is as asked. */
export type PromptFailure =
  | { readonly kind: "cancelled" | "wrong-password" | "not-permitted" | "timed-out" | "differs" | "unconfirmed" }
  | { readonly kind: "refused" | "failed"; readonly detail: string };

export interface PromptWords {
  /** A sentence on what is in force now, as it was read back. */
  readonly now: string;
  /** Title where it could not even be tried. */
  readonly failed: string;
  /** A sentence on what was asked for. */
  readonly asked: string;
  /** What was asked for came into force behind a prompt that was given up. */
  readonly setAnyway: boolean;
  /** A sentence on what else was done in the same prompt; empty for nothing. */
  readonly alsoDone?: string;
}

/** What a person is told where a value is not, or not surely, as asked; always with what is in force now. */
export function promptWords(outcome: PromptFailure, words: PromptWords): ToastWords {
  const { now, asked, alsoDone = "" } = words;
  const failure = (title: string, ...sentences: readonly string[]): ToastWords => ({
    style: Toast.Style.Failure,
    title,
    message: [...sentences, now].filter(Boolean).join(" "),
  });
  switch (outcome.kind) {
    case "cancelled":
      return { style: Toast.Style.Success, title: "Nothing Changed", message: now };
    case "wrong-password":
      return failure("Wrong Password", "macOS didn't accept the name or password.");
    case "not-permitted":
      return failure("Not Permitted", "You need an administrator account.");
    case "timed-out":
      return words.setAnyway
        ? failure("Set, Though the Prompt Was Closed")
        : failure("No Answer to the Password Prompt", "The prompt was open too long.");
    case "refused":
      return failure("macOS Refused It", sentence(outcome.detail));
    case "differs":
      return failure("Another Value Is in Force", asked, alsoDone);
    case "unconfirmed":
      return failure("Set, but Not Confirmed", "The value couldn't be read back.", alsoDone);
    case "failed":
      return failure(words.setAnyway ? "Set, Though the Prompt Failed" : words.failed, sentence(outcome.detail));
  }
}

/** A text that programs gave, ended as a sentence. */
export const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
