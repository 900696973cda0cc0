import { isInContainer } from "../fit/server-origin";
import type { JudgeOptions } from "../fit/run-input";
import { contextsToNote, needsToNote } from "../fit/note-needs";
import type { FitRow } from "./judge-rows";
import { leaveMacNote } from "./mac-note";
import { hostPlace, type Snapshot } from "./snapshot";
import { leaveServerNotes } from "./tick-notes";

/**
 * Leaves for the menu bar what its ticks can't work out themselves. `options` are those of the preferences: a list may be
 * judged by others for the moment. Never throws.
 */
export function leaveNotes(snapshot: Snapshot, rows: readonly FitRow[], options: JudgeOptions): void {
  leaveMacNote(snapshot.machine);
  const { url, state, server, loaded, isLocal, limit } = snapshot;
  if (url === undefined || state.kind !== "answering") return;
  const judged = rows.flatMap(({ input, verdict }) => (input && verdict ? [{ input, verdict }] : []));
  leaveServerNotes(url, {
    isLocal,
    place: isLocal ? undefined : hostPlace(snapshot),
    hasNoGpu: isInContainer(server.identity),
    remoteLimit:
      isLocal || limit.kind === "unknown"
        ? undefined
        : { bytes: Math.round(limit.bytes), sourceText: limit.sourceText, isLeast: limit.isLeast },
    server: {
      version: server.version,
      contextLength: server.contextLength?.value,
      overheadBytes: server.gpuOverheadBytes?.value,
      tierNumCtx: server.tierNumCtx?.value,
    },
    needs: needsToNote(judged, loaded, options),
    planned: contextsToNote(judged),
  });
}
