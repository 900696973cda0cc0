import { describe, expect, it } from "vitest";
import { estimate } from "../../../src/memory/estimate";
import { RUNTIMES, type Runtime } from "../../../src/memory/settings";
import { type OracleModel, readOracle } from "../oracle";

const MIB = 1024 ** 2;

/** Differences of the compute buffer of all counted runs: estimate minus truth, and the half-width of the band. */
function differences(
  model: OracleModel,
  runtime: Runtime,
): readonly { readonly bytes: number; readonly band: number }[] {
  return model.runs.map((run) => {
    const sum = estimate(model.header, { ...run.settings, runtime });
    if (sum.kind === "unknown") throw new Error(sum.reason);
    return { bytes: sum.compute - run.computeBytes[runtime], band: sum.uncertainty };
  });
}

const models = readOracle();
const named = (names: string): readonly OracleModel[] => models.filter(({ name }) => names.split(" ").includes(name));

describe.each(RUNTIMES)("compute buffers of %s", (runtime) => {
  const dense =
    "llama2-7b-mha llama3.1-8b llama3.1-8b-q8_0 llama3.2-3b qwen2.5-32b qwen3-8b qwen3-32b seed-oss-36b command-r-08-2024";

  it.each(named(dense))("$name is met to the byte", (model) => {
    for (const { bytes } of differences(model, runtime)) expect(bytes).toBe(0);
  });

  it.each(named("qwen3-30b-a3b qwen3-coder-30b nomic-embed-text-v1.5"))("$name is met within 1 MiB", (model) => {
    for (const { bytes } of differences(model, runtime)) expect(Math.abs(bytes)).toBeLessThanOrEqual(MIB);
  });

  it.each(named("gemma2-9b gemma2-27b gemma3-4b gemma3-27b gemma4-31b"))("$name mostly to the byte", (model) => {
    const all = differences(model, runtime);
    expect(all.filter(({ bytes }) => bytes === 0).length / all.length).toBeGreaterThan(0.5);
    for (const { bytes } of all) expect(Math.abs(bytes)).toBeLessThanOrEqual(32 * MIB);
  });

  it.each(models)("lie inside the band: $name", (model) => {
    for (const { bytes, band } of differences(model, runtime)) expect(Math.abs(bytes)).toBeLessThanOrEqual(band);
  });
});
