export type ProblemKind = "not-running" | "not-ollama" | "timed-out" | "not-found" | "bad-answer" | "http" | "stopped";

/** Something the Ollama server did not do, with a message for people. */
export class OllamaProblem extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
  ) {
    super(message);
    this.name = "OllamaProblem";
  }
}

/** Turns whatever the client or fetch threw into a problem. */
export function problemFrom(error: unknown, url: string, signal?: AbortSignal): OllamaProblem {
  if (error instanceof OllamaProblem) return error;
  if (signal?.aborted) return new OllamaProblem("stopped", "Stopped.");
  const { name, message, status_code: status } = describeError(error);
  if (name === "TimeoutError") return new OllamaProblem("timed-out", `Ollama at ${url} did not answer in time.`);
  if (status === 404) return new OllamaProblem("not-found", message || "Ollama does not know that model.");
  if (typeof status === "number") return new OllamaProblem("http", `Ollama answered ${status}: ${message}`);
  if (error instanceof SyntaxError) return new OllamaProblem("bad-answer", `What ${url} answers is not from Ollama.`);
  if (
    /fetch failed|ECONNREFUSED|network|socket|other side closed|terminated/i.test(
      `${name} ${message} ${causeText(error)}`,
    )
  ) {
    return new OllamaProblem("not-running", `Nothing answers at ${url}.`);
  }
  return new OllamaProblem("bad-answer", message || "Ollama gave no usable answer.");
}

function describeError(error: unknown): { name: string; message: string; status_code?: unknown } {
  if (typeof error !== "object" || error === null) return { name: "", message: String(error).slice(0, 300) };
  const { name, message, error: inner, status_code } = error as Record<string, unknown>;
  const text = typeof inner === "string" ? inner : typeof message === "string" ? message : "";
  return { name: typeof name === "string" ? name : "", message: text.slice(0, 300), status_code };
}

function causeText(error: unknown): string {
  const cause = typeof error === "object" && error !== null ? (error as { cause?: unknown }).cause : undefined;
  if (typeof cause !== "object" || cause === null) return "";
  const { code, message } = cause as Record<string, unknown>;
  return `${String(code ?? "")} ${String(message ?? "")}`;
}
