import type { ByteSource } from "../memory/gguf/byte-source";
import { abortable, asGgufError, GgufError, type GgufFault } from "../memory/gguf/gguf-error";
import type { ReadGgufOptions } from "../memory/gguf/read-header";
import { type GgufModel, readGgufModel } from "../memory/gguf/read-model";

export interface RangeSourceOptions {
  readonly fetch?: typeof fetch;
  /** Sent to the origin of the given URL only, never to where it redirects later requests. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time for one request with its body, in milliseconds. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 15_000;

const STATUS_FAULTS: Readonly<Partial<Record<number, [GgufFault, string]>>> = {
  200: ["http-no-range", "The server sends only whole files, no parts; nothing was downloaded."],
  401: ["http-unauthorized", "The server asks for a sign-in: the model is private or gated."],
  403: ["http-forbidden", "The server refuses access: the model is private or gated."],
  404: ["http-not-found", "The server has no such file."],
  416: ["truncated", "The file on the server is cut off: it is shorter than its header."],
};

/**
 * A file on an HTTP server, read by ranges. Each answer must be a 206 with exactly the range that was asked for, of a
 * file that is still the same; any other body is not downloaded. Where a redirect led is kept for later requests.
 *
 * Reading throws GgufError only: "http-…", "network", "timeout", "aborted", "truncated".
 */
export function rangeSource(url: string, options: RangeSourceOptions = {}): ByteSource {
  const { fetch: fetchRange = fetch, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  let directUrl = url;
  let size: number | undefined;
  let etag: string | undefined;

  async function request(target: string, first: number, last: number, signal: AbortSignal): Promise<Response> {
    const response = await abortable(
      fetchRange(target, {
        headers: {
          ...(sameOrigin(target, url) ? headers : {}),
          // With a Range, fetch itself asks for an answer that is not compressed.
          Range: `bytes=${first}-${last}`,
        },
        signal,
      }),
      signal,
      "network",
    );
    if (response.status === 206) return response;
    discard(response);
    const [fault, message] = STATUS_FAULTS[response.status] ?? [
      "http-status",
      `The server answers with status ${response.status}.`,
    ];
    throw new GgufError(fault, message);
  }

  /** From where the first request was led; signed addresses expire, then from the start again. */
  async function requestDirect(first: number, last: number, signal: AbortSignal): Promise<Response> {
    try {
      return await request(directUrl, first, last, signal);
    } catch (error) {
      const expired = error instanceof GgufError && ["http-unauthorized", "http-forbidden"].includes(error.fault);
      if (!expired || directUrl === url) throw error;
      directUrl = url;
      return request(url, first, last, signal);
    }
  }

  async function readRange(first: number, last: number, signal: AbortSignal): Promise<Uint8Array> {
    const response = await requestDirect(first, last, signal);
    try {
      const total = checkedTotal(response.headers.get("content-range"), first, last);
      const tag = response.headers.get("etag") ?? undefined;
      if ((size ?? total) !== total || (etag !== undefined && tag !== undefined && etag !== tag))
        throw new GgufError("http-changed", "The file on the server changed while it was read.");
      const bytes = await readBody(response, Math.min(last + 1, total) - first, signal);
      size = total;
      etag ??= tag;
      if (/^https?:/.test(response.url)) directUrl = response.url;
      return bytes;
    } catch (error) {
      discard(response);
      throw error;
    }
  }

  return {
    get size() {
      return size;
    },
    async read(offset, length, signal) {
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(new DOMException("Time limit", "TimeoutError")), timeoutMs);
      const bounded = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
      try {
        return await readRange(offset, offset + length - 1, bounded);
      } catch (error) {
        throw asGgufError(error, "network", bounded);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/**
 * Reads a GGUF model over HTTP; the other parts of a split model are looked for beside it on the server.
 *
 * @throws GgufError always and only
 */
export async function readRemoteModel(
  url: string,
  options: RangeSourceOptions & ReadGgufOptions = {},
): Promise<GgufModel> {
  let name: string;
  try {
    name = decodeURIComponent(new URL(url).pathname.split("/").pop() ?? "");
  } catch (error) {
    throw new GgufError("network", "The address of the model is not a valid URL.", { cause: error });
  }
  return readGgufModel(rangeSource(url, options), {
    ...options,
    fileName: name,
    openSibling: async (sibling) => rangeSource(new URL(encodeURIComponent(sibling), url).href, options),
  });
}

function sameOrigin(target: string, url: string): boolean {
  return target === url || new URL(target).origin === new URL(url).origin;
}

/** Size of the whole file out of `Content-Range: bytes first-last/total`, which must be the range that was asked for. */
function checkedTotal(contentRange: string | null, first: number, last: number): number {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange?.trim() ?? "");
  const [from, to, total] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (!match || from !== first || to !== Math.min(last, total - 1))
    throw new GgufError("http-bad-range", "The server sends another part of the file than was asked for.");
  return total;
}

/** The body, which must have exactly `length` bytes; more than that is never taken in. */
async function readBody(response: Response, length: number, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = reader ? await abortable(reader.read(), signal, "network") : undefined;
      if (!chunk || chunk.done) break;
      if (filled + chunk.value.length > length)
        throw new GgufError("http-bad-range", "The server sends more of the file than was asked for.");
      bytes.set(chunk.value, filled);
      filled += chunk.value.length;
    }
  } finally {
    reader?.releaseLock();
  }
  if (filled < length) throw new GgufError("network", "The connection broke off in the middle of an answer.");
  return bytes;
}

/** Closes the connection of an answer that is not wanted. */
function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}
