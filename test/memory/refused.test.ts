import { describe, expect, it } from "vitest";
import { estimate } from "../../src/memory/estimate";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import { KV_CACHE_TYPES } from "../../src/memory/settings";
import { measured } from "../fit/inputs";

const SETTINGS = { numCtx: 8192, flashAttention: "auto", batch: 512, runtime: "v0.5.0" } as const;

/** A model of phi3's kind: Q, K and V in one matrix. */
const FUSED: ModelMetadata = {
  values: new Map<string, MetadataValue>([
    ["general.architecture", "phi3"],
    ["phi3.block_count", 1],
    ["phi3.context_length", 131_072],
    ["phi3.embedding_length", 1024],
    ["phi3.feed_forward_length", 2048],
    ["phi3.attention.head_count", 8],
    ["phi3.attention.head_count_kv", 8],
  ]),
  tensors: [
    { name: "token_embd.weight", type: "F16", shape: [1024, 32_000] },
    { name: "output.weight", type: "F16", shape: [1024, 32_000] },
    { name: "blk.0.attn_qkv.weight", type: "F16", shape: [1024, 3072] },
    { name: "blk.0.attn_output.weight", type: "F16", shape: [1024, 1024] },
    { name: "blk.0.ffn_up.weight", type: "F16", shape: [1024, 4096] },
    { name: "blk.0.ffn_down.weight", type: "F16", shape: [2048, 1024] },
  ],
};

describe("what llama.cpp doesn't run", () => {
  it("is one matrix for Q, K and V with several slots and a quantized cache: unknown, with that reason", () => {
    const at = (parallel: number, kvCacheType: (typeof KV_CACHE_TYPES)[number], model = FUSED) =>
      estimate(model, { ...SETTINGS, parallel, kvCacheType });
    expect(at(4, "q8_0")).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("llama.cpp stops at that"),
    });
    const separate = {
      ...FUSED,
      tensors: FUSED.tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace("attn_qkv", "attn_q") })),
    };
    const runs = [at(1, "q8_0"), at(4, "f16"), at(4, "q8_0", separate), at(4, "q8_0", measured("qwen3-8b").header)];
    for (const known of runs) {
      expect(known.kind).toBe("known");
    }
  });
});
