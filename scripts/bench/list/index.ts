import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";
import { keepOwnUrl } from "../../keep-own-url.mjs";
import type { Measurement } from "./measurement";

const run = promisify(execFile);

const COUNTS = [50, 200, 1_000, 2_000] as const;
/** Openings of each kind; those of long lists with nothing stored take a minute. */
const runsOf = (count: number, kind: Kind) => (kind === "cold" && count >= 1_000 ? 1 : 3);

export type Kind = "cold" | "warm";

export interface Result {
  readonly count: number;
  readonly kind: Kind;
  readonly median: Measurement;
}

/** Measures the list at each number of models, without anything stored and with everything; each in its own process. */
export async function measureList(root: string, onResult: (result: Result) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gpu-limit-bench-"));
  try {
    const [server, child] = await bundles(root);
    for (const count of COUNTS) {
      const home = join(folder, `home-${count}`);
      const { url, stop } = await serve(server, count, home);
      try {
        const open = async (caches: string) => {
          const args = ["--expose-gc", "--enable-source-maps", child, url, home, caches, String(count)];
          const { stdout } = await run(process.execPath, args, { env: { ...process.env, NODE_ENV: "production" } });
          return JSON.parse(stdout) as Measurement;
        };
        for (const kind of ["cold", "warm"] as const) {
          const all: Measurement[] = [];
          for (let each = 0; each < runsOf(count, kind); each += 1) {
            all.push(await open(join(folder, `caches-${count}-${kind === "cold" ? each : 0}`)));
          }
          onResult({ count, kind, median: median(all) });
        }
      } finally {
        stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The list judges through a module that counts. */
const counting: Plugin = {
  name: "counting",
  setup({ onResolve }) {
    onResolve({ filter: /\/fit\/verdict$/ }, ({ importer, resolveDir }) =>
      /src[/\\]app[/\\]judge-rows\.ts$/.test(importer)
        ? { path: join(resolveDir, "..", "..", "scripts", "bench", "list", "counted-verdict.ts") }
        : undefined,
    );
  },
};

async function bundles(root: string): Promise<readonly [string, string]> {
  const outdir = join(root, "node_modules", ".cache", "gpu-limit", "bench");
  await build({
    entryPoints: ["server", "child"].map((name) => join(root, "scripts", "bench", "list", `${name}.ts`)),
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    alias: { "@raycast/api": join(root, "test", "stand-ins", "raycast", "index.ts") },
    external: ["react", "react/jsx-runtime", "react-test-renderer"],
    banner: {
      js: 'import { createRequire as _createRequire } from "node:module"; const require = _createRequire(import.meta.url);',
    },
    plugins: [counting, keepOwnUrl],
  });
  return [join(outdir, "server.mjs"), join(outdir, "child.mjs")];
}

async function serve(bundle: string, count: number, home: string) {
  const server = spawn(process.execPath, [bundle, String(count), home], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.once("data", (text: Buffer) => resolve(text.toString().trim()));
    server.once("exit", (code) => reject(new Error(`The stand-in server ended with ${code}.`)));
  });
  return { url, stop: () => server.kill() };
}

function median(all: readonly Measurement[]): Measurement {
  const [first] = all;
  if (first === undefined) throw new Error("Nothing was measured.");
  const middle = (key: keyof Measurement) => all.map((one) => one[key]).toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
  const keys = Object.keys(first) as (keyof Measurement)[];
  return Object.fromEntries(keys.map((key) => [key, middle(key)])) as unknown as Measurement;
}
