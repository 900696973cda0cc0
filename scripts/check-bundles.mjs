/**
 * Loads each built command and tool as Raycast would and checks that it exports a function: a bundling fault (a
 * package that cannot be bundled, code that fails while loading) does not show in the build itself.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";

const require = createRequire(import.meta.url);

/** Answers every property, call and construction with itself: enough to load a module, which must not use more. */
const anything = new Proxy(function () {}, {
  get: (_, key) => (key === Symbol.toPrimitive ? () => "" : anything),
  apply: () => anything,
  construct: () => anything,
});

const load = Module._load;
Module._load = (request, ...rest) => (request === "@raycast/api" ? anything : load(request, ...rest));

const folder = resolve(process.argv[2] ?? "dist");
const manifestPath = join(folder, "package.json");
if (!existsSync(manifestPath)) {
  console.error(`${manifestPath} is not there: build first`);
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
const bundles = [
  ...manifest.commands.map((command) => `${command.name}.js`),
  ...(manifest.tools ?? []).map((tool) => `tools/${tool.name}.js`),
];

let failed = 0;
for (const name of bundles) {
  try {
    const exported = require(join(folder, name)).default;
    if (typeof exported !== "function") throw new Error(`its default export is ${typeof exported}`);
  } catch (error) {
    failed++;
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`${bundles.length - failed} of ${bundles.length} bundles load`);
process.exit(failed === 0 ? 0 : 1);
