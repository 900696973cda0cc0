import { performance } from "node:perf_hooks";
import { makePlan } from "../../src/fit/plan/make-plan";
import { largestFittingContext } from "../../src/fit/largest-context";
import type { JudgeInput } from "../../src/fit/verdict";
import { GIB } from "../../src/fit/units";
import { estimate } from "../../src/memory/estimate";
import { readDescriptions } from "../../src/app/read-descriptions";
import { createOllamaClient } from "../../src/ollama/client";
import { described, installed, measured, oracle, planFor } from "../../test/fit/inputs";
import { startStandInOllama } from "../../test/stand-ins/ollama";
import { manyModels } from "../../test/stand-ins/ollama/sample-models";
import { benchBundles } from "./bundles";
import { benchGgufHeader, ggufHeaderTable } from "./gguf-header";

/** Prints how fast it is, all in one run: `npm run -s bench`. */
async function main(): Promise<void> {
  console.log("GGUF header");
  console.log(ggufHeaderTable(await benchGgufHeader()));
  benchEstimate();
  benchPlans();
  await benchList();
  await benchBundles(process.cwd());
}

function time(runs: number, work: () => unknown): number {
  work();
  const start = performance.now();
  for (let run = 0; run < runs; run += 1) work();
  return ((performance.now() - start) / runs) * 1000;
}

function benchEstimate(): void {
  const model = measured("qwen3-coder-next");
  const settings = {
    numCtx: 32_768,
    parallel: 1,
    kvCacheType: "f16",
    flashAttention: "auto",
    batch: 512,
    runtime: "b10488",
  } as const;
  const input: JudgeInput = {
    model: installed(model),
    description: described(model.header),
    server: { identity: { kind: "terminal", pid: 655 }, runners: [], version: "0.33.0" },
    limit: { kind: "known", bytes: 48 * GIB, source: "metal", sourceText: "read from Metal", estimated: false },
    loaded: [],
    options: { context: "effective" },
  };
  console.log("\nEstimate (qwen3-coder-next, 843 tensors)");
  console.log(`  one more estimate            ${time(2000, () => estimate(model.header, settings)).toFixed(0)} µs`);
  const first = time(50, () => estimate({ ...model.header }, settings));
  console.log(`  first, metadata read anew    ${first.toFixed(0)} µs`);
  console.log(`  largest fitting context      ${time(200, () => largestFittingContext(input, 262_144)).toFixed(0)} µs`);
}

function benchPlans(): void {
  const worst = { ms: 0, name: "" };
  const all = [36, 64, 128].flatMap((ramGib) =>
    oracle.map(({ name }) => {
      const planned = planFor(name, ramGib, 26);
      const start = performance.now();
      makePlan(planned);
      const ms = performance.now() - start;
      if (ms > worst.ms) Object.assign(worst, { ms, name: `${name} on ${ramGib} GB` });
      return ms;
    }),
  );
  const mean = all.reduce((sum, ms) => sum + ms, 0) / all.length;
  console.log("\nPlan of one model, everything worked out anew");
  console.log(
    `  ${all.length} plans: ${mean.toFixed(0)} ms on average, ${worst.ms.toFixed(0)} ms at most (${worst.name})`,
  );
}

async function benchList(): Promise<void> {
  const ollama = await startStandInOllama({ models: manyModels(200) });
  let bytes = 0;
  const counted: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const body = await response.arrayBuffer();
    bytes += body.byteLength;
    return new Response(body, response);
  };
  const client = createOllamaClient({ url: ollama.url, fetch: counted });
  console.log("\nList of 200 models (stand-in server)");
  for (const label of ["cold", "warm"]) {
    const before = ollama.requests.length;
    bytes = 0;
    const start = performance.now();
    const models = await client.models();
    const rows = performance.now() - start;
    let first: number | undefined;
    await readDescriptions(models, {
      client,
      url: ollama.url,
      isLocal: false,
      modelsFolders: [],
      signal: new AbortController().signal,
      onProgress: () => {
        first ??= performance.now() - start;
      },
    });
    const all = performance.now() - start;
    console.log(
      `  ${label}: rows ${rows.toFixed(0)} ms, first verdicts ${(first ?? 0).toFixed(0)} ms, all ${all.toFixed(0)} ms, ${ollama.requests.length - before} requests, ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }
  await ollama.close();
}

await main();
process.exit(0);
