import type { ChangeLock } from "./change-lock";
import { NONE } from "./effect";
import { executeStep } from "./execute-step";
import { hasChanged, type Journal, type JournalEntry } from "./journal";
import { clearJournal, writeJournal } from "./journal-store";
import { recordLoad } from "./load-history";
import type { LoadReport } from "./load-report";
import { type ChangeSystem, leavesSomething, type Note, type Step, type StepOf } from "./steps";
import type { Storage } from "./storage";

export interface RunOptions {
  readonly system: ChangeSystem;
  readonly storage: Storage;
  readonly lock: Pick<ChangeLock, "isOurs">;
  readonly now: () => Date;
  /** Called before each step. */
  readonly onStep?: (step: Step, index: number, count: number) => void;
}

export type RunResult =
  | {
      readonly kind: "finished";
      readonly journal: Journal;
      readonly load?: { readonly report: LoadReport; readonly step: StepOf<"load"> };
      /** What else has to be known. */
      readonly notes: readonly Note[];
    }
  /** Stopped at a step; `isLeft` = something is changed, or may be, and the journal is kept. */
  | {
      readonly kind: "cancelled" | "failed";
      readonly journal: Journal;
      /** The entry it stopped at, as it is now. */
      readonly entry: JournalEntry;
      /** Sentences. */
      readonly reason: string;
      readonly isLeft: boolean;
    };

/**
 * Carries out what a journal still has to do, step by step, each written down before it begins and looked at before the
 * next. It stops at the first that does not succeed. The journal stays while a step is in effect or that can't be told;
 * one that changed nothing is forgotten, and an undo that changed nothing gives its place back to what it was to undo.
 * What came before it and can be undone comes back then.
 * Never throws.
 */
export async function runChange(journal: Journal, options: RunOptions): Promise<RunResult> {
  const { system, storage, lock, now } = options;
  // Loading alone leaves nothing behind, and must not take the place of a change that can be undone.
  const keeps = journal.entries.some(({ step }) => leavesSomething(step));
  const notes: Note[] = [];
  let current = journal;
  let load: Extract<RunResult, { kind: "finished" }>["load"];

  for (const [index, { step, state }] of journal.entries.entries()) {
    if (state === "done") continue;
    const entry = () => current.entries[index] ?? { step, state, effect: NONE };
    const note = (next: JournalEntry) => {
      current = { ...current, entries: current.entries.map((other, place) => (place === index ? next : other)) };
    };
    if (system.signal?.aborted) return stopped("cancelled", entry(), "Stopped before this step.");
    if (!(await lock.isOurs())) return stopped("failed", entry(), "Another window has taken over.");
    options.onStep?.(step, index, journal.entries.length);
    const result = await executeStep(system, step, entry().effect, async (effect) => {
      const begun = { ...current, entries: current.entries.with(index, { step, state: "running", effect }) };
      if (keeps) await writeJournal(storage, begun);
      current = begun;
    });
    const { effect } = result;
    if (result.kind === "done") {
      note({ step, state: "done", effect });
      if (result.note) notes.push(result.note);
      if (result.load && step.kind === "load") {
        load = { report: result.load.report, step };
        await recordLoad(storage, result.load.digest, result.load.report, step.expected, now()).catch(() => undefined);
      }
    } else if (result.kind === "left-alone" && current.undoes !== undefined) {
      // What somebody else has changed since is no longer there to be taken back; the rest is.
      note({ step, state: "done", effect });
      notes.push({ kind: "trouble", title: "Undone, but Not Everything", message: result.reason });
    } else {
      note({ step, state: "failed", effect, reason: result.reason });
      return stopped(result.kind === "cancelled" ? "cancelled" : "failed", entry(), result.reason);
    }
    await keep();
  }
  if (current.undoes !== undefined || !hasChanged(current)) await forget();
  return { kind: "finished", journal: current, notes, load };

  async function stopped(kind: "cancelled" | "failed", entry: JournalEntry, reason: string): Promise<RunResult> {
    const isLeft = hasChanged(current);
    if (isLeft) await keep();
    else await forget();
    return { kind, journal: current, entry, reason, isLeft };
  }

  /** What was done is done, also where that can't be written down: it is found when the journal is read again. */
  async function keep(): Promise<void> {
    if (keeps && (await lock.isOurs())) await writeJournal(storage, current).catch(() => undefined);
  }

  async function forget(): Promise<void> {
    if (!keeps || !(await lock.isOurs())) return;
    const { undoes } = current;
    const isUndone = undoes === undefined || isOver();
    await (isUndone ? clearJournal(storage, current.id) : writeJournal(storage, undoes)).catch(() => undefined);
  }

  function isOver(): boolean {
    return current.entries.every(({ state }) => state === "done");
  }
}
