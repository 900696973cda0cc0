import { describe, expect, it } from "vitest";
import { ARCHITECTURES, NOT_COVERED } from "../../../src/memory/architectures/registry";
import { estimate } from "../../../src/memory/estimate";
import { RUNTIMES } from "../../../src/memory/settings";
import { readMeasuredFiles } from "../fixture-files";
import { readOracle } from "../oracle";

const files = readMeasuredFiles();
const architectureOf = (metadata: (typeof files)[number]["metadata"]) =>
  String(metadata.values.get("general.architecture"));
const covered = files.filter(({ metadata }) => !NOT_COVERED.has(architectureOf(metadata)));

describe.each(covered)("$name", ({ metadata, runs }) => {
  it("has both caches and the mapped weights to the byte, and its compute buffer inside the band", () => {
    for (const { settings, kvBytes, stateBytes, computeBytes, mapped } of runs) {
      for (const runtime of RUNTIMES) {
        const sum = estimate(metadata, { ...settings, runtime });
        if (sum.kind === "unknown") throw new Error(sum.reason);
        expect([sum.kvCache, sum.recurrentState]).toEqual([kvBytes, stateBytes]);
        if (mapped !== undefined) expect(sum.mappedWeights).toBe(mapped);
        const real = computeBytes[runtime];
        if (real !== undefined) expect(Math.abs(sum.compute - real)).toBeLessThanOrEqual(sum.uncertainty);
      }
    }
  });
});

/** Names whose rule no fixture has, with a case worked out in read-shape.test.ts, or in refused.test.ts (phi3). */
const BY_HAND = ["minimax-m3", "nemotron_h", "phi3"];

describe("files of the fixture", () => {
  it("have each rule of the registry under one of its names, those worked out by hand left out", () => {
    const written = (name: string) => JSON.stringify(ARCHITECTURES.get(name));
    const measured = [...files, ...readOracle().map(({ header }) => ({ metadata: header }))];
    const rules = new Set([...measured.map(({ metadata }) => architectureOf(metadata)), ...BY_HAND].map(written));
    expect([...ARCHITECTURES.keys()].filter((name) => !rules.has(written(name)))).toEqual([]);
  });

  it("that are not covered say why", () => {
    const others = files.filter(({ metadata }) => NOT_COVERED.has(architectureOf(metadata)));
    expect(others.map(({ name }) => name)).toEqual(["deepseek4-moe-v1", "qwen4exp-moe-v0"]);
    for (const { metadata, runs } of others) {
      const [run] = runs;
      if (run === undefined) throw new Error("It has no run.");
      const sum = estimate(metadata, { ...run.settings, runtime: "v0.5.0" });
      expect(sum).toMatchObject({ kind: "unknown", reason: expect.stringContaining("this version can't size") });
    }
  });

  it("hold most of the architectures that the registry knows", () => {
    const measured = new Set(files.map(({ metadata }) => architectureOf(metadata)));
    expect([...ARCHITECTURES.keys()].filter((name) => measured.has(name)).length).toBeGreaterThan(85);
  });
});
