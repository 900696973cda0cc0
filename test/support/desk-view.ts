import type { Toast } from "@raycast/api";
import { type AlertRecord, desk } from "../stand-ins/raycast/desk";
import { contentText } from "../stand-ins/raycast/functions";
import { type Part, says } from "./meaning";

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
  /** The newest toast. @throws unless it has this outcome and says all of this, and nothing else shows progress. */
  toast: (style: ToastText["style"], ...parts: readonly Part[]): ToastText => {
    const toasts = desk.toasts.map(toastText);
    const newest = toasts.pop();
    if (newest?.style !== style || toasts.some((toast) => toast.style === "ANIMATED"))
      throw new Error(`No ${style} toast, but ${JSON.stringify(desk.toasts.map(toastText), null, 2)}`);
    says(`${newest.title}\n${newest.message ?? ""}`, ...parts);
    return newest;
  },
  /** The newest alert, open or answered. @throws unless it says all of this. */
  alert: (...parts: readonly Part[]): AlertRecord => {
    const newest = deskView.alerts().at(-1);
    if (newest === undefined) throw new Error("Nothing was asked");
    says(`${newest.title}\n${newest.message ?? ""}`, ...parts);
    return newest;
  },
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
