import { orAbort } from "../or-abort";

/** What is wrong with a GGUF file, or with the way to its bytes. */
export type GgufFault =
  // the file itself
  | "not-gguf"
  | "big-endian"
  | "version"
  | "truncated"
  | "too-large"
  | "bad-type"
  | "bad-shape"
  | "bad-offset"
  | "bad-alignment"
  | "duplicate"
  | "split"
  // local files
  | "not-found"
  | "no-permission"
  | "not-a-file"
  | "read-failed"
  | "timeout"
  | "aborted";

/** The only error that reading a GGUF header throws: `fault` for code, `message` as a sentence for people. */
export class GgufError extends Error {
  override readonly name = "GgufError";

  constructor(
    readonly fault: GgufFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The {@link GgufError} for anything thrown while bytes were read: one of ours as it is, a time limit as "timeout",
 * a cancelled signal as "aborted", everything else under the given fault.
 */
export function asGgufError(error: unknown, fault: GgufFault, signal?: AbortSignal): GgufError {
  if (error instanceof GgufError) return error;
  const reason: unknown = signal?.aborted ? signal.reason : error;
  const name = reason instanceof Error ? reason.name : "";
  if (name === "TimeoutError")
    return new GgufError("timeout", "Reading the model's header took too long.", { cause: error });
  if (signal?.aborted || name === "AbortError")
    return new GgufError("aborted", "Reading the model's header was canceled.", { cause: error });
  const detail = (error instanceof Error ? error.message : String(error)).slice(0, 200).replace(/\.?$/, ".");
  return new GgufError(fault, `Couldn't read the model's header: ${detail}`, { cause: error });
}

/** {@link orAbort} for the bytes of a file; `fault` is for errors that are not a {@link GgufError}. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, fault: GgufFault): Promise<T> {
  try {
    return await (signal ? orAbort(work, signal) : work);
  } catch (error) {
    throw asGgufError(error, fault, signal);
  }
}
