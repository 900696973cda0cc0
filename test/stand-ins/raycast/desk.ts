/**
 * The state of the stand-in Raycast: what a person sees outside the view (toasts, HUDs, alerts, the clipboard) and
 * what Raycast keeps for the extension (preferences, cache, storage). Module-wide as in Raycast, where a process runs
 * one extension; {@link resetRaycast} gives a fresh installation.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Api from "@raycast/api";
import type { ReactNode } from "react";
import { type Manifest, readManifest } from "./manifest";

export type CopiedContent = Parameters<typeof Api.Clipboard.copy>[0];

/** An alert on screen, or one that was answered. */
export interface AlertRecord {
  readonly title: string;
  readonly message?: string;
  readonly primary: string;
  readonly destructive: boolean;
  readonly dismiss: string;
  answer?: boolean;
}

export interface OpenAlert extends AlertRecord {
  readonly reply: (answer: boolean) => void;
}

export interface LaunchRecord {
  readonly name: string;
  readonly type: string;
  readonly arguments?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
  readonly extensionName?: string;
}

/** The stack of views of the command that is running. */
export interface NavigationHost {
  push(view: ReactNode, onPop?: () => void): void;
  pop(): void;
  popToRoot(): void;
}

export interface Desk {
  manifest: Manifest;
  commandName: string;
  launchType: "userInitiated" | "background";
  launchContext: Record<string, unknown> | undefined;
  windowOpen: boolean;
  /** What a person has done in the window so far. */
  acts: number;
  toasts: Api.Toast[];
  huds: string[];
  clipboard: { content: CopiedContent; concealed: boolean; transient: boolean }[];
  pasted: CopiedContent[];
  opened: { target: string; application?: string }[];
  shownInFinder: string[];
  trashed: string[];
  launched: LaunchRecord[];
  openedPreferences: ("extension" | "command")[];
  exceptions: unknown[];
  alerts: AlertRecord[];
  openAlert: OpenAlert | undefined;
  /** Answers given before the alert appears, oldest first: yes or no, or the title of the button. */
  answers: (boolean | string)[];
  /** A command without a window has nobody to look at an alert that the test did not foresee. */
  failUnforeseenAlerts: boolean;
  preferences: Record<string, unknown>;
  subtitle: string | null | undefined;
  /** Subtitles by command, kept until the command writes another one. */
  subtitles: Map<string, string | null>;
  /** Commands that are disabled by default and that the person has run once. */
  enabledCommands: Set<string>;
  localStorage: Map<string, string | number | boolean>;
  caches: Map<string, Map<string, string>>;
  /** The disk is full: storing fails, in LocalStorage and in caches. */
  isDiskFull: boolean;
  /** LocalStorage takes requests and never answers. */
  isStorageStuck: boolean;
  /** Values of form items and dropdowns with `storeValue`, by command and id. */
  storedValues: Map<string, unknown>;
  navigation: NavigationHost | undefined;
  /** Faults that Raycast would reject or ignore silently: they fail the test. */
  complaints: string[];
  /** Things done by a person or a command that have not ended. */
  pending: Set<Promise<unknown>>;
  failures: unknown[];
}

function freshDesk(): Desk {
  return {
    manifest: readManifest(),
    commandName: "",
    launchType: "userInitiated",
    launchContext: undefined,
    windowOpen: true,
    acts: 0,
    toasts: [],
    huds: [],
    clipboard: [],
    pasted: [],
    opened: [],
    shownInFinder: [],
    trashed: [],
    launched: [],
    openedPreferences: [],
    exceptions: [],
    alerts: [],
    openAlert: undefined,
    answers: [],
    failUnforeseenAlerts: false,
    preferences: {},
    subtitle: undefined,
    subtitles: new Map(),
    enabledCommands: new Set(),
    localStorage: new Map(),
    caches: new Map(),
    isDiskFull: false,
    isStorageStuck: false,
    storedValues: new Map(),
    navigation: undefined,
    complaints: [],
    pending: new Set(),
    failures: [],
  };
}

/** Read its fields at the moment of use: {@link resetRaycast} replaces all of them. */
export const desk: Desk = freshDesk();

let supportFolder: string | undefined;

/** A new installation of the extension: nothing stored, nothing shown, every preference at its default. */
export function resetRaycast(): void {
  for (const cache of desk.caches.values()) cache.clear();
  Object.assign(desk, freshDesk());
  if (supportFolder !== undefined) rmSync(supportFolder, { recursive: true, force: true });
  supportFolder = undefined;
}

/** Folder that stands for `environment.supportPath`, made when first asked for. */
export function supportPath(): string {
  if (supportFolder === undefined) {
    supportFolder = mkdtempSync(join(tmpdir(), "gpu-limit-support-"));
    process.once("exit", () => {
      if (supportFolder !== undefined) rmSync(supportFolder, { recursive: true, force: true });
    });
  }
  return supportFolder;
}

/** What Raycast throws where it can't write. */
export function failWhereDiskIsFull(): void {
  if (desk.isDiskFull) throw new Error("ENOSPC: no space left on device, write");
}

/** Sets preferences of the extension and its commands, as a person does in Raycast's settings. @throws for a name that the manifest does not declare. */
export function setPreferences(values: Readonly<Record<string, unknown>>): void {
  const { preferences = [], commands } = desk.manifest;
  const known = [...preferences, ...commands.flatMap((command) => command.preferences ?? [])].map(({ name }) => name);
  for (const [name, value] of Object.entries(values)) {
    if (!known.includes(name)) throw new Error(`The manifest declares no preference ${name}`);
    desk.preferences[name] = value;
  }
}

/** Preferences of the extension and of the command that runs. */
export function declaredPreferences() {
  const command = desk.manifest.commands.find((each) => each.name === desk.commandName);
  return [...(desk.manifest.preferences ?? []), ...(command?.preferences ?? [])];
}

/** What a button of an alert answers. @throws where the alert has no such button. */
export function answerOf(alert: AlertRecord, button: boolean | string): boolean {
  if (typeof button === "boolean") return button;
  if (button !== alert.primary && button !== alert.dismiss)
    throw new Error(`"${alert.title}" has no "${button}"; there are "${alert.primary}" and "${alert.dismiss}"`);
  return button === alert.primary;
}

/** Notes a fault of the extension that a real Raycast would reject or swallow. */
export function complain(text: string): void {
  if (!desk.complaints.includes(text)) desk.complaints.push(text);
}

/** Follows work that a person or Raycast set off; what it throws fails the test. */
export function follow(work: unknown): void {
  if (!(work instanceof Promise)) return;
  const followed: Promise<unknown> = work
    .catch((error: unknown) => desk.failures.push(error))
    .finally(() => desk.pending.delete(followed));
  desk.pending.add(followed);
}
