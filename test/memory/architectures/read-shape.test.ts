import { describe, expect, it } from "vitest";
import { readShape } from "../../../src/memory/architectures/read-shape";
import { LINES, NOT_COVERED } from "../../../src/memory/architectures/registry";
import { estimate, needsArrays } from "../../../src/memory/estimate";
import type { KnownEstimate } from "../../../src/memory/estimate-types";
import type { MetadataValue, ModelMetadata } from "../../../src/memory/metadata";
import type { RunSettings } from "../../../src/memory/settings";
import { asShown, build, type Built, SETTINGS } from "./build";

/** Elements · bytes of F16. */
const F16 = 2;

function known(metadata: ModelMetadata, settings: Partial<RunSettings> = {}): KnownEstimate {
  const sum = estimate(metadata, { ...SETTINGS, ...settings });
  if (sum.kind === "unknown") throw new Error(sum.reason);
  return sum;
}

function reasonOf(metadata: ModelMetadata): string {
  const sum = estimate(metadata, SETTINGS);
  if (sum.kind === "known") throw new Error("unknown expected");
  return sum.reason;
}

const heads = { "attention.head_count": 16, "attention.head_count_kv": 4, feed_forward_length: 4096 };
const attention = { attn_q: [2048, 2048], attn_k: [2048, 512], attn_v: [2048, 512], ffn_up: [2048, 4096] };
const plain = (architecture: string, keys: Record<string, MetadataValue> = {}, blocks = 8): Built => ({
  architecture,
  blocks,
  width: 2048,
  keys: { ...heads, ...keys },
  block: () => attention,
});
/** Bytes that one layer of `plain` keeps per cell. */
const ROW = F16 * (512 + 512);

describe("sliding windows by architecture", () => {
  const window = { "attention.sliding_window": 1024 };
  const cells = 1024 + 512;
  it.each([
    ["gemma2", window, 8, 4],
    ["gemma3", window, 12, 2],
    ["gemma3", {}, 12, 12],
    ["gpt-oss", window, 8, 4],
    ["cohere2", window, 8, 2],
    ["cohere2moe", window, 8, 2],
    ["olmo2", window, 8, 2],
    ["olmo2", {}, 8, 8],
    ["exaone4", window, 8, 8],
    ["exaone4", window, 64, 16],
    ["exaone-moe", window, 8, 2],
    ["plamo3", window, 16, 2],
    ["laguna", window, 8, 2],
    ["phi3", window, 8, 8],
    ["mistral3", window, 8, 8],
  ])("%s %j: of %i layers %i keep the whole context", (architecture, keys, blocks, full) => {
    const sum = known(build(plain(architecture, keys, blocks)));
    expect(sum.kvCache).toBe(full * ROW * 32_768 + (blocks - full) * ROW * cells);
  });

  it.each([
    ["llama4", {}, 8192, 2],
    ["llama4", { "attention.sliding_window": 512 }, 8192, 2],
    ["llama4", { "attention.sliding_window": 0 }, 32_768 - 512, 8],
    ["smallthinker", window, 4096, 2],
    ["gemma2", {}, 4096, 4],
  ])("%s %j takes %i tokens whatever the key says", (architecture, keys, tokens, full) => {
    const sum = known(build(plain(architecture, keys)));
    expect(sum.kvCache).toBe(full * ROW * 32_768 + (8 - full) * ROW * (tokens + 512));
  });

  it("takes a number as the period, an array as the layers, and asks where it is left out", () => {
    const pattern = (value: MetadataValue) =>
      build(plain("gemma3", { ...window, "attention.sliding_window_pattern": value }));
    const full = (layers: number) => layers * ROW * 32_768 + (8 - layers) * ROW * cells;
    expect(known(pattern(4)).kvCache).toBe(full(2));
    const flags = [true, false, false, true, true, true, true, true];
    expect(known(pattern(flags)).kvCache).toBe(full(2));
    expect(needsArrays(pattern(flags))).toBe(false);
    expect(known(asShown(pattern(flags))).kvCache).toBe(full(1));
    expect(needsArrays(asShown(pattern(flags)))).toBe(true);
  });

  it("is Unknown where only the array could tell", () => {
    const file = build(plain("mimo2", { ...window, "attention.sliding_window_pattern": [1, 1, 1, 0, 1, 1, 1, 0] }));
    expect(known(file).kvCache).toBe(2 * ROW * 32_768 + 6 * ROW * cells);
    expect(estimate(asShown(file), SETTINGS)).toMatchObject({ kind: "unknown", needs: "arrays" });
    expect(reasonOf(build(plain("mimo2", window)))).toContain("doesn't say which layers slide");
    expect(reasonOf(build(plain("cohere2")))).toContain("attention.sliding_window");
  });

  it("slides no layer that predicts further tokens and gives it nothing", () => {
    const file = build(plain("exaone-moe", { ...window, nextn_predict_layers: 1 }, 9));
    expect(known(file).kvCache).toBe(2 * ROW * 32_768 + 6 * ROW * cells);
    const without = build(plain("exaone-moe", window, 8));
    expect(known(file).weights).toBe(known(without).weights);
  });
});

describe("multi-head latent attention", () => {
  const latent = (architecture: string, keys: Record<string, MetadataValue>): ModelMetadata =>
    build({
      architecture,
      blocks: 4,
      width: 2048,
      keys: { "attention.head_count": 20, "attention.kv_lora_rank": 512, ...keys },
      block: () => ({ attn_kv_a_mqa: [2048, 576], ffn_up: [2048, 4096] }),
    });
  const absorbed = {
    "attention.head_count_kv": 1,
    "attention.key_length": 576,
    "attention.value_length": 512,
    "attention.key_length_mla": 256,
    "attention.value_length_mla": 256,
  };

  it.each(["on", "off", "auto"] as const)("caches one row and no V (flash attention %s)", (flashAttention) => {
    expect(known(latent("deepseek2", absorbed), { flashAttention }).kvCache).toBe(4 * 32_768 * F16 * 576);
    expect(known(latent("mistral4", absorbed), { flashAttention }).kvCache).toBe(4 * 32_768 * F16 * 576);
  });

  it("is plain attention without the keys of the absorbed form", () => {
    const file = latent("deepseek2", {
      "attention.head_count_kv": 20,
      "attention.key_length": 192,
      "attention.value_length": 128,
    });
    expect(known(file).kvCache).toBe(4 * 32_768 * F16 * 20 * (192 + 128));
  });

  it("reads the per-head sizes of Ollama's glm4moelite files as its llama.cpp does", () => {
    const file = latent("glm4moelite", {
      "attention.head_count_kv": 20,
      "attention.key_length": 256,
      "attention.value_length": 256,
      "attention.key_length_mla": 576,
      "attention.value_length_mla": 512,
      "rope.dimension_count": 64,
    });
    expect(known(file)).toMatchObject({ architecture: "deepseek2", kvCache: 4 * 32_768 * F16 * 576 });
  });
});

it("minimax-m3 keeps a key of the indexer for each cell of each layer that has one", () => {
  const indexed = (index: number) => (index < 6 ? { ...attention, "indexer.k_proj": [2048, 128] } : attention);
  const file = build({ ...plain("minimax-m3", { "attention.indexer.top_k": 2048 }), block: indexed });
  expect(known(file).kvCache).toBe(32_768 * (8 * ROW + 6 * F16 * 128));
});

describe("hybrids", () => {
  const mixed = (index: number) => (index % 4 === 3 ? attention : { ssm_conv1d: [4, 4352], ffn_up: [2048, 4096] });
  const ssm = { "ssm.conv_kernel": 4, "ssm.inner_size": 4096, "ssm.state_size": 128, "ssm.group_count": 1 };
  const perLayer = Array.from({ length: 8 }, (_, index) => (index % 4 === 3 ? 4 : 0));
  type Block = (index: number) => Readonly<Record<string, readonly number[] | undefined>>;
  const hybrid = (architecture: string, keys: Record<string, MetadataValue>, block: Block = mixed) =>
    build({ architecture, blocks: 8, width: 2048, keys: { ...heads, ...ssm, ...keys }, block });
  const state = (layers: number, convolution: number, ssmState: number) => 4 * layers * (convolution + ssmState);

  it.each([
    ["granitehybrid", { "attention.head_count_kv": perLayer }],
    ["plamo2", { "attention.head_count_kv": perLayer }],
    ["qwen3next", {}],
    ["qwen3next", { "attention.head_count_kv": perLayer }],
    ["qwen35", { full_attention_interval: 4 }],
    ["qwen35moe", { "attention.recurrent_layers": perLayer.map((count) => count === 0) }],
  ] as [string, Record<string, MetadataValue>][])(
    "%s %j, from the header and from plain show",
    (architecture, keys) => {
      for (const file of [hybrid(architecture, keys), asShown(hybrid(architecture, keys))]) {
        const sum = known(file, { parallel: 2, flashAttention: "off" });
        expect(sum.kvCache).toBe(2 * 2 * ROW * 32_768);
        expect(sum.recurrentState).toBe(2 * state(6, 3 * 4352, 128 * 4096));
      }
    },
  );

  it("jamba keeps the state of Mamba 1", () => {
    const file = hybrid("jamba", { "ssm.group_count": 0, "attention.head_count_kv": perLayer }, (index) =>
      index % 4 === 3 ? attention : { ssm_conv1d: [4, 4096] },
    );
    expect(known(file).recurrentState).toBe(state(6, 3 * 4096, 128 * 4096));
  });

  it("may keep Q, K and V of its attending layers in one tensor", () => {
    const file = hybrid("plamo2", { "attention.head_count_kv": perLayer }, (index) =>
      index % 4 === 3 ? { attn_qkv: [2048, 2048 + 1024] } : { ssm_conv1d: [4, 4352], attn_qkv: [2048, 4096] },
    );
    for (const form of [file, asShown(file)]) expect(known(form).kvCache).toBe(2 * ROW * 32_768);
  });

  it("falcon-h1 attends and keeps a state in every layer", () => {
    const file = hybrid("falcon-h1", {}, () => ({ ...attention, ssm_conv1d: [4, 4352] }));
    expect(known(file)).toMatchObject({ kvCache: 8 * ROW * 32_768, recurrentState: state(8, 3 * 4352, 128 * 4096) });
  });

  it("nemotron_h has layers that are a feed-forward alone", () => {
    const kinds = Array.from({ length: 8 }, (_, index) => (["state", "ffn", "attend", "ffn"] as const)[index % 4]);
    const file = hybrid(
      "nemotron_h",
      {
        "attention.head_count_kv": kinds.map((kind) => (kind === "attend" ? 4 : 0)),
        feed_forward_length: kinds.map((kind) => (kind === "ffn" ? 4096 : 0)),
      },
      (index) => {
        const kind = kinds[index];
        if (kind === "state") return { ssm_conv1d: [4, 4352] };
        return kind === "ffn"
          ? { ffn_up: [2048, 4096] }
          : { attn_q: [2048, 2048], attn_k: [2048, 512], attn_v: [2048, 512] };
      },
    );
    for (const form of [file, asShown(file)]) {
      expect(known(form, { flashAttention: "off" })).toMatchObject({
        kvCache: 2 * ROW * 32_768,
        recurrentState: state(2, 3 * 4352, 128 * 4096),
      });
    }
  });

  it("is Unknown where keys and tensors disagree on the layers", () => {
    expect(reasonOf(hybrid("qwen3next", { full_attention_interval: 2 }))).toContain("contradict");
    expect(reasonOf(hybrid("granitehybrid", { "attention.head_count_kv": 4 }))).toContain("contradict");
    expect(reasonOf(hybrid("qwen3next", { "ssm.group_count": 2 }))).toContain("contradict");
    expect(reasonOf(hybrid("qwen3next", { full_attention_interval: 0 }))).toContain("is 0");
  });
});

describe("models without a KV cache", () => {
  it("mamba2 and RWKV keep a state alone", () => {
    const mamba = build({
      architecture: "mamba2",
      blocks: 4,
      width: 2048,
      keys: { "ssm.conv_kernel": 4, "ssm.inner_size": 4096, "ssm.state_size": 128, "ssm.group_count": 8 },
      block: () => ({ ssm_conv1d: [4, 4096 + 2048] }),
    });
    expect(known(mamba)).toMatchObject({ kvCache: 0, recurrentState: 4 * 4 * (3 * 6144 + 128 * 4096) });
    const rwkv = (keys: Record<string, MetadataValue>) =>
      build({
        architecture: "rwkv7",
        blocks: 4,
        width: 2048,
        keys: { "wkv.head_size": 64, ...keys },
        block: () => ({ time_mix_w1: [2048, 96] }),
      });
    expect(known(rwkv({})).recurrentState).toBe(4 * 4 * (2 * 2048 + 2048 * 64));
    expect(known(rwkv({ token_shift_count: 1 })).recurrentState).toBe(4 * 4 * (2048 + 2048 * 64));
  });

  it("an embedding model that Ollama converted as gemma3 is an encoder", () => {
    const file = build({
      ...plain("gemma3", { "attention.sliding_window": 512 }),
      others: { "dense.0.weight": [1, 1] },
    });
    expect(known(file)).toMatchObject({ architecture: "gemma-embedding", kvCache: 0, recurrentState: 0 });
  });
});

describe("layers that differ", () => {
  const kvHeads = [4, 0, 4, 4, 0, 2];
  const deci = build({
    architecture: "deci",
    blocks: 6,
    width: 2048,
    keys: {
      "attention.head_count": kvHeads.map((count) => (count === 0 ? 0 : 16)),
      "attention.head_count_kv": kvHeads,
      "rope.dimension_count": 128,
      feed_forward_length: kvHeads.map(() => 4096),
    },
    block: (index) =>
      kvHeads[index] === 0
        ? { ffn_up: [2048, 4096] }
        : {
            attn_q: [2048, 2048],
            attn_k: [2048, 128 * (kvHeads[index] ?? 0)],
            attn_v: [2048, 128 * (kvHeads[index] ?? 0)],
          },
  });

  it.each([
    ["header", deci],
    ["show", asShown(deci)],
  ])("widens V of every layer, those without KV heads too, while flash attention is off (%s)", (_, file) => {
    expect(known(file).kvCache).toBe(32_768 * F16 * 128 * 2 * 14);
    expect(known(file, { flashAttention: "off" }).kvCache).toBe(32_768 * F16 * 128 * (14 + 6 * 4));
  });

  it("gemma3n's later layers and gemma4's last ones own no cache", () => {
    const gemma3n = build(plain("gemma3n", { "attention.sliding_window": 512 }, 30));
    expect(known(gemma3n).kvCache).toBe(4 * ROW * 32_768 + 16 * ROW * 1024);
    const slides = [true, true, false, true, true, false];
    const gemma4 = build({
      architecture: "gemma4",
      blocks: 6,
      width: 2048,
      keys: {
        "attention.head_count": 8,
        "attention.head_count_kv": 1,
        "attention.key_length": 512,
        "attention.value_length": 512,
        "attention.key_length_swa": 256,
        "attention.value_length_swa": 256,
        "attention.sliding_window": 512,
        "attention.sliding_window_pattern": slides,
        "attention.shared_kv_layers": 3,
        feed_forward_length: slides.map((_, index) => (index < 3 ? 4096 : 8192)),
      },
      block: (index) => ({
        attn_q: [2048, slides[index] ? 2048 : 4096],
        attn_q_norm: [slides[index] ? 256 : 512],
        ffn_up: [2048, index < 3 ? 4096 : 8192],
        ...(index < 3 ? { attn_k: [2048, slides[index] ? 256 : 512], attn_k_norm: [slides[index] ? 256 : 512] } : {}),
      }),
    });
    for (const form of [gemma4, asShown(gemma4)]) {
      expect(known(form).kvCache).toBe(32_768 * F16 * 1024 + 2 * 1024 * F16 * 512);
      expect(needsArrays(form)).toBe(false);
    }
    expect(known(asShown(gemma4))).toEqual(known(gemma4));
  });

  it("takes the K and V of one projection (phi3) from its width", () => {
    const file = build({ ...plain("phi3"), block: () => ({ attn_qkv: [2048, 2048 + 1024], ffn_up: [2048, 8192] }) });
    expect(known(file).kvCache).toBe(8 * ROW * 32_768);
    const shown = build({
      ...plain("openelm", { "attention.head_count": { omitted: true }, "attention.head_count_kv": { omitted: true } }),
      block: () => ({ attn_qkv: [2048, 2048 + 1024], attn_output: [2048, 2048], ffn_up: [2048, 4096] }),
    });
    expect(estimate(shown, SETTINGS)).toMatchObject({ kind: "unknown", needs: "arrays" });
  });

  it("head sizes are 0 where the first block has no heads, and that contradicts tensors that attend", () => {
    const counts = [0, 16, 16, 16, 16, 16, 16, 16];
    expect(reasonOf(build(plain("deci", { "attention.head_count": counts })))).toContain("contradict");
  });
});

describe("files of Ollama's former converter", () => {
  it.each([
    ["gptoss", "gpt-oss", { "attention.sliding_window": 128 }],
    ["olmo3", "olmo2", { "attention.sliding_window": 128 }],
    ["qwen25vl", "qwen2vl", {}],
    ["glmocr", "glm4", {}],
    ["deepseekocr", "deepseek2-ocr", {}],
  ])("%s is %s", (own, translated, keys) => {
    const sum = known(build(plain(own, keys)));
    expect(sum).toEqual(known(build(plain(translated, keys))));
    expect(sum.architecture).toBe(translated);
  });

  it("leaves out its prediction layers and counts its inline vision as the projector", () => {
    const text = known(build(plain("mistral3")));
    const file = build({
      ...plain("mistral3"),
      others: { "v.blk.0.attn_q.weight": [1024, 1024], "mm.0.weight": [1024, 2048], "mtp.fc.weight": [4096, 2048] },
    });
    const projector = F16 * 1024 * (1024 + 2048);
    const { mappedWeights, projectorCompute, projectorUncertainty, ...sum } = known(file);
    const { mappedWeights: ofText, projectorCompute: none, projectorUncertainty: noBand, ...textSum } = text;
    expect(sum).toEqual({
      ...textSum,
      projector,
      total: text.total + projector + projectorCompute,
      uncertainty: text.uncertainty + projectorUncertainty,
    });
    expect([none, noBand]).toEqual([0, 0]);
    // What computing an image takes was seen from 0.2 to 1.1 GiB.
    const [low, high] = [projectorCompute - projectorUncertainty, projectorCompute + projectorUncertainty];
    expect([low, high].map((bytes) => (bytes / 1024 ** 3).toFixed(1))).toEqual(["0.2", "1.1"]);
    // They lie between the first and the last layer here, so that Metal maps them, too.
    expect(mappedWeights).toBe(ofText + projector + F16 * 4096 * 2048);
  });
});

describe("contradictions and gaps are Unknown", () => {
  it.each([
    ["head_count_kv against attn_k", { "attention.head_count_kv": 8 }, "contradict"],
    ["key_length against attn_k", { "attention.key_length": 64 }, "contradict"],
    ["embedding_length against token_embd", { embedding_length: 1024 }, "token_embd.weight"],
    ["fewer blocks than tensors", { block_count: 4 }, "the tensors say 8"],
    ["more blocks than tensors", { block_count: 80 }, "the tensors say 8"],
    ["only prediction layers", { nextn_predict_layers: 8 }, "predict further tokens"],
    ["an array for a number", { block_count: [8] }, "block_count"],
    ["too short an array", { "attention.head_count_kv": [4, 4] }, "2 values for 8 layers"],
    ["a number beyond 32 bits", { "attention.key_length": 2 ** 33 }, "isn't a usable number"],
    ["a bigint", { "attention.key_length": 2n ** 60n }, "isn't a usable number"],
    ["more experts used than there are", { expert_count: 4, expert_used_count: 5 }, "5 of 4 experts"],
  ] as [string, Record<string, MetadataValue>, string][])("%s", (_, keys, words) => {
    expect(reasonOf(build(plain("llama", keys)))).toContain(words);
  });

  it.each([...NOT_COVERED])("%s %s", (architecture, reason) => {
    expect(reasonOf(build(plain(architecture)))).toBe(`The architecture "${architecture}" ${reason}`);
  });

  it("no architecture is both known and not covered, or known twice", () => {
    const names = [...LINES.map(([name]) => name), ...NOT_COVERED.keys()];
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("never throws on metadata without anything", () => {
    expect(readShape({ values: new Map(), tensors: [] })).toEqual({
      kind: "unknown",
      reason: "The metadata names no architecture.",
    });
  });
});
