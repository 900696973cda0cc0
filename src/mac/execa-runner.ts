import { execa } from "execa";
import type { Runner } from "./runner";

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/** Runs programs on this Mac through execa: no shell, a bare environment, bounded output and time. */
export const execaRunner: Runner = async (file, args, options = {}) => {
  const result = await execa(file, args, {
    reject: false,
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxBuffer: options.maxBytes ?? DEFAULT_MAX_BYTES,
    killSignal: "SIGKILL",
    stripFinalNewline: false,
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  return {
    ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
    missing: result.code === "ENOENT" || result.code === "EACCES",
    timedOut: result.timedOut,
  };
};
