import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Journal, newJournal } from "../../src/apply/journal";
import { clearJournal, readJournal, writeJournal } from "../../src/apply/journal-store";
import type { Storage } from "../../src/apply/storage";
import type { Step } from "../../src/apply/steps";
import { keptIn } from "./kept";

const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const LOAD: Step = { kind: "load", name: "a:1b-8k", expected: { numCtx: 8192, bytes: 10, leastBytes: 5 } };

function journalOf(title: string): Journal {
  const about = { title, model: "a:1b", digest: "d", url: "http://127.0.0.1:11434" };
  return newJournal(about, [LIMIT, LOAD], new Date("2026-11-24T10:00:00Z"));
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
      text.replace('"version":2', '"version":1'),
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
      const newer = text.replace('"version":2', '"version":3').replace('"title"', '"heading"');
      const kept = keptIn(new Map([...storage.texts, [key, newer]]));
      expect(await readJournal(kept)).toEqual({ kind: "unreadable", why: "newer-version" });
    }
  });

  it("is not taken for nothing where the storage itself fails", async () => {
    const storage = { ...keptIn(), get: () => Promise.reject(new Error("locked")) };
    await expect(readJournal(storage)).rejects.toThrow("locked");
  });
});
