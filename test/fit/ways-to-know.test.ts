import { describe, expect, it } from "vitest";
import { judge, type JudgeInput } from "../../src/fit/verdict";
import { waysToKnow } from "../../src/fit/ways-to-know";
import { GIB } from "../../src/fit/units";
import { inputFor, logged, measured, SERVER } from "./inputs";

const LOAD_IT = "Load it: Show GPU Memory then has Ollama's count.";

function ways(changes: Partial<JudgeInput>): readonly string[] {
  const input = inputFor(measured("qwen3-8b"), 30 * GIB, changes);
  const verdict = judge(input);
  if (verdict.kind !== "unknown") throw new Error(`It's ${verdict.kind}.`);
  return waysToKnow(input, verdict);
}

describe("what would make a verdict known", () => {
  it("is the limit of another machine, where only its least is known, and not a newer release of ours", () => {
    const limit = {
      kind: "known",
      bytes: 3 * GIB,
      source: "loaded",
      sourceText: "at least 3.0 GiB",
      estimated: false,
      isLeast: true,
    } as const;
    const STATE = "State the limit of that machine in the preferences: GPU Limit of the Remote Mac.";
    expect(ways({ limit })).toEqual([STATE, LOAD_IT]);
    const input = inputFor(measured("qwen3-8b"), 30 * GIB);
    const { name, digest } = input.model;
    const loaded = [{ name, digest, sizeBytes: 2 * GIB, vramBytes: 2 * GIB }];
    expect(ways({ limit, loaded })[1]).toBe("It's loaded now: Show GPU Memory has Ollama's count.");
  });

  it("is another KV cache, where flash attention is off for this one: loading it would fail", () => {
    const server = { ...SERVER, kvCacheType: logged("q8_0"), flashAttention: logged("off" as const) };
    expect(ways({ server })).toEqual([
      "Set OLLAMA_KV_CACHE_TYPE to f16, or OLLAMA_FLASH_ATTENTION to 1, and restart Ollama.",
    ]);
  });

  it("is a model without the number of layers that its Modelfile sets", () => {
    const { description } = inputFor(measured("qwen3-8b"), 30 * GIB);
    if ("kind" in description) throw new Error(description.kind);
    const placed = { ...description, parameters: { ...description.parameters, numGpu: 20 } };
    expect(ways({ description: placed })).toEqual([
      expect.stringMatching(/^Make a model of it without num_gpu/),
      LOAD_IT,
    ]);
  });
});
