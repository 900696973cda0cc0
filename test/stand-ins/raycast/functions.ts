/** The functions of `@raycast/api`, acting on the {@link desk}. */
import { join } from "node:path";
import type * as Api from "@raycast/api";
import { answerOf, complain, declaredPreferences, desk, failWhereDiskIsFull, follow, supportPath } from "./desk";
import { PROJECT_ROOT, strict } from "./names";

export const LaunchType = strict("LaunchType", { UserInitiated: "userInitiated", Background: "background" } as const);
export const PopToRootType = strict("PopToRootType", {
  Default: "default",
  Immediate: "immediate",
  Suspended: "suspended",
} as const);

const ToastStyle = strict("Toast.Style", { Success: "SUCCESS", Failure: "FAILURE", Animated: "ANIMATED" } as const);

export class Toast {
  static readonly Style = ToastStyle;
  style: Api.Toast.Style;
  title: string;
  message: string | undefined;
  primaryAction: Api.Toast.ActionOptions | undefined;
  secondaryAction: Api.Toast.ActionOptions | undefined;

  constructor(options: Api.Toast.Options) {
    if (typeof options.title !== "string") complain("A toast needs a title");
    this.style = options.style ?? (ToastStyle.Success as Api.Toast.Style);
    this.title = options.title;
    this.message = options.message;
    this.primaryAction = options.primaryAction;
    this.secondaryAction = options.secondaryAction;
  }

  async show(): Promise<void> {
    const shown = this as unknown as Api.Toast;
    desk.toasts = [...desk.toasts.filter((toast) => toast !== shown), shown];
    // Raycast has no place for a toast while its window is closed and shows a HUD instead.
    if (!desk.windowOpen) desk.huds.push(this.message === undefined ? this.title : `${this.title} ${this.message}`);
  }

  async hide(): Promise<void> {
    desk.toasts = desk.toasts.filter((toast) => toast !== (this as unknown as Api.Toast));
  }
}

export async function showToast(
  options: Api.Toast.Options | Api.Toast.Style,
  title?: string,
  message?: string,
): Promise<Toast> {
  const toast = new Toast(typeof options === "string" ? { style: options, title: title ?? "", message } : options);
  await toast.show();
  return toast;
}

export const showHUD: typeof Api.showHUD = async (title, options) => {
  desk.huds.push(title);
  await closeMainWindow(options);
};

export const closeMainWindow: typeof Api.closeMainWindow = async (options) => {
  desk.windowOpen = false;
  if (options?.popToRootType === (PopToRootType.Immediate as Api.PopToRootType)) desk.navigation?.popToRoot();
};

export const popToRoot: typeof Api.popToRoot = async () => {
  desk.navigation?.popToRoot();
};

export const clearSearchBar: typeof Api.clearSearchBar = async () => undefined;

const AlertStyle = strict("Alert.ActionStyle", {
  Default: "default",
  Cancel: "cancel",
  Destructive: "destructive",
} as const);
export const Alert = { ActionStyle: AlertStyle };

export const confirmAlert: typeof Api.confirmAlert = async (options) => {
  if (desk.openAlert !== undefined) complain(`"${options.title}" asks while "${desk.openAlert.title}" is still open`);
  const record = {
    title: options.title,
    ...(options.message === undefined ? {} : { message: options.message }),
    primary: options.primaryAction?.title ?? "Confirm",
    destructive: options.primaryAction?.style === (AlertStyle.Destructive as Api.Alert.ActionStyle),
    dismiss: options.dismissAction?.title ?? "Cancel",
  };
  const foreseen = desk.answers.shift();
  if (foreseen === undefined && desk.failUnforeseenAlerts) {
    desk.alerts.push(record);
    complain(`Nobody said how to answer "${options.title}"`);
    throw new Error(`Nobody said how to answer "${options.title}"`);
  }
  const answer =
    foreseen === undefined
      ? await new Promise<boolean>((resolve) => {
          desk.openAlert = { ...record, reply: resolve };
        })
      : answerOf(record, foreseen);
  desk.openAlert = undefined;
  desk.alerts.push({ ...record, answer });
  if (answer) options.primaryAction?.onAction?.();
  else options.dismissAction?.onAction?.();
  return answer;
};

/** Text of something copied or pasted; a file gives its path. */
export function contentText(content: Parameters<typeof Api.Clipboard.copy>[0]): string {
  if (typeof content !== "object") return String(content);
  if ("file" in content) return String(content.file);
  if ("html" in content) return content.text ?? content.html;
  return content.text;
}

function copiedText(offset = 0): string | undefined {
  const copied = desk.clipboard.at(-1 - offset);
  return copied === undefined ? undefined : contentText(copied.content);
}

export const Clipboard = {
  copy: async (content, options) => {
    desk.clipboard.push({
      content,
      concealed: options?.concealed ?? false,
      transient: options?.transient ?? false,
    });
  },
  paste: async (content) => {
    desk.pasted.push(content);
    desk.windowOpen = false;
  },
  clear: async () => {
    desk.clipboard = [];
  },
  readText: async (options) => copiedText(options?.offset),
  read: async (options) => ({ text: copiedText(options?.offset) ?? "" }),
} satisfies typeof Api.Clipboard;

function storable(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Goes on, unless the storage never answers. */
async function answering(): Promise<void> {
  if (desk.isStorageStuck) await new Promise(() => undefined);
}

export const LocalStorage = {
  async getItem(key: string): Promise<Api.LocalStorage.Value | undefined> {
    await answering();
    return desk.localStorage.get(key);
  },
  async setItem(key: string, value: Api.LocalStorage.Value): Promise<void> {
    await answering();
    failWhereDiskIsFull();
    if (!storable(value)) {
      complain(`LocalStorage takes text, numbers and booleans, not the value of "${key}"`);
      throw new Error(`Invalid value for "${key}"`);
    }
    desk.localStorage.set(key, value);
  },
  async removeItem(key: string): Promise<void> {
    await answering();
    desk.localStorage.delete(key);
  },
  async allItems(): Promise<Record<string, Api.LocalStorage.Value>> {
    return Object.fromEntries(desk.localStorage);
  },
  async clear(): Promise<void> {
    desk.localStorage.clear();
  },
};

export const getPreferenceValues = (): Record<string, unknown> => {
  const values: Record<string, unknown> = {};
  for (const preference of declaredPreferences()) {
    const value = desk.preferences[preference.name] ?? preference.default;
    if (value !== undefined) values[preference.name] = value;
    else if (preference.type === "checkbox") values[preference.name] = false;
  }
  return values;
};

export const openExtensionPreferences: typeof Api.openExtensionPreferences = async () => {
  desk.openedPreferences.push("extension");
};

export const open: typeof Api.open = async (target, application) => {
  const name = typeof application === "string" ? application : application?.name;
  desk.opened.push(name === undefined ? { target } : { target, application: name });
};
export const showInFinder: typeof Api.showInFinder = async (path) => {
  desk.shownInFinder.push(String(path));
};
export const trash: typeof Api.trash = async (paths) => {
  desk.trashed.push(...(Array.isArray(paths) ? paths : [paths]).map(String));
};

export const launchCommand: typeof Api.launchCommand = async (options) => {
  const foreign = "extensionName" in options && options.extensionName !== desk.manifest.name;
  const command = desk.manifest.commands.find(({ name }) => name === options.name);
  if (!foreign && command === undefined) throw new Error(`There is no command ${options.name}`);
  if (!foreign && command?.disabledByDefault === true && !desk.enabledCommands.has(options.name)) {
    throw new Error(`The command ${options.name} is disabled`);
  }
  const type: unknown = options.type;
  if (type !== "userInitiated" && type !== "background") complain(`launchCommand: ${String(type)} is no launch type`);
  if (type === "background" && command?.mode === "view") {
    complain(`${options.name} has a view: Raycast launches it for a person only`);
    throw new Error(`${options.name} can't be launched in the background`);
  }
  for (const [name, value] of Object.entries({ ...options.context, ...options.arguments })) {
    if (value !== undefined && JSON.stringify(value) === undefined) complain(`launchCommand: ${name} isn't JSON`);
  }
  desk.launched.push({
    name: options.name,
    type: options.type,
    ...(options.arguments == null ? {} : { arguments: { ...options.arguments } }),
    ...(options.context == null ? {} : { context: { ...options.context } }),
    ...("extensionName" in options ? { extensionName: options.extensionName } : {}),
  });
};

export const updateCommandMetadata: typeof Api.updateCommandMetadata = async (metadata) => {
  const subtitle: unknown = metadata.subtitle;
  if (typeof subtitle !== "string" && subtitle !== null && subtitle !== undefined) {
    complain("The subtitle of a command is text or null");
    throw new Error("Invalid subtitle");
  }
  if (subtitle !== undefined) desk.subtitles.set(desk.commandName, metadata.subtitle ?? null);
  desk.subtitle = metadata.subtitle;
};

export const captureException: typeof Api.captureException = (exception) => {
  desk.exceptions.push(exception);
};

/** Read anew at each access, so that a reset or another command shows at once. */
export const environment = {
  raycastVersion: "1.104.25",
  get ownerOrAuthorName() {
    return desk.manifest.owner ?? desk.manifest.author;
  },
  get extensionName() {
    return desk.manifest.name;
  },
  get commandName() {
    return desk.commandName;
  },
  get commandMode() {
    return desk.manifest.commands.find((command) => command.name === desk.commandName)?.mode ?? "view";
  },
  assetsPath: join(PROJECT_ROOT, "assets"),
  get supportPath() {
    return supportPath();
  },
  isDevelopment: false,
  appearance: "dark" as "dark" | "light",
  theme: "dark",
  textSize: "medium",
  get launchType() {
    return desk.launchType;
  },
  get launchContext() {
    return desk.launchContext;
  },
  canAccess: () => false,
};

/** Raycast waits for nothing that an action starts; the stand-in does, so that a test sees its end. */
export function start(handler: (() => unknown) | undefined): void {
  try {
    follow(handler?.());
  } catch (error) {
    desk.failures.push(error);
  }
}
