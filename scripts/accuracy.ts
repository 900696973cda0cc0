import { releaseRules } from "../src/fit/releases";
import { estimate } from "../src/memory/estimate";
import { RUNTIMES } from "../src/memory/settings";
import { RUNS } from "../test/fit/release-runs";
import { readOracle } from "../test/memory/oracle";

/** Prints how far the estimate is from what llama.cpp allocated, by model and runtime: `npm run -s accuracy`. */
const MIB = 1024 ** 2;

for (const runtime of RUNTIMES) {
  console.log(`\n${runtime.padEnd(32)} runs  p99 %  max %  lowest MiB  highest MiB  outside band`);
  const all: number[] = [];
  for (const model of readOracle()) {
    const errors = model.runs.map((run) => {
      const sum = estimate(model.header, { ...run.settings, runtime });
      if (sum.kind === "unknown") throw new Error(`${model.name}: ${sum.reason}`);
      const truth = model.weights + run.kvBytes + run.stateBytes + run.computeBytes[runtime];
      return { bytes: sum.total - truth, share: Math.abs(sum.total - truth) / truth, band: sum.uncertainty };
    });
    const shares = errors.map(({ share }) => share).sort((a, b) => a - b);
    const bytes = errors.map((error) => error.bytes);
    all.push(...shares);
    console.log(
      [
        model.name.padEnd(32),
        String(errors.length).padStart(4),
        percent(at(shares, 0.99)),
        percent(at(shares, 1)),
        (Math.min(...bytes) / MIB).toFixed(0).padStart(11),
        (Math.max(...bytes) / MIB).toFixed(0).padStart(12),
        String(errors.filter((error) => Math.abs(error.bytes) > error.band).length).padStart(13),
      ].join(" "),
    );
  }
  all.sort((a, b) => a - b);
  console.log(`${"all".padEnd(32)} ${all.length} ${percent(at(all, 0.99))} ${percent(at(all, 1))}`);
}

const LIMITS_GIB = [12, 18, 25, 38, 48, 52, 56, 78, 110, 168];

console.log(`\nFalse Fits of each release, judged by its row of the table: false of all that fit, by limit in GiB`);
console.log(["release", "rules ", ...LIMITS_GIB.map((gib) => String(gib).padStart(7))].join("  "));
for (const [release, truths] of Object.entries(RUNS)) {
  const runtime = releaseRules(release).value;
  const judged = readOracle().flatMap((model) =>
    model.runs.map((run) => {
      const sum = estimate(model.header, { ...run.settings, runtime });
      if (sum.kind === "unknown") throw new Error(`${model.name}: ${sum.reason}`);
      const most = Math.max(...truths.map((truth) => run.computeBytes[truth]));
      return { needs: sum.total + sum.uncertainty, truth: model.weights + run.kvBytes + run.stateBytes + most };
    }),
  );
  const cells = LIMITS_GIB.map((gib) => {
    const fitting = judged.filter(({ needs }) => needs <= gib * 1024 ** 3);
    const wrong = fitting.filter(({ truth }) => truth > gib * 1024 ** 3);
    return `${wrong.length}/${fitting.length}`.padStart(7);
  });
  console.log([release.padEnd(7), runtime, ...cells].join("  "));
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function percent(share: number): string {
  return (share * 100).toFixed(2).padStart(6);
}
