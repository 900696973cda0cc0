/** The time of a stand-in Mac: it passes where something waits, and what was put off until then happens in order. */
export interface MacClock {
  now(): Date;
  /** Does some work once so much time has passed. */
  after(milliseconds: number, work: () => void): void;
  advance(milliseconds: number): void;
}

/** A clock that starts at a fixed time, or goes with the real one; both are moved on by what waits on the Mac. */
export function createMacClock(startsAt?: Date): MacClock {
  let waited = 0;
  const due: { readonly at: number; readonly work: () => void }[] = [];
  return {
    now: () => new Date((startsAt?.getTime() ?? Date.now()) + waited),
    after: (milliseconds, work) => {
      due.push({ at: waited + milliseconds, work });
      due.sort((a, b) => a.at - b.at);
    },
    advance: (milliseconds) => {
      const until = waited + milliseconds;
      for (let next = due[0]; next !== undefined && next.at <= until; next = due[0]) {
        due.shift();
        waited = next.at;
        next.work();
      }
      waited = until;
    },
  };
}
