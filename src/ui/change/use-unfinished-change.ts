import { usePromise } from "@raycast/utils";
import { lockHolder } from "../../apply/change-lock";
import { type Journal, journalState } from "../../apply/journal";
import { type KeptJournal, readJournal } from "../../apply/journal-store";
import { reviewJournal } from "../../apply/review-journal";
import { changeSystem } from "./change-system";
import type { Settings } from "../../app/preferences";
import type { Snapshot } from "../../app/snapshot";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";

/** A change that has not come to its end, or the record of one that this version can't read. */
export type UnfinishedChange = OpenChange | Extract<KeptJournal, { readonly kind: "unreadable" }>;

export interface OpenChange {
  readonly kind: "open";
  readonly journal: Journal;
  /** Whether some window is still at it. */
  readonly state: "running" | "left";
  /** It is about the server that is asked now, so that it can be continued. */
  readonly isHere: boolean;
}

/** The change that was left before its end, held against the system; undefined where there is none. */
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
  const kept = await readJournal(localStorage);
  if (kept.kind === "none" || snapshot === undefined) return undefined;
  if (kept.kind === "unreadable") return kept;
  const { journal } = kept;
  const state = journalState(journal, await lockHolder(localStorage, getSystem().now()));
  if (state === "finished") return undefined;
  const isHere = journal.url === snapshot.url;
  const system = changeSystem(settings, snapshot);
  if (state === "running" || !isHere || system === undefined) return { kind: "open", journal, state, isHere };
  const reviewed = await reviewJournal(system, journal);
  return { kind: "open", journal: reviewed, state, isHere };
}
