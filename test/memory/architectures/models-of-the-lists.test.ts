import { describe, expect, it } from "vitest";
import { viewOf } from "../../../src/memory/architectures/ollama-converter";
import { readShape } from "../../../src/memory/architectures/read-shape";
import { ARCHITECTURES } from "../../../src/memory/architectures/registry";
import type { ModelMetadata } from "../../../src/memory/metadata";

/** What the files of the models are that lists of local models for Macs name in November 2026. */
const NAMED = `
  qwen35 qwen35moe qwen3next qwen3 qwen3moe qwen3vl qwen3vlmoe qwen2 gemma4 gemma3 gemma3n gpt-oss gptoss llama llama4
  mistral3 muse-glimmer deepseek2 glm4moelite glm4moe nemotron_h nemotron_h_moe granite granitehybrid phi3 lfm2 lfm2moe
  laguna cohere2moe mellum olmo2 olmo3 seed_oss minimax-m2 bert nomic-bert nomic-bert-moe gemma-embedding glm-dsa
`;

const named = (architecture: string): ModelMetadata => ({
  values: new Map([["general.architecture", architecture]]),
  tensors: [],
});

describe("architectures of the models that most lists name", () => {
  it.each(NAMED.trim().split(/\s+/))("know %s", (architecture) => {
    const read = viewOf(named(architecture))?.architecture ?? "";
    expect(ARCHITECTURES.has(read)).toBe(true);
  });

  it.each([
    ["qwen4exp", "compressed keys"],
    ["deepseek4", "a KV cache of its own kind"],
  ])("say why %s isn't known", (architecture, reason) => {
    expect(readShape(named(architecture))).toMatchObject({ kind: "unknown", reason: expect.stringContaining(reason) });
  });
});
