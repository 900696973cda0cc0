import { describe, expect, it } from "vitest";
import { expectedLoad, loadReport, reportText } from "../../src/apply/load-report";
import { judge } from "../../src/fit/verdict";
import { inputFor, limitOf, measured, SERVER } from "../fit/inputs";

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
  it.each([
    [loaded(50.5, 50.5, 8192), "on-gpu", "a:1b: 50.50 GiB at 8K; 50.00 GiB predicted (+1.0%)."],
    [loaded(49.5), "on-gpu", "a:1b: 49.50 GiB; 50.00 GiB predicted (-1.0%)."],
    [loaded(50.5, 50.5, 4096), "on-gpu", "a:1b: 50.50 GiB at 4K, not the 8K expected."],
    [loaded(52, 48.5, 8192), "spilled", "3.5 GiB of 52.0 GiB spilled to the CPU; 50.0 GiB predicted."],
    [loaded(45), "unclear", "Ollama reports 45.0 GiB, less than the weights alone, so it says nothing."],
    [undefined, "not-listed", "Ollama doesn't list a:1b as loaded."],
  ])("%o is %s", (entry, kind, text) => {
    const report = loadReport("a:1b", entry, EXPECTED);
    expect(report.kind).toBe(kind);
    expect(reportText(report, EXPECTED)).toBe(text);
  });

  it("is taken as it is where nothing was predicted", () => {
    expect(reportText(loadReport("a:1b", loaded(3, 3, 4096)))).toBe("a:1b: 3.00 GiB at 4K.");
    expect(reportText(loadReport("a:1b", loaded(3, 2)))).toBe("1.0 GiB of 3.0 GiB spilled to the CPU.");
  });
});

describe("the prediction", () => {
  it("counts what Metal maps in the place of the weights, as Ollama does", () => {
    const from = measured("llama3.1-8b");
    const verdict = judge(inputFor(from, 100 * GIB));
    if (verdict.kind === "unknown") throw new Error(verdict.reason);
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
