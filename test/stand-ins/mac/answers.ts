import type { RunResult } from "../../../src/mac/runner";

/** How programs of the stand-in answer. */
export const done = (stdout = "", rest: Partial<RunResult> = {}): RunResult => ({
  exitCode: 0,
  stdout,
  stderr: "",
  missing: false,
  timedOut: false,
  ...rest,
});
export const failed = (exitCode: number, stderr: string, stdout = ""): RunResult => done(stdout, { exitCode, stderr });
export const missing: RunResult = { stdout: "", stderr: "ENOENT", missing: true, timedOut: false };
export const timedOut: RunResult = { stdout: "", stderr: "", missing: false, timedOut: true };
/** Whether a program was given exactly these arguments. */
export const same = (a: readonly string[], ...b: readonly string[]) =>
  a.length === b.length && a.every((word, index) => word === b[index]);
