import fc from "fast-check";
import type { MetadataValue, ModelMetadata } from "../../../src/memory/metadata";
import type { ByteSource } from "../../../src/memory/gguf/byte-source";
import { GgufType } from "../../../src/memory/gguf/metadata-values";

/** A small model with every kind of value in it. */
export const SMALL_MODEL: ModelMetadata = {
  values: new Map<string, MetadataValue>([
    ["general.architecture", "llama"],
    ["general.name", "Tiny – 小"],
    ["general.tags", ["chat", "", "ünïcode"]],
    ["llama.block_count", 2],
    ["llama.context_length", 131_072],
    ["llama.embedding_length", 64],
    ["llama.attention.head_count_kv", [2, 0]],
    ["llama.attention.sliding_window_pattern", [true, false]],
    ["llama.rope.freq_base", 500_000.5],
    ["llama.vocab_size", 256],
    ["test.i8", -5],
    ["test.i16", -300],
    ["test.u64", 2n ** 63n + 5n],
    ["test.i64", -(2n ** 60n)],
    ["test.f64", 0.1],
    ["test.bool", false],
    ["test.empty", []],
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.tokens", { omitted: true, length: 20 }],
    ["general.quantization_version", 2],
  ]),
  tensors: [
    { name: "token_embd.weight", shape: [64, 20], type: "F16" },
    { name: "blk.0.attn_q.weight", shape: [256, 3], type: "Q4_K" },
    { name: "blk.0.attn_norm.weight", shape: [64], type: "F32" },
    { name: "blk.1.ffn_up_exps.weight", shape: [32, 5, 3], type: "MXFP4" },
    { name: "output.weight", shape: [32, 3], type: "Q8_0" },
  ],
};

export const SMALL_TYPES: Readonly<Record<string, GgufType>> = {
  "test.i8": GgufType.I8,
  "test.i16": GgufType.I16,
  "test.u64": GgufType.U64,
  "test.i64": GgufType.I64,
  "test.f64": GgufType.F64,
  "llama.rope.freq_base": GgufType.F32,
  "llama.vocab_size": GgufType.U16,
};

/** A source that remembers every range asked from it. `knowsSize` false is HTTP without a total. */
export function spiedSource(bytes: Uint8Array, knowsSize = true): ByteSource & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    reads,
    size: knowsSize ? bytes.length : undefined,
    read: async (offset, length) => {
      reads.push([offset, length]);
      return bytes.slice(offset, offset + length);
    },
  };
}

/** A header of about 16 MB: 262,144 tokens with scores and types, 514,906 merges, 600 tensors. */
export function largeModel(tokenCount = 262_144, mergeCount = 514_906): ModelMetadata {
  const tokens = Array.from({ length: tokenCount }, (_, i) => `▁w${i.toString(36)}`);
  const merges = Array.from({ length: mergeCount }, (_, i) => `▁${i.toString(36)} ${(i * 7919).toString(36)}`);
  const layers = Array.from({ length: 50 }, (_, i) => i);
  const parts = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down", "ffn_gate"];
  return {
    values: new Map<string, MetadataValue>([
      ["general.architecture", "gemma4"],
      ["general.name", "Large"],
      ["gemma4.block_count", layers.length],
      ["gemma4.context_length", 131_072],
      ["gemma4.embedding_length", 2560],
      ["gemma4.attention.head_count_kv", layers.map(() => 4)],
      ["tokenizer.ggml.model", "gemma4"],
      ["tokenizer.ggml.tokens", tokens],
      ["tokenizer.ggml.scores", tokens.map((_, i) => -i)],
      ["tokenizer.ggml.token_type", tokens.map(() => 1)],
      ["tokenizer.ggml.merges", merges],
      ["tokenizer.chat_template", "{{ messages }}".repeat(500)],
      ["general.quantization_version", 2],
    ]),
    tensors: layers.flatMap((i) =>
      parts.map((part) => ({ name: `blk.${i}.${part}.weight`, shape: [2560, 2560], type: "Q4_K" })),
    ),
  };
}

const scalar = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: -(2 ** 31), max: -1 }),
  fc.float({ noNaN: true }).map(Math.fround),
  fc.boolean(),
);
const array = fc.oneof(
  fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 70 }),
  fc.array(fc.boolean(), { maxLength: 70 }),
);
const keyName = fc
  .tuple(
    fc.constantFrom("general", "llama", "x", "tokenizer.ggml"),
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 24 }),
  )
  .map(([prefix, rest]) => `${prefix}.${rest}`)
  .filter((key) => key !== "general.alignment");
const tensor = fc
  .tuple(
    fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
    fc.constantFrom("F32", "F16", "BF16", "Q4_0", "Q4_K", "Q6_K", "IQ4_XS", "MXFP4", "NVFP4", "Q8_0", "Q1_0"),
    fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
  )
  .map(([name, type, [row = 1, ...rest]]) => ({ name, type, shape: [row * 256, ...rest] }));

/** Sound models of any keys, values and tensors. */
export const anyModel: fc.Arbitrary<ModelMetadata> = fc.record({
  values: fc
    .uniqueArray(fc.tuple(keyName, fc.oneof(scalar, array)), { selector: ([key]) => key, maxLength: 25 })
    .map((entries) => new Map<string, MetadataValue>(entries)),
  tensors: fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 20 }),
});
