import type { Steps } from "../fit/steps";

/** What a person doesn't notice, with room for a step that takes longer. */
const SLICE_MS = 20;

/** Does work slice by slice and lets the screen draw in between. @throws the signal's reason once that aborts */
export async function inSlices<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  let began = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
