/** Runs npm scripts beside each other, such as `node scripts/side-by-side.mjs build lint`. Each prints when it ends. */
import process from "node:process";
import { execa } from "execa";

const outcomes = await Promise.all(
  process.argv.slice(2).map(async (name) => {
    const result = await execa("npm", ["run", "--silent", name], { all: true, reject: false });
    console.log(`${name}: ${result.failed ? result.shortMessage : "passed"}\n${result.all ?? ""}`);
    return !result.failed;
  }),
);
process.exitCode = outcomes.every(Boolean) ? 0 : 1;
