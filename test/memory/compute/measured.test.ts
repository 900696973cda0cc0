import { describe, expect, it } from "vitest";
import { readShape } from "../../../src/memory/architectures/read-shape";
import { type Closeness, layoutName, MEASURED } from "../../../src/memory/compute/measured";
import { methodOf } from "../../../src/memory/compute/method";
import { bandOf, computeUncertainty } from "../../../src/memory/compute/uncertainty";
import { effectiveSettings } from "../../../src/memory/effective-settings";
import { estimate } from "../../../src/memory/estimate";
import type { KnownEstimate } from "../../../src/memory/estimate-types";
import { RUNTIMES } from "../../../src/memory/settings";
import { build, SETTINGS } from "../architectures/build";
import { readMeasuredFiles } from "../fixture-files";
import { readOracle } from "../oracle";

/** Layouts of the fixtures, and whether all their runs lie inside the band of their method. */
function layoutsOfFixtures(): Readonly<Record<Closeness, readonly string[]>> {
  const isClose = new Map<string, boolean>();
  // All runs of these models are held against their bands in accuracy.test.ts; a part of them tells the layout here.
  const models = readOracle().map(({ header, runs }) => ({
    metadata: header,
    runs: runs.filter((_, index) => index % 8 === 0),
  }));
  for (const { metadata, runs } of [...models, ...readMeasuredFiles()]) {
    const reading = readShape(metadata);
    if (reading.kind === "unknown") continue;
    const method = methodOf(reading.shape);
    const name = layoutName(reading.shape, method);
    const close = runs.every(({ settings, computeBytes }) =>
      RUNTIMES.every((runtime) => {
        const real = computeBytes[runtime];
        const effective = effectiveSettings(reading.shape, { ...settings, runtime });
        const sum = estimate(metadata, { ...settings, runtime });
        if (real === undefined || effective.kind === "refused" || sum.kind === "unknown") return true;
        return Math.abs(sum.compute - real) <= computeUncertainty(sum.compute, effective, bandOf(method, "close"));
      }),
    );
    isClose.set(name, close && isClose.get(name) !== false);
  }
  const names = (wanted: boolean) => [...isClose].flatMap(([name, close]) => (close === wanted ? [name] : [])).sort();
  return { close: names(true), rough: names(false) };
}

describe("layouts that count as measured", () => {
  it("are those of the fixtures, by how close their runs are", () => {
    const { close, rough } = MEASURED;
    expect({ close: [...close], rough: [...rough] }).toEqual(layoutsOfFixtures());
  });

  it("have a narrower band than the same file under the name of an architecture that was not", () => {
    const file = (architecture: string) =>
      estimate(
        build({
          architecture,
          blocks: 8,
          width: 2048,
          keys: { "attention.head_count": 16, "attention.head_count_kv": 4, feed_forward_length: 4096 },
          block: () => ({ attn_q: [2048, 2048], attn_k: [2048, 512], attn_v: [2048, 512], ffn_up: [2048, 4096] }),
        }),
        SETTINGS,
      ) as KnownEstimate;
    const [measured, other] = [file("llama"), file("mistral")];
    expect([measured.measured, other.measured]).toEqual([true, false]);
    expect(other.total).toBe(measured.total);
    expect(other.uncertainty).toBeGreaterThan(2 * measured.uncertainty);
  });
});
