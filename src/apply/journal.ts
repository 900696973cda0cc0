import { isStep, leavesSomething, type Step, undoSteps } from "./steps";
import type { Storage } from "./storage";
import { isAbsentOr, isFlag, isOneOf, isShape, isText } from "./stored-fields";

export type StepState = "waiting" | "running" | "done" | "failed";

export interface JournalEntry {
  readonly step: Step;
  readonly state: StepState;
  /** Why it failed, as a sentence. */
  readonly reason?: string;
}

/** A change in steps, written down before each of them, so it can be continued or undone. */
export interface Journal {
  readonly title: string;
  readonly model: string;
  /** The server it is about; another one has other models. */
  readonly url: string;
  readonly startedAt: number;
  /** Last sign of the command that carries it out, in milliseconds since 1970. */
  readonly aliveAt: number;
  readonly isUndo: boolean;
  readonly entries: readonly JournalEntry[];
}

const KEY = "journal";
const VERSION = 1;
/** A command that gave no sign for so long was closed. */
export const SILENT_AFTER_MS = 20_000;
/** How often it gives one. */
export const SIGN_EVERY_MS = 5_000;

/** A new journal with nothing done yet. */
export function newJournal(
  about: Pick<Journal, "title" | "model" | "url" | "isUndo">,
  steps: readonly Step[],
  now: Date,
): Journal {
  const at = now.getTime();
  return { ...about, startedAt: at, aliveAt: at, entries: steps.map((step) => ({ step, state: "waiting" })) };
}

/** The journal that was written last; undefined where there is none or it cannot be read. Never throws. */
export async function readJournal(storage: Storage): Promise<Journal | undefined> {
  try {
    const kept: unknown = JSON.parse((await storage.get(KEY)) ?? "null");
    if (typeof kept !== "object" || kept === null || !("version" in kept) || kept.version !== VERSION) return undefined;
    const { journal } = kept as { journal?: unknown };
    return isJournal(journal) ? journal : undefined;
  } catch {
    return undefined;
  }
}

export async function writeJournal(storage: Storage, journal: Journal): Promise<void> {
  await storage.set(KEY, JSON.stringify({ version: VERSION, journal }));
}

export async function clearJournal(storage: Storage): Promise<void> {
  await storage.remove(KEY);
}

/** The state of a journal: finished, running somewhere, or left unfinished. */
export function journalState(journal: Journal, now: Date): "finished" | "running" | "left" {
  if (journal.entries.every(({ state }) => state === "done")) return "finished";
  return journal.entries.some(({ state }) => state === "running") && now.getTime() - journal.aliveAt < SILENT_AFTER_MS
    ? "running"
    : "left";
}

/** Whether anything was changed that stays. */
export function hasChanged({ entries }: Journal): boolean {
  return entries.some(({ step, state }) => state === "done" && leavesSomething(step));
}

/** The steps that take back what was begun; none for an undo, which is continued instead. */
export function stepsBack({ entries, isUndo }: Journal): readonly Step[] {
  if (isUndo) return [];
  // One that was cut off may have taken effect all the same.
  return undoSteps(entries.filter(({ state }) => state !== "waiting").map(({ step }) => step));
}

/** Whether there is anything to take back. */
export function canUndo(journal: Journal): boolean {
  return stepsBack(journal).length > 0;
}

/** Only what this version wrote is carried on, and all of it or nothing. */
const isJournal = isShape<Journal>({
  title: isText,
  model: isText,
  url: isText,
  startedAt: isTime,
  aliveAt: isTime,
  isUndo: isFlag,
  entries: isEntries,
});

const isEntry = isShape<JournalEntry>({
  step: isStep,
  state: isOneOf<StepState>({ waiting: true, running: true, done: true, failed: true }),
  reason: isAbsentOr(isText),
});

function isEntries(value: unknown): value is readonly JournalEntry[] {
  return Array.isArray(value) && value.length > 0 && value.every(isEntry);
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}
