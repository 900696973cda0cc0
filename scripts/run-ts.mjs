/**
 * Runs a TypeScript entry from a fresh checkout: `node scripts/run-ts.mjs scripts/estimate.ts [arguments]`.
 * esbuild joins it with what it imports; `@raycast/api`, which has no code, becomes the stand-in of the tests.
 */
import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { keepOwnUrl } from "./keep-own-url.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error("Usage: node scripts/run-ts.mjs ENTRY.ts [arguments]");
  process.exit(2);
}

// Inside node_modules, so that packages left out of the bundle are found from there.
const folder = join(root, "node_modules", ".cache", "gpu-limit");
const bundle = join(folder, `${basename(entry).replace(/\.tsx?$/, "")}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
process.once("exit", () => rmSync(bundle, { force: true }));

await build({
  entryPoints: [resolve(entry)],
  outfile: bundle,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  sourcesContent: false,
  logLevel: "warning",
  alias: { "@raycast/api": join(root, "test", "stand-ins", "raycast", "index.ts") },
  external: ["@resvg/resvg-js", "react", "react/jsx-runtime", "react-test-renderer", "esbuild"],
  // Packages written for require() find it here.
  banner: {
    js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
  },
  plugins: [keepOwnUrl],
}).catch(() => process.exit(1));

process.env.NODE_ENV = "development";
process.setSourceMapsEnabled(true);
process.argv = [process.argv[0], resolve(entry), ...args];
await import(pathToFileURL(bundle).href);
