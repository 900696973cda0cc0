/**
 * What went wrong with an Ollama server:
 * - not-running: nothing answers there; - not-ollama: something else answers; - timed-out: no answer in time;
 * - not-found: it does not know the model; - bad-answer: an answer that makes no sense, breaks off or is too large;
 * - http: it refused or failed, with its own words; - redirected: it sends requests to another address; - stopped: the
 * caller's signal ended it.
 */
export type ProblemKind =
  "not-running" | "not-ollama" | "timed-out" | "not-found" | "bad-answer" | "http" | "redirected" | "stopped";

/** Something the Ollama server did not do, with a message for people. */
export class OllamaProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
    options?: ErrorOptions & { readonly status?: number },
  ) {
    super(message, options);
    this.name = "OllamaProblem";
    this.status = options?.status;
  }

  /** HTTP status, where the problem is one. */
  readonly status: number | undefined;
}

/** Turns what was thrown before any answer came into a problem. */
export function problemFrom(error: unknown, url: string): OllamaProblem {
  if (error instanceof OllamaProblem) return error;
  return new OllamaProblem("not-running", `Nothing answers at ${url}.`, { cause: error });
}

/** The problem that an answer other than 2xx means; `body` is its text, or the first part of it. */
export function problemOfStatus(status: number, body: string, url: string): OllamaProblem {
  const words = errorWords(body);
  if (words === undefined && status < 500) {
    // Ollama words all its errors in JSON; a page of somebody else's does not.
    return notOllama(url, { status });
  }
  if (words === undefined) {
    return new OllamaProblem("http", `The server at ${url} answered with status ${status}.`, { status });
  }
  return status === 404
    ? new OllamaProblem("not-found", `Ollama says: ${words}`, { status })
    : new OllamaProblem("http", `Ollama answered ${status}: ${words}`, { status });
}

export function notOllama(url: string, options?: { readonly status: number }): OllamaProblem {
  return new OllamaProblem("not-ollama", `What answers at ${url} is not Ollama.`, options);
}

const MOST_CHARACTERS = 300;

/** Words of a server as one line of at most 300 characters, without what could forge another line on screen. */
export function oneLine(words: string): string {
  return words
    .slice(0, 4 * MOST_CHARACTERS)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, MOST_CHARACTERS);
}

/** The text of `{"error": "..."}`; undefined for anything else. */
function errorWords(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === "string" && error !== "" ? oneLine(error) : undefined;
  } catch {
    return undefined;
  }
}
