/** Takes each mend of the faults out of a copy and looks whether its test fails: `npm run mutants`. */
import type { ChildProcess } from "node:child_process";
import { parseArgs } from "node:util";
import type { Mutant } from "./mutant";
import { endGroup, makeScratch, type MutantResult, runMutant } from "./run-mutant";
import { FAULTS } from "./table";

const USAGE = `Usage: npm run mutants [-- [--row N]... [--of TEXT]]

Takes each mend out of a copy of the source, as if nobody had thought of it, and runs the test that has to fail then.
--row: only of these rows; --of: only those whose fault, file or test holds the text.`;

interface Entry {
  readonly row: string;
  readonly title: string;
  readonly mutant: Mutant;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      row: { type: "string", multiple: true, default: [] },
      of: { type: "string", default: "" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const entries = entriesOf(values.row, values.of);
  if (entries.length === 0) throw new Error("No mend like that.");
  const began = performance.now();
  const results = await runAll(entries);
  const killed = results.filter(({ kind }) => kind === "killed").length;
  console.log(`\n${killed} of ${entries.length} killed, ${Math.round((performance.now() - began) / 1000)} s`);
  return killed === entries.length;
}

function entriesOf(rows: readonly string[], text: string): readonly Entry[] {
  return Object.entries(FAULTS)
    .filter(([row]) => rows.length === 0 || rows.includes(row))
    .flatMap(([row, { title, mutants }]) => mutants.map((mutant) => ({ row, title, mutant })))
    .filter(({ mutant: { fault, file, test } }) => [fault, file, test].some((each) => each.includes(text)));
}

/** One after the other: a run of vitest takes more than one core by itself. */
async function runAll(entries: readonly Entry[]): Promise<readonly MutantResult[]> {
  const scratch = makeScratch(process.cwd());
  let running: ChildProcess | undefined;
  const clear = () => {
    if (running) endGroup(running);
    scratch.remove();
  };
  process.once("SIGINT", () => {
    clear();
    process.exit(130);
  });
  const results: MutantResult[] = [];
  try {
    for (const [index, entry] of entries.entries()) {
      if (entry.row !== entries[index - 1]?.row) console.log(`${entry.row.padStart(2)}  ${entry.title}`);
      const began = performance.now();
      const result = await runMutant(scratch, entry.mutant, (child) => (running = child));
      results.push(result);
      console.log(lineOf(entry, result, (performance.now() - began) / 1000));
    }
  } finally {
    clear();
  }
  return results;
}

function lineOf({ mutant }: Entry, result: MutantResult, seconds: number): string {
  const { fault, test, named } = mutant;
  const line = `    ${WORDS[result.kind]}  ${seconds.toFixed(0).padStart(3)} s  ${fault}`;
  if (result.kind === "killed") return line;
  return `${line}\n      ${result.kind === "error" ? `${result.reason}: ` : ""}${test}, "${named}"`;
}

const WORDS: Readonly<Record<MutantResult["kind"], string>> = {
  killed: "killed  ",
  survived: "SURVIVED",
  error: "ERROR   ",
};

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
