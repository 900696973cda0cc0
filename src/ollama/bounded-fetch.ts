import { isObject, type JsonObject, partsIn } from "../memory/json-object";
import { orAbort } from "../memory/or-abort";
import { notOllama, OllamaProblem, problemFrom, problemOfStatus, serversWords } from "./problems";

export interface Bounds {
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
  /** Of one answer as it's kept, after {@link filter}, or of all lines of a stream. */
  readonly maxBytes: number;
  /** Lets less of an answer through, byte by byte, before it's taken into memory. */
  readonly filter?: () => TransformStream<Uint8Array, Uint8Array>;
  /** Where a redirect may lead; absent = nowhere. Called with the number of redirects followed before this one. */
  readonly mayFollow?: (target: URL, followed: number) => boolean;
  /** The caller's way to stop. */
  readonly signal?: AbortSignal;
}

const MOST_ERROR_BYTES = 64 * 1024;
/** Of one answer: above those of a list of 5,000 models and of 65,536 tensors. */
const MOST_PARTS = 500_000;
/** A line of a progress stream; Ollama's have some hundred characters. */
const MOST_LINE_CHARACTERS = 64 * 1024;

/**
 * Runs one exchange with the server at `url` within bounds. `work` gets a fetch that ends with the time limit and the
 * signal, even where the given one ignores signals, takes in no more bytes than allowed, turns answers other than 2xx
 * into problems, and, for `lines`, lets only whole JSON objects through. Redirects are problems unless `mayFollow` allows
 * them: fetch would repeat a request, a deletion too, at whatever address a server names.
 *
 * @throws OllamaProblem always and only
 */
export async function exchange<T>(
  inner: typeof fetch,
  url: string,
  bounds: Bounds,
  work: (bounded: typeof fetch) => Promise<T>,
  form: "one" | "lines" = "one",
): Promise<T> {
  const { timeoutMs, maxBytes, signal } = bounds;
  const limit = new AbortController();
  const late = () => limit.abort(new OllamaProblem("timed-out", `Ollama at ${url} didn't answer in time.`));
  // Not AbortSignal.timeout: in AbortSignal.any it may be garbage-collected before it fires (nodejs/node#57736).
  const timer = setTimeout(late, timeoutMs);
  const end = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;

  let answered = false;
  const bounded: typeof fetch = async (input, init) => {
    const response = await orAbort(fetchWithin(inner, input, { ...init, signal: end }, bounds.mayFollow), end);
    answered = true;
    if (!response.ok) {
      const body = await readText(response, MOST_ERROR_BYTES, "cut", end);
      throw problemOfStatus(response.status, body, url);
    }
    const { status, headers } = response;
    if (form === "one") {
      const kept = bounds.filter && response.body ? new Response(response.body.pipeThrough(bounds.filter())) : response;
      const body = await readText(kept, maxBytes, "refuse", end);
      // An answer to a deletion is empty; every other one is an object.
      if (body !== "" && !/^\s*\{/.test(body)) throw notOllama(url);
      return new Response(body, { status, headers });
    }
    return new Response(response.body?.pipeThrough(wholeObjects(url, maxBytes), { signal: end }), { status, headers });
  };
  try {
    return await orAbort(work(bounded), end);
  } catch (error) {
    if (signal?.aborted) throw new OllamaProblem("stopped", "Stopped.");
    if (limit.signal.aborted) throw limit.signal.reason;
    throw answered ? problemAfterAnswer(error) : problemFrom(error, url);
  } finally {
    clearTimeout(timer);
    // Whatever of the exchange is still under way is no longer wanted.
    limit.abort();
  }
}

/**
 * The answer to a request, with each redirect followed only where it may be, and only by requests that change nothing.
 *
 * @throws OllamaProblem "redirected", or what `inner` throws
 */
export async function fetchWithin(
  inner: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit,
  mayFollow: Bounds["mayFollow"],
): Promise<Response> {
  let place = new URL(input instanceof Request ? input.url : String(input));
  const changesNothing = (init.method ?? "GET") === "GET" && !(input instanceof Request);
  for (let followed = 0; ; followed += 1) {
    const response = await inner(followed === 0 ? input : place, { ...init, redirect: "manual" });
    if (!REDIRECTS.has(response.status)) return response;
    discard(response);
    const target = parseUrl(response.headers.get("location") ?? "", place);
    if (target === null || !changesNothing || !mayFollow?.(target, followed)) {
      const where = target === null ? "elsewhere" : `to ${target.host}`;
      throw new OllamaProblem("redirected", `The server at ${place.host} redirects ${where}, which isn't followed.`);
    }
    place = target;
  }
}

/** Of the 3xx only these send a request on, as fetch itself has it. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function parseUrl(text: string, base: URL): URL | null {
  return URL.canParse(text, base.href) ? new URL(text, base) : null;
}

/** Closes the connection of an answer that isn't wanted. */
export function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

/** Once an answer began, what fetch or the client throw means that it came to no proper end. */
function problemAfterAnswer(error: unknown): OllamaProblem {
  return error instanceof OllamaProblem ? error : new OllamaProblem("bad-answer", BROKEN_OFF, { cause: error });
}

/** The body as text. What is beyond `maxBytes`, or more than a parser takes, is an error, or cut off: never taken in. */
async function readText(
  response: Response,
  maxBytes: number,
  beyond: "refuse" | "cut",
  signal: AbortSignal,
): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  let parts = 0;
  try {
    for (;;) {
      const { done, value } = await orAbort(reader.read(), signal);
      if (done) return texts.join("") + decoder.decode();
      bytes += value.byteLength;
      parts += partsIn(value);
      if (bytes > maxBytes || parts > MOST_PARTS) {
        if (beyond === "cut") return texts.join("");
        throw new OllamaProblem("bad-answer", "Ollama's answer is larger than any real one.");
      }
      texts.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    if (error instanceof OllamaProblem || signal.aborted) throw error;
    throw new OllamaProblem("bad-answer", BROKEN_OFF, { cause: error });
  } finally {
    // Closes the connection of a body that was not read to its end.
    reader.cancel().catch(() => undefined);
  }
}

const BROKEN_OFF = "The connection to Ollama broke off in the middle of its answer.";

/**
 * Lets lines through that are JSON objects, `maxBytes` of them in all, and turns an error that Ollama reports in one into a
 * problem.
 */
function wholeObjects(url: string, maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let rest = "";
  let bytes = 0;
  const pass = (line: string, controller: TransformStreamDefaultController<Uint8Array>) => {
    if (line.trim() === "") return;
    const message = parseObject(line);
    if (!message) throw notOllama(url);
    if ("error" in message) {
      const words = typeof message["error"] === "string" ? message["error"] : "it gave no reason";
      throw new OllamaProblem("http", `Ollama couldn't do it: ${serversWords(words)}`);
    }
    controller.enqueue(encoder.encode(`${line}\n`));
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) pass(line, controller);
      if (rest.length > MOST_LINE_CHARACTERS || bytes > maxBytes)
        throw new OllamaProblem("bad-answer", "Ollama's answer is larger than any real one.");
    },
    flush(controller) {
      const cutOff = rest.trimStart().startsWith("{") && parseObject(rest) === undefined;
      if (cutOff) throw new OllamaProblem("bad-answer", BROKEN_OFF);
      pass(rest, controller);
    },
  });
}

function parseObject(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
