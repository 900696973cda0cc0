/**
 * Loads each built command and tool as Raycast would and checks that it exports a function: a bundling fault (a
 * package that cannot be bundled, code that fails while loading) does not show in the build itself. What Raycast starts
 * every minute has to be small, too.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { join, resolve } from "node:path";
import process from "node:process";
import { bundleShare } from "./bundle-share.mjs";

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

/** Of a command with an interval, beyond what @raycast/api, @raycast/utils and execa bring. */
const MOST_OWN_BYTES = 60 * 1024;
/** What no tick needs: the estimator, the planner, and whoever carries a change out. */
const TOO_HEAVY =
  /(?:^|\/)src\/(?:memory\/(?!or-abort|settings|json-object)|fit\/plan\/|fit\/(?:verdict|run-settings)\.|registry\/|apply\/(?:steps|run-change))/;

const root = resolve(import.meta.dirname, "..");
for (const { name } of manifest.commands.filter(({ interval }) => interval !== undefined)) {
  const { own, whole, files } = await bundleShare(`src/${name}.tsx`, root);
  const heavy = files.filter(({ path }) => TOO_HEAVY.test(path)).map(({ path }) => path);
  const built = readFileSync(join(folder, `${name}.js`)).byteLength;
  const problems = [
    ...(own > MOST_OWN_BYTES ? [`${own} bytes of its own, more than ${MOST_OWN_BYTES}`] : []),
    ...(heavy.length > 0 ? [`it brings ${heavy.join(", ")}`] : []),
    // Else something else is measured than what is built.
    ...(Math.abs(built - whole) > built / 20 ? [`${built} bytes are built, ${whole} measured`] : []),
  ];
  for (const problem of problems) console.error(`${name}: ${problem}`);
  if (problems.length > 0) failed++;
  else console.log(`${name}: ${(own / 1024).toFixed(1)} KiB of its own, at most ${MOST_OWN_BYTES / 1024}`);
}
process.exit(failed === 0 ? 0 : 1);
