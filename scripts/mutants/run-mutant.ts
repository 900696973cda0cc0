import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Mutant, mutated, timesIn } from "./mutant";

/** What came of a mutant. Only "killed" means that its test proves its mend; the rest is said as a few words. */
export type MutantResult =
  | { readonly kind: "killed" | "survived" }
  /** It isn't known: the mend has moved, the test isn't there or didn't run. */
  | { readonly kind: "error"; readonly reason: string };

/** For one test file, a slow machine and its turn among other runs included. */
const MOST_MS = 5 * 60_000;
/** For one test: a mutant may wait for ever. */
const MOST_TEST_MS = 30_000;
/** What a run doesn't need, and what would be the work tree's own. */
const LEFT_OUT: ReadonlySet<string> = new Set([".git", "node_modules", "dist", "coverage"]);

/** A copy of the tree in a folder of its own: nothing is ever changed in the work tree. */
export interface Scratch {
  readonly folder: string;
  readonly remove: () => void;
}

export function makeScratch(root: string): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  cpSync(root, folder, { recursive: true, filter: (path) => path === root || !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Takes the mend out in the copy, runs its test there, and puts the mend back. */
export async function runMutant(
  { folder }: Scratch,
  mutant: Mutant,
  onStart: (child: ChildProcess) => void,
): Promise<MutantResult> {
  const path = join(folder, mutant.file);
  const source = existsSync(path) ? readFileSync(path, "utf8") : "";
  const times = timesIn(source, mutant);
  if (times !== 1) return error(times === 0 ? "text not found" : `text found ${times} times`);
  writeFileSync(path, mutated(source, mutant));
  const without = await runTest(folder, mutant, onStart).finally(() => writeFileSync(path, source));
  if (without.kind !== "timed-out") return without;
  // So it may on a busy machine, mutant or not.
  const whole = await runTest(folder, mutant, onStart);
  return whole.kind === "survived" ? { kind: "killed" } : error("fails with the mend, too");
}

async function runTest(
  folder: string,
  { test, named }: Mutant,
  onStart: (child: ChildProcess) => void,
): Promise<TestResult> {
  const report = join(folder, "mutant.json");
  rmSync(report, { force: true });
  const pattern = named.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const args = ["run", test, "-t", pattern, "--reporter=json", `--outputFile=${report}`];
  const child = spawn(
    join(folder, "node_modules", ".bin", "vitest"),
    [...args, `--testTimeout=${MOST_TEST_MS}`, `--hookTimeout=${MOST_TEST_MS}`],
    // A group of its own, so that its workers end with it.
    { cwd: folder, stdio: "ignore", detached: true },
  );
  onStart(child);
  const timer = setTimeout(() => endGroup(child), MOST_MS);
  const isOver = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (_, signal) => resolve(signal === null));
  });
  clearTimeout(timer);
  if (!isOver) return error(`no answer within ${MOST_MS / 60_000} minutes`);
  return existsSync(report) ? judgeReport(JSON.parse(readFileSync(report, "utf8")) as Report) : error("no report");
}

/** Ends a run with all of its workers. */
export function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** What is read of vitest's JSON report. */
export interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Code that can't run proves nothing. */
const BROKEN = /^(?:ReferenceError|Error: Transform failed)\b/;
const TIMED_OUT = /^Error: (?:Test|Hook) timed out in /;

/** As {@link MutantResult}; "timed-out" = nothing else is wrong with those tests that failed. */
type TestResult = MutantResult | { readonly kind: "timed-out" };

/** Killed only by a test that ran and failed: neither by a file that doesn't start nor by code that can't run. */
export function judgeReport({ testResults }: Report): TestResult {
  const ran = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "passed" || status === "failed");
  const failures = ran.filter(({ status }) => status === "failed").map((each) => (each.failureMessages ?? []).join());
  const broken = failures.find((message) => BROKEN.test(message));
  if (failures.some((message) => !BROKEN.test(message) && !TIMED_OUT.test(message))) return { kind: "killed" };
  if (broken !== undefined) return error(`doesn't run: ${firstLine(broken)}`);
  if (failures.length > 0) return { kind: "timed-out" };
  if (ran.length > 0) return { kind: "survived" };
  const message = testResults.map((result) => result.message).find((each) => each !== "");
  return error(message === undefined ? "no test of that name" : `doesn't start: ${firstLine(message)}`);
}

const error = (reason: string): MutantResult => ({ kind: "error", reason });
const firstLine = (text = ""): string => text.split("\n")[0]?.slice(0, 100) ?? "";
