import type { Toast } from "@raycast/api";
import { desk } from "../stand-ins/raycast/desk";
import { contentText } from "../stand-ins/raycast/functions";

export interface ToastText {
  readonly style: "SUCCESS" | "FAILURE" | "ANIMATED";
  readonly title: string;
  readonly message?: string;
  readonly actions: readonly string[];
}

/** What a person sees and has besides the view: shared by commands with and without one. */
export const deskView = {
  /** The toasts on screen, oldest first. */
  toasts: (): ToastText[] => desk.toasts.map(toastText),
  /** Every HUD so far. */
  huds: (): readonly string[] => desk.huds,
  /** What a paste would give; undefined when nothing was copied. */
  clipboard: (): string | undefined => {
    const copied = desk.clipboard.at(-1);
    return copied === undefined ? undefined : contentText(copied.content);
  },
  /** Addresses and files opened so far. */
  opened: (): readonly string[] => desk.opened.map((each) => each.target),
  /** Commands launched so far. */
  launched: () => desk.launched,
  /** Alerts answered so far, and the one that waits. */
  alerts: () => (desk.openAlert === undefined ? desk.alerts : [...desk.alerts, desk.openAlert]),
};

function toastText(toast: Toast): ToastText {
  return {
    style: toast.style,
    title: toast.title,
    ...(toast.message === undefined ? {} : { message: toast.message }),
    actions: [toast.primaryAction, toast.secondaryAction].flatMap((action) => (action ? [action.title] : [])),
  };
}
