import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canUndo,
  clearJournal,
  hasChanged,
  type Journal,
  journalState,
  newJournal,
  readJournal,
  SILENT_AFTER_MS,
  stepsBack,
  type StepState,
  writeJournal,
} from "../../src/apply/journal";
import { leavesSomething, type Step } from "../../src/apply/steps";
import { keptIn } from "./kept";

const NOW = new Date("2026-11-24T10:00:00Z");
const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const VARIANT: Step = { kind: "create-variant", source: "a:1b", name: "a:1b-8k", numCtx: 8192, replaces: false };
const LOAD: Step = { kind: "load", name: "a:1b-8k", expected: { numCtx: 8192, bytes: 10, leastBytes: 5 } };

function journalOf(...states: readonly StepState[]): Journal {
  const about = { title: "Raise", model: "a:1b", url: "http://127.0.0.1:11434", isUndo: false };
  const journal = newJournal(about, [LIMIT, VARIANT, LOAD], NOW);
  return {
    ...journal,
    entries: journal.entries.map((entry, index) => ({ ...entry, state: states[index] ?? "waiting" })),
  };
}

describe("a journal", () => {
  it("is read back as it was written, and is gone once it is cleared", async () => {
    const storage = keptIn();
    const journal = journalOf("done", "failed");
    expect(await readJournal(storage)).toBeUndefined();
    await writeJournal(storage, journal);
    expect(await readJournal(storage)).toEqual(journal);
    await clearJournal(storage);
    expect(await readJournal(storage)).toBeUndefined();
  });

  it("is not there where what was kept is damaged or of another version", async () => {
    const storage = keptIn();
    await writeJournal(storage, journalOf("done"));
    const [[key, text] = ["", ""]] = [...storage.texts];
    const damaged = [
      text.slice(0, -1),
      text.replace('"version":1', '"version":2'),
      text.replace('"set-limit"', '"run-anything"'),
      text.replace('"done"', '"perhaps"'),
      text.replace(/"entries":\[.*\]/, '"entries":[]'),
      "null",
      "[]",
      '"journal"',
    ];
    for (const each of damaged) {
      expect(each).not.toBe(text);
      expect(await readJournal(keptIn(new Map([[key, each]])))).toBeUndefined();
    }
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        expect(await readJournal(keptIn(new Map([[key, json]])))).toBeUndefined();
      }),
    );
  });

  it("is not there where the storage itself fails", async () => {
    const storage = { ...keptIn(), get: () => Promise.reject(new Error("locked")) };
    expect(await readJournal(storage)).toBeUndefined();
  });

  it("runs as long as it gives a sign, then it counts as left", () => {
    const later = (ms: number) => new Date(NOW.getTime() + ms);
    expect(journalState(journalOf("done", "running"), later(SILENT_AFTER_MS - 1))).toBe("running");
    expect(journalState(journalOf("done", "running"), later(SILENT_AFTER_MS))).toBe("left");
    expect(journalState(journalOf("done", "failed"), NOW)).toBe("left");
    expect(journalState(journalOf("done", "done", "done"), later(1e9))).toBe("finished");
  });

  it("has changed something once a step that stays is done", () => {
    expect(hasChanged(journalOf("failed"))).toBe(false);
    expect(hasChanged(journalOf("done", "failed"))).toBe(true);
    expect(hasChanged({ ...journalOf(), entries: [{ step: LOAD, state: "done" }] })).toBe(false);
    expect([LIMIT, VARIANT, LOAD].map(leavesSomething)).toEqual([true, true, false]);
  });

  it("takes back what was begun, also a step that was cut off", () => {
    const kinds = (journal: Journal) => stepsBack(journal).map(({ kind }) => kind);
    expect(kinds(journalOf("done", "running"))).toEqual(["set-limit", "remove-variant"]);
    expect(kinds(journalOf("failed"))).toEqual(["set-limit"]);
    expect(kinds(journalOf())).toEqual([]);
    expect(canUndo(journalOf("done"))).toBe(true);
    expect(canUndo(journalOf())).toBe(false);
  });

  it("of an undo is not undone itself", () => {
    const undo = { ...journalOf("done"), isUndo: true };
    expect(stepsBack(undo)).toEqual([]);
    expect(canUndo(undo)).toBe(false);
  });
});
