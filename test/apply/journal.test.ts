import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect } from "../../src/apply/effect";
import {
  canUndo,
  hasChanged,
  isJournal,
  type Journal,
  type JournalEntry,
  journalState,
  newJournal,
  newUndo,
  stepsBack,
} from "../../src/apply/journal";
import { leavesSomething, type Step } from "../../src/apply/steps";

const NOW = new Date("2026-11-24T10:00:00Z");
const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const BACK: Step = { kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" };
const RESTART: Step = { kind: "restart-ollama" };
const VARIANT: Step = { kind: "create-variant", source: "a:1b", name: "a:1b-8k", numCtx: 8192 };
const REMOVE: Step = { kind: "remove-variant", name: "a:1b-8k", made: { digest: "d" } };
const LOAD: Step = { kind: "load", name: "a:1b-8k", expected: { numCtx: 8192, bytes: 10, leastBytes: 5 } };
const NONE: Effect = { kind: "none" };
const made = (...undo: readonly Step[]): Effect => ({ kind: "made", undo });

const about = { title: "Raise", model: "a:1b", digest: "d", url: "http://127.0.0.1:11434" };
const journalOf = (...entries: readonly JournalEntry[]): Journal => ({ ...newJournal(about, [], NOW), entries });

describe("a journal", () => {
  it("begins with nothing done, under a name of its own", () => {
    const [one, other] = [newJournal(about, [LIMIT, LOAD], NOW), newJournal(about, [LIMIT, LOAD], NOW)];
    expect(one.entries).toEqual([
      { step: LIMIT, state: "waiting", effect: NONE },
      { step: LOAD, state: "waiting", effect: NONE },
    ]);
    expect(one.id).not.toBe(other.id);
    expect(canUndo(one)).toBe(false);
  });

  it("runs as long as who carries it out holds the lock, then it counts as left", () => {
    const journal = newJournal(about, [LIMIT], NOW);
    const holder = { owner: "o", title: "Raise", at: 0 };
    expect(journalState(journal, { ...holder, journal: journal.id })).toBe("running");
    expect(journalState(journal, { ...holder, journal: "another" })).toBe("left");
    expect(journalState(journal, holder)).toBe("left");
    expect(journalState(journal, undefined)).toBe("left");
    const finished = journalOf({ step: LIMIT, state: "done", effect: NONE });
    expect(journalState(finished, { ...holder, journal: finished.id })).toBe("finished");
  });

  it("has changed something once a step that stays was made, or may have been", () => {
    const changed = (step: Step, effect: Effect) => hasChanged(journalOf({ step, state: "done", effect }));
    expect(changed(LIMIT, made(BACK))).toBe(true);
    expect(changed(LIMIT, { kind: "unknown", undo: [BACK] })).toBe(true);
    expect(changed(LIMIT, { kind: "found" })).toBe(false);
    expect(changed(LIMIT, NONE)).toBe(false);
    expect(changed(LOAD, made())).toBe(false);
    expect([LIMIT, VARIANT, RESTART, LOAD].map(leavesSomething)).toEqual([true, true, false, false]);
  });

  it("takes back what was made or may have been, in the order of steps, and nothing else", () => {
    const journal = journalOf(
      { step: VARIANT, state: "done", effect: made(REMOVE) },
      { step: RESTART, state: "running", effect: { kind: "unknown", undo: [RESTART] } },
      { step: LIMIT, state: "failed", effect: made(BACK), reason: "Differs." },
      { step: VARIANT, state: "done", effect: { kind: "found" } },
      { step: LOAD, state: "waiting", effect: NONE },
    );
    expect(stepsBack(journal)).toEqual([BACK, RESTART, REMOVE]);
    expect(canUndo(journal)).toBe(true);
  });

  it("restarts nothing where only a restart was made", () => {
    expect(stepsBack(journalOf({ step: RESTART, state: "done", effect: made(RESTART) }))).toEqual([]);
  });

  it("of an undo keeps what it undoes, and is not undone itself", () => {
    const change = journalOf({ step: LIMIT, state: "done", effect: made(BACK) });
    const undo = newUndo(change, NOW);
    expect(undo).toMatchObject({ undoes: change, title: "Raise", entries: [{ step: BACK, state: "waiting" }] });
    const undone = { ...undo, entries: [{ step: BACK, state: "done" as const, effect: made(LIMIT) }] };
    expect(canUndo(undone)).toBe(false);
    expect(isJournal(JSON.parse(JSON.stringify(undone)))).toBe(true);
    expect(isJournal({ ...undone, undoes: undone })).toBe(false);
  });
});

describe("the stored form of a journal", () => {
  const stored = (): Record<string, unknown> =>
    JSON.parse(
      JSON.stringify(
        journalOf(
          { step: LIMIT, state: "done", effect: made(BACK) },
          { step: VARIANT, state: "failed", effect: { kind: "unknown", undo: [REMOVE] }, reason: "Cut." },
          { step: LOAD, state: "waiting", effect: NONE },
        ),
      ),
    ) as Record<string, unknown>;

  it("is refused without one of its fields, with one of another type, and with one more", () => {
    expect(isJournal(stored())).toBe(true);
    for (const field of Object.keys(stored())) {
      const without = stored();
      delete without[field];
      expect(isJournal(without), field).toBe(false);
      for (const value of [null, true, {}, [], ["text"]]) {
        expect(isJournal({ ...stored(), [field]: value }), `${field} ${JSON.stringify(value)}`).toBe(false);
      }
    }
    expect(isJournal({ ...stored(), more: 1 })).toBe(false);
  });

  it("is refused where what a step did is not whole", () => {
    const effects: readonly unknown[] = [
      undefined,
      {},
      { kind: "perhaps" },
      { kind: "made" },
      { kind: "none", undo: [] },
      { kind: "made", undo: [{ kind: "set-limit", mib: 0 }] },
      { kind: "made", undo: [BACK], more: 1 },
    ];
    for (const effect of effects) {
      const entries = [{ step: LIMIT, state: "done", effect }];
      expect(isJournal({ ...stored(), entries }), JSON.stringify(effect)).toBe(false);
    }
    expect(isJournal({ ...stored(), entries: [{ step: LIMIT, state: "perhaps", effect: NONE }] })).toBe(false);
  });

  it("is nothing else", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(isJournal(value)).toBe(false)));
  });
});
