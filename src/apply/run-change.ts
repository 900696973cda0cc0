import { executeStep } from "./execute-step";
import { clearJournal, hasChanged, type Journal, type JournalEntry, SIGN_EVERY_MS, writeJournal } from "./journal";
import { recordLoad } from "./load-history";
import type { LoadReport } from "./load-report";
import { type ChangeSystem, leavesSomething, type Step, type StepOf } from "./steps";
import type { Storage } from "./storage";

export interface RunOptions {
  readonly system: ChangeSystem;
  readonly storage: Storage;
  readonly now: () => Date;
  /** Called before each step. */
  readonly onStep?: (step: Step, index: number, count: number) => void;
}

export type RunResult =
  | {
      readonly kind: "finished";
      readonly journal: Journal;
      readonly load?: { readonly report: LoadReport; readonly step: StepOf<"load"> };
      /** What else has to be known, as sentences. */
      readonly notes: readonly string[];
    }
  /** Stopped at a step; `isLeft` = something was changed before, and the journal is kept. */
  | {
      readonly kind: "cancelled" | "failed";
      readonly journal: Journal;
      readonly step: Step;
      readonly reason: string;
      readonly isLeft: boolean;
    };

/**
 * Carries out what a journal still has to do, step by step, each written down before it begins and checked before the
 * next. It stops at the first that does not succeed. A journal that is finished stays, for undoing; one that changed
 * nothing is thrown away.
 */
export async function runChange(journal: Journal, options: RunOptions): Promise<RunResult> {
  const { system, storage, now } = options;
  // Loading alone leaves nothing behind, and must not take the place of a change that can be undone.
  const keeps = journal.entries.some(({ step }) => leavesSomething(step));
  const notes: string[] = [];
  let current = journal;
  const write = (entries: readonly JournalEntry[]) => {
    current = { ...current, entries, aliveAt: now().getTime() };
    return keeps ? writeJournal(storage, current) : Promise.resolve();
  };
  const sign = setInterval(() => void write(current.entries).catch(() => undefined), SIGN_EVERY_MS);
  let load: Extract<RunResult, { kind: "finished" }>["load"];
  try {
    for (const [index, { step, state }] of journal.entries.entries()) {
      if (state === "done") continue;
      if (system.signal?.aborted) return await stopped("cancelled", step, "Stopped before this step.");
      const mark = (entry: Omit<JournalEntry, "step">) =>
        write(current.entries.map((other, place) => (place === index ? { step, ...entry } : other)));
      await mark({ state: "running" });
      options.onStep?.(step, index, journal.entries.length);
      const outcome = await executeStep(system, step);
      if (outcome.kind === "cancelled" || outcome.kind === "failed") {
        await mark({ state: "failed", reason: outcome.reason });
        return await stopped(outcome.kind, step, outcome.reason);
      }
      if (outcome.kind === "loaded" && step.kind === "load") {
        load = { report: outcome.report, step };
        await recordLoad(storage, outcome.digest, outcome.report, step.expected, now());
      }
      if (outcome.kind === "done" && outcome.note !== undefined) notes.push(outcome.note);
      await mark({ state: "done" });
    }
    clearInterval(sign);
    if (current.isUndo) await clearJournal(storage);
    return { kind: "finished", journal: current, notes, load };
  } finally {
    clearInterval(sign);
  }

  async function stopped(kind: "cancelled" | "failed", step: Step, reason: string): Promise<RunResult> {
    // A sign that came after it would bring the journal back.
    clearInterval(sign);
    const isLeft = hasChanged(current);
    if (keeps && !isLeft) await clearJournal(storage);
    return { kind, journal: current, step, reason, isLeft };
  }
}
