import { showToast, Toast } from "@raycast/api";
import { type ChangeLock, type Holder, takeLock } from "../../apply/change-lock";
import { localStorage } from "../../app/local-storage";
import { getSystem } from "../../app/system";
import { refreshMenuBar } from "./refresh-menu-bar";

/**
 * Does what changes the Mac or the server, once the person has agreed to it: one such thing at a time, in whichever
 * window. Resolves to undefined where another is under way, and says which.
 */
export async function asOneChange<T>(
  what: Pick<Holder, "title" | "journal">,
  work: (lock: ChangeLock) => Promise<T>,
): Promise<T | undefined> {
  const answer = await takeLock(localStorage, what, getSystem());
  if (answer.kind === "held") {
    await showToast({
      style: Toast.Style.Failure,
      title: "Another Change Is Under Way",
      message: `Nothing changed. Try again once it's done: ${answer.title}.`,
    });
    return undefined;
  }
  try {
    return await work(answer.lock);
  } finally {
    await answer.lock.release();
    await refreshMenuBar(what.title);
  }
}
