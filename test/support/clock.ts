import type { System } from "../../src/app/system";

/** A system's clock that stands still until a test moves it on. */
export interface Clock extends Required<Pick<System, "later">> {
  /** How much work waits for its time. */
  waiting(): number;
  /** Moves on and starts what has become due, in order; what follows from it has to be waited for. */
  advance(milliseconds: number): void;
}

export function createClock(): Clock {
  let time = 0;
  const waiting = new Set<{ readonly at: number; readonly work: () => void }>();
  return {
    later: (milliseconds, work) => {
      const entry = { at: time + milliseconds, work };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
    waiting: () => waiting.size,
    advance: (milliseconds) => {
      time += milliseconds;
      for (const entry of [...waiting].sort((a, b) => a.at - b.at)) {
        if (entry.at > time || !waiting.delete(entry)) continue;
        entry.work();
      }
    },
  };
}
