import { performance } from "node:perf_hooks";
import { planInSteps } from "../../src/fit/plan/make-plan";
import { largestFittingContext } from "../../src/fit/largest-context";
import type { JudgeInput } from "../../src/fit/verdict";
import { GIB } from "../../src/fit/units";
import { estimate } from "../../src/memory/estimate";
import { described, installed, measured, oracle, planFor } from "../../test/fit/inputs";
import { benchBundles } from "./bundles";
import { benchGgufHeader, ggufHeaderTable } from "./gguf-header";
import { benchTick } from "./tick";
import { measureList } from "./list";

/** Prints how fast it is, all in one run: `npm run -s bench`. */
async function main(): Promise<void> {
  console.log("GGUF header");
  console.log(ggufHeaderTable(await benchGgufHeader()));
  benchEstimate();
  benchPlans();
  await benchList();
  await benchTick(process.cwd());
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
      const steps = planInSteps(planned);
      const start = performance.now();
      for (let [before, done] = [start, false]; !done;) {
        done = steps.next().done === true;
        const now = performance.now();
        if (now - before > worst.ms) Object.assign(worst, { ms: now - before, name: `${name} on ${ramGib} GB` });
        before = now;
      }
      return performance.now() - start;
    }),
  );
  const mean = all.reduce((sum, ms) => sum + ms, 0) / all.length;
  console.log("\nPlan of one model, everything worked out anew");
  console.log(`  ${all.length} plans: ${mean.toFixed(0)} ms on average, ${Math.max(...all).toFixed(0)} ms at most`);
  // The screen gets a turn after a step once 20 ms are over (app/in-slices.ts).
  const blocked = `${(20 + worst.ms).toFixed(0)} ms at most (a step of ${worst.name})`;
  console.log(`  blocking: ${blocked}; before: 73 ms on average, 1,500 ms at most`);
}

/** What commit aa51872 took (November 2026), where it was measured. */
const BEFORE: Readonly<Record<string, string>> = {
  "200 warm": "2,600 judgings",
  "600 warm": "486 MB",
  "1000 warm": "14,000 ms, 63,000 judgings",
};

async function benchList(): Promise<void> {
  console.log("\nList of models, opened in a process of its own (stand-ins; medians, ms and MB)");
  console.log(listLine(["models", "rows", "first", "all", "blocked", "judgings", "requests", "heap", "RSS", "before"]));
  await measureList(process.cwd(), ({ count, kind, median }) => {
    const { rows, first, all, longest, judgings, requests, heapMb, rssMb } = median;
    const figures = [rows, first, all, longest, judgings, requests, Math.round(heapMb), Math.round(rssMb)];
    console.log(listLine([`${count} ${kind}`, ...figures.map(String), BEFORE[`${count} ${kind}`] ?? ""]));
  });
}

function listLine([name = "", ...figures]: readonly string[]): string {
  const before = figures.pop() ?? "";
  return `  ${name.padEnd(10)}${figures.map((figure) => figure.padStart(9)).join("")}  ${before}`.trimEnd();
}

await main();
process.exit(0);
