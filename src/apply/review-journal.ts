import type { Journal, JournalEntry } from "./journal";
import { type ChangeSystem, isInEffect, leavesSomething } from "./steps";

/**
 * An unfinished journal, checked against the system: a step that was cut off may have taken effect, and one that
 * was done may be gone, as a limit is after a restart of the Mac. What cannot be read now stays as it was written.
 */
export async function reviewJournal(system: ChangeSystem, journal: Journal): Promise<Journal> {
  const entries = await Promise.all(journal.entries.map((entry) => review(system, entry)));
  return { ...journal, entries };
}

async function review(system: ChangeSystem, entry: JournalEntry): Promise<JournalEntry> {
  const { step, state } = entry;
  if (state === "waiting") return entry;
  // What has to be done to count cannot be seen afterwards.
  if (!leavesSomething(step)) {
    return state === "running" ? { step, state: "waiting" } : entry;
  }
  try {
    return (await isInEffect(system, step))
      ? { step, state: "done" }
      : state === "failed"
        ? entry
        : { step, state: "waiting" };
  } catch {
    return state === "running" ? { step, state: "waiting" } : entry;
  }
}
