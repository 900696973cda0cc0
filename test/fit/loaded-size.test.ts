import { describe, expect, it } from "vitest";
import type { LoadedModel } from "../../src/fit/facts";
import { withRealSize } from "../../src/fit/loaded-size";
import { resolveRun, runSettings } from "../../src/fit/run-settings";
import { GIB, MIB } from "../../src/fit/units";
import { estimateModel, expectedReport, runInput } from "../../src/fit/verdict";
import { gguf, inputFor, measured } from "./inputs";

const CONTEXT = 131_072;

function at(name: string, numCtx: number) {
  const input = inputFor(measured(name), 52 * GIB);
  const description = gguf(input.description);
  const run = resolveRun(runInput({ ...input, options: { context: numCtx } }, description));
  if ("kind" in run) throw new Error(run.reason);
  const sum = estimateModel(description, runSettings(run));
  if (sum.kind === "unknown") throw new Error(sum.reason);
  const loaded = (sizeBytes: number, vramBytes = sizeBytes): LoadedModel => ({
    name: input.model.name,
    digest: input.model.digest,
    sizeBytes,
    vramBytes,
    contextLength: numCtx,
  });
  return { input, sum, report: expectedReport(sum), loaded };
}

describe("the size of a loaded model", () => {
  // Ollama 0.33's own code on llama-server's lines for gemma3:27b at 128K leaves 10,240 MiB out (ollama#16642).
  const gemma = at("gemma3-27b", CONTEXT);

  it("of two caches leaves out the first in Ollama's count", () => {
    expect(gemma.sum.uncountedCache).toBe(10_240 * MIB);
    expect(gemma.sum.kvCache - gemma.sum.uncountedCache).toBe(624 * MIB);
    expect(at("qwen3-8b", 32_768).sum.uncountedCache).toBe(0);
  });

  it("is our estimate where Ollama's count is short, and Ollama's is kept beside it", () => {
    const counted = gemma.report - 10_240 * MIB;
    expect(withRealSize(gemma.loaded(counted), gemma.input)).toMatchObject({
      sizeBytes: gemma.report,
      vramBytes: gemma.report,
      countedBytes: counted,
    });
    // What spilled stays the same share.
    const spilled = withRealSize(gemma.loaded(counted, counted / 2), gemma.input);
    expect(spilled.vramBytes / spilled.sizeBytes).toBeCloseTo(0.5);
  });

  it("is our estimate where Ollama could only tell the file", () => {
    const { loaded, input, report, sum } = at("qwen3-8b", 32_768);
    expect(withRealSize(loaded(sum.weights), input)).toMatchObject({ sizeBytes: report, countedBytes: sum.weights });
  });

  it("is Ollama's count where that can be right, and where nothing else is known", () => {
    for (const { loaded, input, report, sum } of [gemma, at("qwen3-8b", 32_768)]) {
      for (const bytes of [report - sum.uncertainty, report, report * 2]) {
        expect(withRealSize(loaded(bytes), input)).toEqual(loaded(bytes));
      }
      const small = loaded(GIB);
      expect(withRealSize(small, undefined)).toBe(small);
      expect(withRealSize({ ...small, contextLength: undefined }, input)).not.toHaveProperty("countedBytes");
      expect(withRealSize(small, { ...input, description: { kind: "unreadable", reason: "" } })).toBe(small);
      // Releases before 0.30 count in a way of their own.
      expect(withRealSize(small, { ...input, server: { ...input.server, version: "0.24.0" } })).toBe(small);
      expect(withRealSize(loaded(0), input)).toEqual(loaded(0));
    }
  });
});
