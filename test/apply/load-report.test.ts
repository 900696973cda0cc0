import { describe, expect, it } from "vitest";
import { expectedLoad, loadReport, type LoadReport, reportText } from "../../src/apply/load-report";
import type { LoadedModel } from "../../src/fit/facts";
import { judge } from "../../src/fit/verdict";
import { doesNotSay, type Part, says } from "../support/meaning";
import { inputFor, limitOf, llama, measured, SERVER } from "../fit/inputs";

const GIB = 1024 ** 3;
const EXPECTED = { numCtx: 8192, bytes: 50 * GIB, leastBytes: 48 * GIB };

const loaded = (sizeGib: number, vramGib = sizeGib, contextLength?: number) => ({
  name: "a:1b",
  digest: "d",
  sizeBytes: sizeGib * GIB,
  vramBytes: vramGib * GIB,
  ...(contextLength === undefined ? {} : { contextLength }),
});

describe("what Ollama says of a loaded model", () => {
  it.each<[LoadedModel | undefined, LoadReport["kind"], readonly Part[]]>([
    [loaded(50.5, 50.5, 8192), "on-gpu", ["50.50 GiB", "8K", "50.00 GiB", "+1.0%"]],
    [loaded(49.5), "on-gpu", ["49.50 GiB", "50.00 GiB", "-1.0%"]],
    [loaded(50.5, 50.5, 4096), "on-gpu", ["50.50 GiB", "4K", "not the 8K"]],
    [loaded(52, 48.5, 8192), "spilled", ["48.5 GiB of 52.0 GiB", "50.0 GiB predicted"]],
    [loaded(45), "unclear", ["45.0 GiB", "less than the weights"]],
    [undefined, "not-listed", ["a:1b", /doesn't list/]],
  ])("%o is %s", (entry, kind, parts) => {
    const report = loadReport("a:1b", entry, EXPECTED);
    expect(report.kind).toBe(kind);
    says(reportText(report, EXPECTED), ...parts);
  });

  it("is taken as it is where nothing was predicted", () => {
    const whole = reportText(loadReport("a:1b", loaded(3, 3, 4096)));
    says(whole, "3.00 GiB", "4K");
    const spilled = reportText(loadReport("a:1b", loaded(3, 2)));
    says(spilled, "2.0 GiB of 3.0 GiB");
    for (const text of [whole, spilled]) doesNotSay(text, "predicted");
  });

  it("fits into a toast beside its title, also where Ollama's count is short", () => {
    const expected = { ...EXPECTED, numCtx: 262_144, uncountedBytes: 10 * GIB };
    const text = reportText(loadReport("a:1b", loaded(50.5, 50.5, 262_144), expected), expected);
    says(text, "50.50 GiB", "256K", "10.0 GiB");
    expect(text.length).toBeLessThan(80);
  });
});

describe("the prediction", () => {
  it("counts what Metal maps in the place of the weights, as Ollama does", () => {
    const from = measured("llama3.1-8b");
    const verdict = llama(judge(inputFor(from, 100 * GIB)));
    const { kvCache, compute } = verdict.estimate;
    expect(expectedLoad(verdict)).toEqual({
      numCtx: verdict.run.numCtx.value,
      bytes: from.mapped + kvCache + compute,
      leastBytes: from.weights,
    });
    expect(from.mapped).toBeGreaterThan(from.weights);
  });

  it("is not there for a release that counts in another way", () => {
    const server = { ...SERVER, version: "0.24.0" };
    expect(expectedLoad(judge(inputFor(measured("llama3.1-8b"), 100 * GIB, { server })))).toBeUndefined();
  });

  it("is not there where the sum is not known", () => {
    const input = inputFor(measured("llama3.1-8b"), GIB, {
      description: { kind: "unreadable", reason: "No." },
      limit: limitOf(GIB),
    });
    expect(expectedLoad(judge(input))).toBeUndefined();
  });
});
