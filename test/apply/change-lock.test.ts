import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  AHEAD_MS,
  type ChangeLock,
  type Holder,
  lockHolder,
  type LockAnswer,
  SIGN_EVERY_MS,
  SILENT_AFTER_MS,
  takeLock,
} from "../../src/apply/change-lock";
import type { Storage } from "../../src/apply/storage";
import { keptIn } from "./kept";

const DAY_MS = 24 * 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: new Date("2026-11-24T10:00:00Z") }));
afterEach(() => void vi.useRealTimers());

const system = { now: () => new Date(), pause: async () => {} };
const take = (storage: Storage, title = "Raise") => takeLock(storage, { title, journal: "j" }, system);

function lockOf(answer: LockAnswer): ChangeLock {
  if (answer.kind !== "taken") throw new Error(`Held by ${answer.title}`);
  return answer.lock;
}

/** A window that is closed: nothing of it runs any more. */
function close(): void {
  vi.clearAllTimers();
}

describe("the lock for what changes the Mac or the server", () => {
  it("is held by one, says at what, and is free once released", async () => {
    const storage = keptIn();
    const lock = lockOf(await take(storage));
    expect(await lock.isOurs()).toBe(true);
    expect(await lockHolder(storage, new Date())).toMatchObject({ title: "Raise", journal: "j" });
    expect(await take(storage, "Other")).toEqual({ kind: "held", title: "Raise" });
    await lock.release();
    expect(await lockHolder(storage, new Date())).toBeUndefined();
    expect(storage.texts.size).toBe(0);
    lockOf(await take(storage, "Other"));
  });

  it("stays held as long as its holder gives a sign of life, every few seconds", async () => {
    const storage = keptIn();
    const lock = lockOf(await take(storage));
    for (let minutes = 0; minutes < 60; minutes += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await take(storage, "Other")).toEqual({ kind: "held", title: "Raise" });
    }
    const { at } = (await lockHolder(storage, new Date())) ?? { at: 0 };
    expect(Date.now() - at).toBeLessThanOrEqual(SIGN_EVERY_MS);
    expect(SIGN_EVERY_MS).toBeLessThan(SILENT_AFTER_MS / 2);
    await lock.release();
  });

  it("is free once its holder was closed and has been silent", async () => {
    const storage = keptIn();
    await take(storage);
    close();
    vi.setSystemTime(Date.now() + SILENT_AFTER_MS - 1);
    expect((await take(storage, "Other")).kind).toBe("held");
    vi.setSystemTime(Date.now() + 1);
    lockOf(await take(storage, "Other"));
  });

  it.each([
    ["back", -DAY_MS],
    ["forward", DAY_MS],
  ])("locks nobody out where the clock was set %s by a day after its holder was closed", async (_, ms) => {
    const storage = keptIn();
    await take(storage);
    close();
    vi.setSystemTime(Date.now() + ms);
    expect(await lockHolder(storage, new Date())).toBeUndefined();
    lockOf(await take(storage, "Other"));
  });

  it.each([-DAY_MS, DAY_MS])("is held again at the next sign of life where the clock was set by %d ms", async (ms) => {
    const storage = keptIn();
    const lock = lockOf(await take(storage));
    vi.setSystemTime(Date.now() + ms);
    await vi.advanceTimersByTimeAsync(SIGN_EVERY_MS);
    expect((await take(storage, "Other")).kind).toBe("held");
    expect(await lock.isOurs()).toBe(true);
  });

  it("believes a clock that is a little behind", async () => {
    const storage = keptIn();
    await take(storage);
    close();
    vi.setSystemTime(Date.now() - AHEAD_MS);
    expect((await take(storage, "Other")).kind).toBe("held");
    vi.setSystemTime(Date.now() - 1);
    expect((await take(storage, "Other")).kind).toBe("taken");
  });

  it("goes to one of two that take it at the same moment", async () => {
    const storage = keptIn();
    const slow = { now: () => new Date(), pause: () => new Promise<void>((resolve) => setTimeout(resolve, 100)) };
    const both = Promise.all(["One", "Other"].map((title) => takeLock(storage, { title }, slow)));
    await vi.advanceTimersByTimeAsync(100);
    const answers = await both;
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["held", "taken"]);
    const taken = answers.findIndex(({ kind }) => kind === "taken");
    expect((await lockHolder(storage, new Date()))?.title).toBe(["One", "Other"][taken]);
  });

  it("is lost by a window that slept while another took it, and is neither signed nor released by it", async () => {
    const kept = keptIn();
    const signs: string[] = [];
    const storage: Storage = {
      ...kept,
      set: async (key, text) => {
        signs.push((JSON.parse(text) as Holder).title);
        await kept.set(key, text);
      },
    };
    const lock = lockOf(await take(storage));
    vi.setSystemTime(Date.now() + SILENT_AFTER_MS);
    const other = lockOf(await take(storage, "Other"));
    expect(await lock.isOurs()).toBe(false);
    await vi.advanceTimersByTimeAsync(3 * SIGN_EVERY_MS);
    await lock.release();
    expect(signs).toEqual(["Raise", "Other", "Other", "Other", "Other"]);
    expect((await lockHolder(storage, new Date()))?.title).toBe("Other");
    expect(await other.isOurs()).toBe(true);
    await other.release();
    expect(await lock.isOurs()).toBe(false);
  });

  it("does not come back by a sign of life that was under way when it was released", async () => {
    const kept = keptIn();
    let letGo: (() => void) | undefined;
    let slow = false;
    const storage: Storage = {
      ...kept,
      set: async (key, text) => {
        if (slow) await new Promise<void>((resolve) => (letGo = resolve));
        await kept.set(key, text);
      },
    };
    const lock = lockOf(await take(storage));
    slow = true;
    await vi.advanceTimersByTimeAsync(SIGN_EVERY_MS);
    const released = lock.release();
    letGo?.();
    await released;
    expect(kept.texts.size).toBe(0);
  });

  it("holds nobody back where the storage fails, in whichever way", async () => {
    const fail = () => Promise.reject(new Error("disk full"));
    for (const broken of [{ set: fail }, { get: fail }, { get: fail, set: fail, remove: fail }, { remove: fail }]) {
      const lock = lockOf(await take({ ...keptIn(), ...broken }));
      expect(await lock.isOurs()).toBe(true);
      await vi.advanceTimersByTimeAsync(2 * SIGN_EVERY_MS);
      expect(await lock.isOurs()).toBe(true);
      await lock.release();
    }
  });

  it("is ours where the storage answered late but kept it, and is free once released", async () => {
    const storage = keptIn();
    const set: Storage["set"] = async (key, text) => {
      await storage.set(key, text);
      throw new Error("Raycast's storage didn't answer in time.");
    };
    const lock = lockOf(await take({ ...storage, set }));
    expect(await lock.isOurs()).toBe(true);
    expect(await take(storage, "Other")).toEqual({ kind: "held", title: "Raise" });
    await lock.release();
    expect(await lockHolder(storage, new Date())).toBeUndefined();
  });

  it("is free where what is kept makes no sense, or is cut at whichever byte", async () => {
    const storage = keptIn();
    await take(storage);
    const [[key, text] = ["", ""]] = [...storage.texts];
    for (let bytes = 0; bytes < text.length; bytes += 1) {
      expect(await lockHolder(keptIn(new Map([[key, text.slice(0, bytes)]])), new Date()), `${bytes}`).toBeUndefined();
    }
    for (const other of ["null", "[]", "{}", text.replace(/"at":\d+/, '"at":"now"'), text.replace('"owner"', '"o"')]) {
      expect(await lockHolder(keptIn(new Map([[key, other]])), new Date())).toBeUndefined();
    }
    expect(await lockHolder(keptIn(new Map([[key, text]])), new Date())).toBeDefined();
  });
});
