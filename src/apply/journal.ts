import { randomUUID } from "node:crypto";
import type { Holder } from "./change-lock";
import { type Effect, isEffect, mayHaveChanged } from "./effect";
import { inOrder, isStep, leavesSomething, type Step } from "./steps";
import { isAbsentOr, isListOf, isName, isOneOf, isShape, isText } from "./stored-fields";

/** A step of a change: how far it is, and what it did itself. */
export interface JournalEntry {
  readonly step: Step;
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly effect: Effect;
  /** Why it failed, as sentences. */
  readonly reason?: string;
}

/** A change in steps, written down before each of them, so that it can be continued or undone. */
export interface Journal {
  /** Another one for each change. */
  readonly id: string;
  readonly title: string;
  readonly model: string;
  /** Digest of the model when the change was planned. */
  readonly digest: string;
  /** The server it is about; another one has other models. */
  readonly url: string;
  readonly startedAt: number;
  /** For an undo: the change that it takes back. */
  readonly undoes?: Journal;
  readonly entries: readonly JournalEntry[];
}

/** A new journal with nothing done yet. */
export function newJournal(
  about: Pick<Journal, "title" | "model" | "digest" | "url" | "undoes">,
  steps: readonly Step[],
  now: Date,
): Journal {
  return {
    ...about,
    id: randomUUID(),
    startedAt: now.getTime(),
    entries: steps.map((step) => ({ step, state: "waiting", effect: { kind: "none" } })),
  };
}

/** A journal that takes back a change. */
export function newUndo(journal: Journal, now: Date): Journal {
  const { title, model, digest, url } = journal;
  return newJournal({ title, model, digest, url, undoes: journal }, stepsBack(journal), now);
}

/** How far a journal is: all done, being carried out by who holds the lock, or left before its end. */
export function journalState(journal: Journal, holder: Holder | undefined): "finished" | "running" | "left" {
  if (isFinished(journal)) return "finished";
  return holder?.journal === journal.id ? "running" : "left";
}

/** Whether every step is done. */
export function isFinished({ entries }: Journal): boolean {
  return entries.every(({ state }) => state === "done");
}

/** Whether another change may take its place: at most the load that shows whether it was worth it hasn't come off. */
export function isOver({ entries }: Journal): boolean {
  return entries.every(({ step, state }) => state === "done" || (state === "failed" && step.kind === "load"));
}

/** Whether anything was changed that stays, or may have been. */
export function hasChanged({ entries }: Journal): boolean {
  return entries.some(({ step, effect }) => leavesSomething(step) && mayHaveChanged(effect));
}

/** The steps that take back what was made, and what may have been; none for an undo, which is continued instead. */
export function stepsBack(journal: Journal): readonly Step[] {
  if (journal.undoes !== undefined) return [];
  const steps = journal.entries.flatMap(({ effect }) => (mayHaveChanged(effect) ? effect.undo : []));
  // A restart alone takes nothing back.
  return steps.some(leavesSomething) ? inOrder(steps) : [];
}

/** Whether there is anything to take back. */
export function canUndo(journal: Journal): boolean {
  return stepsBack(journal).length > 0;
}

const isEntry = isShape<JournalEntry>({
  step: isStep,
  state: isOneOf({ waiting: true, running: true, done: true, failed: true }),
  effect: isEffect,
  reason: isAbsentOr(isText),
});

const isEntries = (value: unknown): value is readonly JournalEntry[] => isListOf(isEntry)(value) && value.length > 0;

const fields = {
  id: isName,
  title: isText,
  model: isText,
  digest: isText,
  url: isText,
  startedAt: (value: unknown): value is number => Number.isFinite(value),
  entries: isEntries,
};

/** Whether a value is a journal in its stored form: only what this version wrote is carried on, all of it or nothing. */
export const isJournal = isShape<Journal>({
  ...fields,
  undoes: isAbsentOr(isShape<Journal>({ ...fields, undoes: (value): value is undefined => value === undefined })),
});
