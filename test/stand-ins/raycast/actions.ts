import type * as Api from "@raycast/api";
import type { ReactNode } from "react";
import { desk, follow } from "./desk";
import { Clipboard, closeMainWindow, open, showHUD, showInFinder, trash } from "./functions";
import { host, slot } from "./host";
import { strict } from "./names";

/** The values of the form around an action, by id. */
export type Values = Record<string, unknown>;

interface Shown {
  readonly title?: string | undefined;
  readonly icon?: unknown;
  readonly shortcut?: unknown;
  readonly style?: unknown;
  readonly autoFocus?: boolean | undefined;
}

/** Every kind of action is shown alike; `perform` is what Raycast does when it is chosen. */
function action(kind: string, fallback: string, shown: Shown, perform: (values: Values) => unknown): ReactNode {
  const { icon, shortcut, style, autoFocus } = shown;
  return host("Action", { kind, title: shown.title ?? fallback, icon, shortcut, style, autoFocus, perform });
}

function PlainAction(props: Api.Action.Props): ReactNode {
  return action("Action", "", props, () => props.onAction?.());
}

const kinds = {
  CopyToClipboard: (props: Api.Action.CopyToClipboard.Props): ReactNode =>
    action("CopyToClipboard", "Copy to Clipboard", props, async () => {
      await Clipboard.copy(props.content, { concealed: props.concealed, transient: props.transient });
      follow(props.onCopy?.(props.content));
      await showHUD("Copied to Clipboard");
    }),
  Paste: (props: Api.Action.Paste.Props): ReactNode =>
    action("Paste", "Paste to Active App", props, async () => {
      await Clipboard.paste(props.content);
      follow(props.onPaste?.(props.content));
    }),
  Push: (props: Api.Action.Push.Props): ReactNode =>
    action("Push", "", props, () => {
      desk.navigation?.push(props.target, props.onPop);
      follow(props.onPush?.());
    }),
  SubmitForm: <T extends Api.Form.Values>(props: Api.Action.SubmitForm.Props<T>): ReactNode =>
    action("SubmitForm", "Submit Form", props, (values) => props.onSubmit?.(values as T)),
  OpenInBrowser: (props: Api.Action.OpenInBrowser.Props): ReactNode =>
    action("OpenInBrowser", "Open in Browser", props, async () => {
      await open(props.url);
      await closeMainWindow();
      follow(props.onOpen?.(props.url));
    }),
  Open: (props: Api.Action.Open.Props): ReactNode =>
    action("Open", "Open", props, async () => {
      await open(props.target, props.application);
      await closeMainWindow();
      follow(props.onOpen?.(props.target));
    }),
  OpenWith: (props: Api.Action.OpenWith.Props): ReactNode =>
    action("OpenWith", "Open With…", props, async () => {
      await open(props.path);
      follow(props.onOpen?.(props.path));
    }),
  ShowInFinder: (props: Api.Action.ShowInFinder.Props): ReactNode =>
    action("ShowInFinder", "Show in Finder", props, async () => {
      await showInFinder(props.path);
      await closeMainWindow();
      follow(props.onShow?.(props.path));
    }),
  Trash: (props: Api.Action.Trash.Props): ReactNode =>
    action("Trash", "Move to Trash", props, async () => {
      await trash(props.paths);
      follow(props.onTrash?.(props.paths));
    }),
  ToggleQuickLook: (props: Api.Action.ToggleQuickLook.Props): ReactNode =>
    action("ToggleQuickLook", "Quick Look", props, () => undefined),
  CreateQuicklink: (props: Api.Action.CreateQuicklink.Props): ReactNode =>
    action("CreateQuicklink", "Create Quicklink", props, () => open(props.quicklink.link)),
  CreateSnippet: (props: Api.Action.CreateSnippet.Props): ReactNode =>
    action("CreateSnippet", "Create Snippet", props, () => undefined),
};

export const Action = Object.assign(PlainAction, kinds, {
  Style: strict("Action.Style", { Regular: "regular", Destructive: "destructive" } as const),
});

function Panel({ children, ...props }: Api.ActionPanel.Props): ReactNode {
  return host("ActionPanel", props, children);
}

export const ActionPanel = Object.assign(Panel, {
  Section: ({ children, ...props }: Api.ActionPanel.Section.Props): ReactNode =>
    host("ActionPanel.Section", props, children),
  Submenu: ({ children, onOpen, ...props }: Api.ActionPanel.Submenu.Props): ReactNode =>
    host("ActionPanel.Submenu", { ...props, open: () => onOpen?.() }, slot("submenu", children)),
});
