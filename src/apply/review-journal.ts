import { effectOfSeen, NONE } from "./effect";
import type { Journal, JournalEntry } from "./journal";
import { type ChangeSystem, leavesSomething, lookAt } from "./steps";

/**
 * A journal that was left before its end, held against the system: a step that was cut off may have taken effect, and one
 * that was done may be gone, as a limit is after a restart of the Mac. What can't be read now stays as it was written.
 * Never throws.
 */
export async function reviewJournal(system: ChangeSystem, journal: Journal): Promise<Journal> {
  const entries = await Promise.all(journal.entries.map((entry) => review(system, entry)));
  return { ...journal, entries };
}

async function review(system: ChangeSystem, entry: JournalEntry): Promise<JournalEntry> {
  const { step, state, effect } = entry;
  if (state === "waiting" || !leavesSomething(step)) return entry;
  const seen = await lookAt(system, step);
  switch (seen.kind) {
    case "in-effect":
      return { step, state: "done", effect: effectOfSeen(effect) };
    case "as-planned":
      return state === "failed" && effect.kind === "none" ? entry : { step, state: "waiting", effect: NONE };
    case "other":
      return state === "running" ? { step, state: "failed", effect, reason: seen.reason } : entry;
    case "partly":
    case "unseen":
    case "unreadable":
      return entry;
  }
}
