/** Work that pauses where it could be interrupted: whoever runs it may do something else in between, or give up. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Runs it to its end in one go. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
