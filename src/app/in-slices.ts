import type { Steps } from "../fit/steps";

/** What a person doesn't notice, with room for a step that takes longer. */
const SLICE_MS = 20;

/** Does as much of the work as fits into one slice: its next step, or its result. */
export function oneSlice<T>(steps: Steps<T>): IteratorResult<undefined, T> {
  const began = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done || performance.now() - began >= SLICE_MS) return step;
  }
}

/** Does work slice by slice and lets the screen draw in between. @throws the signal's reason once that aborts */
export async function inSlices<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = oneSlice(steps);
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
