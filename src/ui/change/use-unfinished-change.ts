import { usePromise } from "@raycast/utils";
import { type Journal, journalState, readJournal } from "../../apply/journal";
import { reviewJournal } from "../../apply/review-journal";
import { changeSystem } from "./change-system";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";

/** A change that didn't finish, and whether some command is still working on it. */
export interface UnfinishedChange {
  readonly journal: Journal;
  readonly state: "running" | "left";
  /** It's about the server in the preferences now, so it can be continued. */
  readonly isHere: boolean;
}

/** The unfinished change, checked against the system; undefined where there's none. */
export function useUnfinishedChange(settings: Settings, snapshot: Snapshot | undefined) {
  return usePromise(
    (current: Snapshot | undefined) => readUnfinishedChange(settings, current),
    [snapshot],
    // What was kept is not lost by not being shown this time.
    { onError: () => {} },
  );
}

async function readUnfinishedChange(
  settings: Settings,
  snapshot: Snapshot | undefined,
): Promise<UnfinishedChange | undefined> {
  const journal = await readJournal(localStorage);
  if (journal === undefined || snapshot === undefined) return undefined;
  const state = journalState(journal, getSystem().now());
  if (state === "finished") return undefined;
  const isHere = journal.url === snapshot.url;
  const system = changeSystem(settings, snapshot);
  if (state === "running" || !isHere || system === undefined) return { journal, state, isHere };
  const reviewed = await reviewJournal(system, journal);
  return { journal: reviewed, state, isHere };
}
