import { type ChangeLock, type Holder, takeLock } from "../../apply/change-lock";
import { isOver } from "../../apply/journal";
import { readJournal } from "../../apply/journal-store";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";
import { ToolRefusal } from "./refusal";

/** Does what changes the Mac or the server, one such thing at a time as in every window. @throws ToolRefusal while another is under way */
export async function asToolChange<T>(
  what: Pick<Holder, "title" | "journal">,
  work: (lock: ChangeLock) => Promise<T>,
): Promise<T> {
  const answer = await takeLock(localStorage, what, getSystem());
  if (answer.kind === "held") {
    throw new ToolRefusal("busy", "Another change is under way. Nothing changed. Try again once it's done.");
  }
  try {
    return await work(answer.lock);
  } finally {
    await answer.lock.release();
  }
}

/** @throws ToolRefusal where a change before isn't over: what it did must stay undoable */
export async function refuseUnfinished(): Promise<void> {
  const kept = await readJournal(localStorage).catch(() => undefined);
  if (kept?.kind === "none" || (kept?.kind === "journal" && isOver(kept.journal))) return;
  throw new ToolRefusal(
    "busy",
    "An earlier change isn't over. Nothing changed. It's at the top of Fit Models to GPU Limit.",
  );
}
