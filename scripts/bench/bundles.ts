import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const LOAD = `
const Module = require("node:module");
const stub = new Proxy(function () {}, { get: (_, key) => (key === Symbol.toPrimitive ? () => "" : stub), apply: () => stub, construct: () => stub });
const load = Module._load;
Module._load = function (name, ...rest) { return name === "@raycast/api" ? stub : load.call(this, name, ...rest); };
const start = process.hrtime.bigint();
require(process.argv[1]);
process.stdout.write(String(Number(process.hrtime.bigint() - start) / 1e6));
`;

/** Size of each built command and the time node takes to load it; build first. */
export function benchBundles(root: string): void {
  const folder = join(root, "dist");
  console.log("\nCommand bundles (npm run build first)");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".js"))) {
    const path = join(folder, name);
    const milliseconds = Number(execFileSync(process.execPath, ["-e", LOAD, path], { cwd: root }).toString());
    console.log(
      `  ${name.padEnd(32)} ${(statSync(path).size / 1024).toFixed(0).padStart(5)} KiB  ${milliseconds.toFixed(0).padStart(4)} ms`,
    );
  }
}
