import { execa } from "execa";
import type { Runner, RunResult } from "./runner";

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_BYTES = 4 * 1024 ** 2;
/** A program that ignores the polite signal is killed this long after it. */
const KILL_AFTER_MS = 500;
/** How long the output of a program that has ended is still read. */
const DRAIN_MS = 1_000;

/** Error codes of a program that is not there, or that this person may not start. */
const MISSING = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM"]);

/**
 * Fixed locale: programs write decimals with a point, and `ps` writes paths as UTF-8 instead of escapes. Raycast is
 * started by launchd and has no locale of its own.
 */
const LOCALE = process.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8";

/**
 * Runs programs with execa: no shell, no terminal, bounded in time and output. Output beyond the limit ends the
 * program; what came before is kept and `exitCode` is absent.
 */
export const execaRunner: Runner = async (file, args, options = {}): Promise<RunResult> => {
  try {
    const running = execa(file, args, {
      reject: false,
      stripFinalNewline: false,
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxBuffer: options.maxBytes ?? DEFAULT_MAX_BYTES,
      forceKillAfterDelay: KILL_AFTER_MS,
      env: { LC_ALL: LOCALE },
      ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
      cancelSignal: options.signal,
    });
    let drain: NodeJS.Timeout | undefined;
    // A child of the program that keeps its output open must not keep us waiting once the program itself is gone.
    running.once("exit", () => {
      drain = setTimeout(() => {
        running.stdout.destroy();
        running.stderr.destroy();
      }, DRAIN_MS);
    });
    const result = await running;
    clearTimeout(drain);
    const finished = result.exitCode !== undefined && !result.timedOut && !result.isMaxBuffer;
    return {
      exitCode: finished ? result.exitCode : undefined,
      stdout: result.stdout,
      stderr: result.stderr || (finished ? "" : (result.originalMessage ?? "")),
      missing: MISSING.has(result.code ?? ""),
      timedOut: result.timedOut,
    };
  } catch (error) {
    // Arguments that no program can be given (a NUL in them) are refused before anything starts.
    return { stdout: "", stderr: String(error), missing: false, timedOut: false };
  }
};
