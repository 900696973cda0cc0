import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Journal, newJournal, newUndo } from "../../src/apply/journal";
import { clearJournal, readEarlier, readJournal, writeJournal } from "../../src/apply/journal-store";
import type { Storage } from "../../src/apply/storage";
import type { Step } from "../../src/apply/steps";
import { keptIn } from "./kept";

const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const LOAD: Step = { kind: "load", name: "a:1b-8k", expected: { numCtx: 8192, bytes: 10, leastBytes: 5 } };

function journalOf(title: string): Journal {
  const about = { title, model: "a:1b", digest: "d", url: "http://127.0.0.1:11434" };
  return newJournal(about, [LIMIT, LOAD], new Date("2026-11-24T10:00:00Z"));
}

/** The same once its limit is set. */
function madeIn(journal: Journal): Journal {
  const undo: readonly Step[] = [{ kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" }];
  const entries = journal.entries.with(0, { step: LIMIT, state: "done", effect: { kind: "made", undo } });
  return { ...journal, entries };
}

const titleIn = async (storage: Storage) => {
  const kept = await readJournal(storage);
  return kept.kind === "journal" ? kept.journal.title : kept.kind;
};

describe("the journal that is kept", () => {
  it("is read back as it was written last, and is gone once it is cleared", async () => {
    const storage = keptIn();
    expect(await readJournal(storage)).toEqual({ kind: "none" });
    for (const title of ["One", "Two", "Three", "Four"]) {
      const journal = journalOf(title);
      await writeJournal(storage, journal);
      expect(await readJournal(storage)).toEqual({ kind: "journal", journal });
    }
    await clearJournal(storage);
    expect(storage.texts.size).toBe(0);
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("is the one before where the text of the last was cut, at whichever byte", async () => {
    for (const earlier of [1, 2, 3]) {
      const storage = keptIn();
      for (let count = 1; count <= earlier; count += 1) await writeJournal(storage, journalOf(`${count}`));
      const before = new Map(storage.texts);
      await writeJournal(storage, journalOf("last"));
      const [[key, text] = ["", ""]] = [...storage.texts].filter(([slot, now]) => before.get(slot) !== now);
      expect(text).toContain("last");
      for (let bytes = 0; bytes < text.length; bytes += 1) {
        const cut = keptIn(new Map([...before, [key, text.slice(0, bytes)]]));
        expect(await titleIn(cut), `${bytes} bytes`).toBe(`${earlier}`);
        // And it goes on from there.
        await writeJournal(cut, journalOf("next"));
        expect(await titleIn(cut)).toBe("next");
      }
    }
  });

  it("does not come back from the dead where clearing stops in the middle", async () => {
    for (const writes of [1, 2, 3]) {
      const storage = keptIn();
      for (let count = 1; count <= writes; count += 1) await writeJournal(storage, journalOf(`${count}`));
      let removals = 0;
      const failing: Storage = {
        ...storage,
        remove: async (key) => {
          removals += 1;
          if (removals === 2) throw new Error("disk full");
          await storage.remove(key);
        },
      };
      await expect(clearJournal(failing)).rejects.toThrow("disk full");
      expect(await titleIn(storage)).toBe(`${writes}`);
    }
  });

  it("is said to be damaged where nothing of it is whole, and is not taken for nothing", async () => {
    const storage = keptIn();
    await writeJournal(storage, journalOf("One"));
    const [[key, text] = ["", ""]] = [...storage.texts];
    const damaged = [
      text.slice(0, -1),
      text.replace('"set-limit"', '"run-anything"'),
      text.replace('"waiting"', '"perhaps"'),
      text.replace(/"entries":\[.*\]/, '"entries":[]'),
      text.replace('"version":3', '"version":2'),
      text.replace('"earlier":[]', '"earlier":[{}]'),
      text.replace('"turn":1', '"turn":-1'),
      "null",
      "[]",
      '"journal"',
      "",
    ];
    for (const each of damaged) {
      expect(each).not.toBe(text);
      expect(await readJournal(keptIn(new Map([[key, each]])))).toEqual({ kind: "unreadable", why: "damaged" });
    }
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        expect((await readJournal(keptIn(new Map([[key, json]])))).kind).toBe("unreadable");
      }),
    );
  });

  it("of a newer version is left to it, whatever stands beside it", async () => {
    const storage = keptIn();
    await writeJournal(storage, journalOf("One"));
    await writeJournal(storage, journalOf("Two"));
    for (const [key, text] of [...storage.texts]) {
      const newer = text.replace('"version":3', '"version":4').replace('"title"', '"heading"');
      const kept = keptIn(new Map([...storage.texts, [key, newer]]));
      expect(await readJournal(kept)).toEqual({ kind: "unreadable", why: "newer-version" });
    }
  });

  it("comes back with its Undo once what took its place is undone, was cancelled or dismissed", async () => {
    const storage = keptIn();
    const [one, two, three] = ["One", "Two", "Three"].map((title) => madeIn(journalOf(title)));
    if (one === undefined || two === undefined || three === undefined) throw new Error("none");
    for (const journal of [one, two, two, three]) await writeJournal(storage, journal);
    expect(await readEarlier(storage)).toEqual([two, one]);
    // The undo of the last one stands in its place, and gives it back where it did nothing.
    const undo = newUndo(three, new Date("2026-11-24T11:00:00Z"));
    for (const journal of [undo, three, undo]) await writeJournal(storage, journal);
    expect(await readEarlier(storage)).toEqual([two, one]);
    await clearJournal(storage, undo.id);
    expect(await readJournal(storage)).toEqual({ kind: "journal", journal: two });
    // One that was never begun took nobody's place.
    await clearJournal(storage, "never begun");
    expect(await readJournal(storage)).toEqual({ kind: "journal", journal: two });
    await clearJournal(storage);
    expect(await readJournal(storage)).toEqual({ kind: "journal", journal: one });
    await clearJournal(storage);
    expect(storage.texts.size).toBe(0);
  });

  it("isn't kept behind another where nothing of it can be undone, and only the last ten are", async () => {
    const storage = keptIn();
    for (const title of ["One", "Two"]) await writeJournal(storage, journalOf(title));
    expect(await readEarlier(storage)).toEqual([]);
    const made = Array.from({ length: 12 }, (_, count) => madeIn(journalOf(`${count}`)));
    for (const journal of made) await writeJournal(storage, journal);
    expect((await readEarlier(storage)).map(({ title }) => title)).toEqual([
      "10",
      "9",
      "8",
      "7",
      "6",
      "5",
      "4",
      "3",
      "2",
      "1",
    ]);
  });

  it("is not taken for nothing where the storage itself fails", async () => {
    const storage = { ...keptIn(), get: () => Promise.reject(new Error("locked")) };
    await expect(readJournal(storage)).rejects.toThrow("locked");
  });
});
