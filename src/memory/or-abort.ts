/**
 * Settles as `work` does, or rejects with the reason of `signal` as soon as that aborts: work that ignores the signal
 * (a dead network mount, a server that sends nothing) can't hold the caller.
 */
export async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
