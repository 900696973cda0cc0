/** One finished (or given up) run of a program. Never thrown: callers turn it into words. */
export interface RunResult {
  /** Exit status; absent when the program could not be started or was killed. */
  readonly exitCode?: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The program is not there or may not be started. */
  readonly missing: boolean;
  readonly timedOut: boolean;
}

export interface RunOptions {
  /** Default 5,000. 0 = no limit (a password prompt waits as long as a person needs). */
  readonly timeoutMs?: number;
  /** Default 4 MiB of output; what is beyond it is dropped. */
  readonly maxBytes?: number;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** Runs a program by absolute path with an argument list, never through a shell. Resolves whatever happens. */
export type Runner = (file: string, args: readonly string[], options?: RunOptions) => Promise<RunResult>;
