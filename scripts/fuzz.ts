/** Tries the properties with new seeds until one fails or the time is up: `npm run fuzz -- --minutes 10`. */
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";

const USAGE = `Usage: npm run fuzz [-- [--minutes N] [--seed N] [--of TEXT]]

Runs each test file that has properties (fast-check) again and again, with a new seed each time, and ends with the first
that fails. --seed: once, with this seed; --of: only files whose path holds the text.`;

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "5" },
      seed: { type: "string" },
      of: { type: "string", default: "" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const files = filesWithProperties().filter((file) => file.includes(values.of));
  if (files.length === 0) throw new Error("No test with properties like that.");
  const until = performance.now() + Number(values.minutes) * 60_000;
  for (let round = 1; ; round++) {
    const seed = values.seed ?? String(randomInt(2 ** 31));
    const passed = await tryWith(seed, files);
    console.log(`${round}. seed ${seed}: ${passed ? "passed" : "FAILED"}`);
    if (!passed || values.seed !== undefined || performance.now() > until) return passed;
  }
}

function filesWithProperties(): readonly string[] {
  return readdirSync("test", { recursive: true, encoding: "utf8" })
    .map((name) => join("test", name))
    .filter((name) => /\.test\.tsx?$/.test(name) && readFileSync(name, "utf8").includes('from "fast-check"'));
}

async function tryWith(seed: string, files: readonly string[]): Promise<boolean> {
  const { exitCode, all } = await execa(
    "node",
    ["node_modules/vitest/vitest.mjs", "run", "--bail=1", "--testTimeout=600000", ...files],
    {
      env: { FUZZ_SEED: seed },
      all: true,
      reject: false,
    },
  );
  if (exitCode !== 0) console.log(all);
  return exitCode === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
