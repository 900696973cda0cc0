import type { ByteSource } from "../memory/gguf/byte-source";
import { asGgufError, GgufError } from "../memory/gguf/gguf-error";
import { orAbort } from "../memory/or-abort";
import { discard, fetchWithin } from "../ollama/bounded-fetch";
import type { Layer } from "../ollama/manifests";
import { OllamaProblem } from "../ollama/problems";
import { mayFollow } from "./public-address";
import { asOllama } from "./read-tag";

export interface BlobOptions {
  /** Version of the installed Ollama. */
  readonly version?: string;
  readonly signal?: AbortSignal;
  /** For the whole of it, in milliseconds. */
  readonly timeoutMs?: number;
  /** So long may pass without a byte, in milliseconds. */
  readonly stallMs?: number;
  /** Called with the bytes that have come so far. */
  readonly onBytes?: (bytes: number) => void;
}

export interface BlobStream extends ByteSource {
  readonly size: number;
  close(): Promise<void>;
}

/** The largest headers have 16 MB, which a slow line takes a minute for. */
const TIMEOUT_MS = 120_000;
const STALL_MS = 15_000;
/** What is asked for of a blob: above every real header. What isn't needed of it is never sent. */
export const MOST_BLOB_BYTES = 32 * 1024 * 1024;

/**
 * The beginning of a file in a registry, as one request whose answer is read forward and ended where no more is needed: by
 * way of at most three redirects, each to a public address over https, and without credentials. A server that doesn't
 * know ranges sends the file from its start, which does as well. Whoever opened it closes it.
 *
 * Reading throws GgufError only; backwards it can't go.
 */
export function openBlob(
  fetch: typeof globalThis.fetch,
  { repository }: { readonly repository: string },
  { digest, size }: Pick<Layer, "digest" | "size">,
  { version, signal, timeoutMs = TIMEOUT_MS, stallMs = STALL_MS, onBytes }: BlobOptions = {},
): BlobStream {
  const ending = new AbortController();
  const end = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  const late = () => ending.abort(new DOMException("Time limit", "TimeoutError"));
  const timer = setTimeout(late, timeoutMs);
  const asked = Math.min(size, MOST_BLOB_BYTES);
  let body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** What came beyond the last read, and where it lies in the file. */
  let rest: Uint8Array = new Uint8Array(0);
  let position = 0;

  const begin = async (): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
    // With a range, fetch itself asks for an answer that isn't compressed.
    const headers = { ...asOllama(version), Range: `bytes=0-${asked - 1}` };
    const response = await fetchWithin(fetch, `${repository}/blobs/${digest}`, { headers, signal: end }, mayFollow);
    const fault = end.aborted ? BROKEN_OFF : faultOf(response, asked, size);
    if (fault === undefined && response.body !== null) return response.body.getReader();
    discard(response);
    throw new GgufError("read-failed", fault ?? BROKEN_OFF);
  };

  /** The next bytes of the answer; undefined at its end. */
  const next = async (): Promise<Uint8Array | undefined> => {
    const stall = setTimeout(late, stallMs);
    try {
      body ??= await begin();
      const { done, value } = await body.read();
      return done ? undefined : value;
    } finally {
      clearTimeout(stall);
    }
  };

  const fill = async (offset: number, bytes: Uint8Array): Promise<void> => {
    if (offset < position) throw new GgufError("read-failed", "A part of the header was asked for twice.");
    let filled = 0;
    for (;;) {
      const skipped = Math.min(rest.length, Math.max(0, offset - position));
      const taken = rest.subarray(skipped, skipped + bytes.length - filled);
      bytes.set(taken, filled);
      filled += taken.length;
      position += skipped + taken.length;
      rest = rest.subarray(skipped + taken.length);
      if (filled === bytes.length) return;
      const more = await next();
      if (more === undefined) throw new GgufError("read-failed", BROKEN_OFF);
      rest = more;
      onBytes?.(position + rest.length);
    }
  };

  return {
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      if (offset + bytes.length > asked) throw new GgufError("too-large", "Its header is larger than any real one.");
      try {
        await orAbort(fill(offset, bytes), end);
        return bytes;
      } catch (error) {
        if (error instanceof GgufError || end.aborted) throw asGgufError(error, "read-failed", end);
        throw new GgufError("read-failed", error instanceof OllamaProblem ? error.message : BROKEN_OFF, {
          cause: error,
        });
      }
    },
    async close() {
      clearTimeout(timer);
      ending.abort();
      body?.cancel().catch(() => undefined);
    },
  };
}

const BROKEN_OFF = "The connection to the registry broke off before its header was read.";

/** Why an answer isn't the beginning of the file that was asked for, as a sentence. */
function faultOf({ status, headers }: Response, asked: number, size: number): string | undefined {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return "The registry sends it compressed, which isn't read.";
  switch (status) {
    case 200: {
      const length = headers.get("content-length");
      return length === null || Number(length) === size ? undefined : OTHER_PART;
    }
    case 206:
      return headers.get("content-range")?.trim() === `bytes 0-${asked - 1}/${size}` ? undefined : OTHER_PART;
    case 401:
    case 403:
      return "The registry refuses access to it: it may be private.";
    case 404:
      return "The registry's manifest names it, but it isn't there.";
    default:
      return `The registry answered with status ${status}.`;
  }
}

const OTHER_PART = "The registry sends something other than the part of the file that was asked for.";
