import { LocalStorage } from "@raycast/api";
import type { Storage } from "../apply/storage";
import { orAbort } from "../memory/or-abort";

/** It takes milliseconds; one that's stuck must not hold a list or a change for ever. */
const ANSWER_MS = 3_000;

/**
 * What the extension keeps on this Mac: the journal of a change and the loads that were verified. What hasn't answered in
 * time counts as failed; where it comes late all the same, it's what was asked for.
 */
export const localStorage: Storage = {
  get: async (key) => {
    const value = await inTime(LocalStorage.getItem(key));
    return typeof value === "string" ? value : undefined;
  },
  set: (key, text) => inTime(LocalStorage.setItem(key, text)),
  remove: (key) => inTime(LocalStorage.removeItem(key)),
};

async function inTime<T>(work: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = () => limit.abort(new Error("Raycast's storage didn't answer in time."));
  const timer = setTimeout(late, ANSWER_MS);
  try {
    return await orAbort(work, limit.signal);
  } finally {
    clearTimeout(timer);
  }
}
