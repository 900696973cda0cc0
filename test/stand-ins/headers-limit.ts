/**
 * Fetch as Node's, which gives a request up, and closes its connection, where the headers of the answer take longer than
 * `milliseconds` (300,000 there; undici's headersTimeout).
 */
export function withHeadersLimit(inner: typeof fetch, milliseconds: number): typeof fetch {
  return async (input, init) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), milliseconds);
    const signal = init?.signal ? AbortSignal.any([init.signal, limit.signal]) : limit.signal;
    try {
      return await inner(input, { ...init, signal });
    } catch (error) {
      if (!limit.signal.aborted || init?.signal?.aborted) throw error;
      const cause = Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" });
      throw new TypeError("fetch failed", { cause });
    } finally {
      clearTimeout(timer);
    }
  };
}
