/**
 * What of a command's bundle is its own: everything but @raycast/api, @raycast/utils, execa and the packages that these
 * bring. The build itself doesn't tell, so the command is bundled once more, as the build does it.
 */
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const GIVEN = ["@raycast/api", "@raycast/utils", "execa"];

/** The packages behind some packages, by the lock file. */
function broughtBy(names, root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const found = new Set();
  const add = (name) => {
    if (found.has(name)) return;
    found.add(name);
    for (const inner of Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {})) add(inner);
  };
  names.forEach(add);
  return found;
}

/** @returns {Promise<{ whole: number, own: number, files: readonly { path: string, bytes: number }[] }>} in bytes */
export async function bundleShare(entry, root) {
  const given = broughtBy(GIVEN, root);
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    jsx: "automatic",
    external: ["@raycast/api", "react", "react/jsx-runtime"],
    outdir: "out",
    logLevel: "error",
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output.inputs)
    .map(([path, { bytesInOutput: bytes }]) => ({ path, bytes }))
    .filter(({ bytes }) => bytes > 0);
  const packageOf = (path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  const own = files.filter(({ path }) => !given.has(packageOf(path) ?? ""));
  return { whole: output.bytes, own: own.reduce((sum, { bytes }) => sum + bytes, 0), files: own };
}
