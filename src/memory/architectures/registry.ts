import type { ExpertsShape, FeedForwardShape, RecurrentKind, SlidingRule } from "./shape";

/** How an architecture lays out memory. All optional: none of it is plain attention in every layer. */
export interface ArchitectureRule {
  readonly sliding?: SlidingRule;
  /** Sliding layers have head sizes of their own, which the file has to name. */
  readonly slidingHeadSizes?: "required";
  readonly recurrent?: RecurrentKind;
  /** Layers that are recurrent; default: those without KV heads. */
  readonly recurrentLayers?: "all" | "no-kv-heads" | "no-kv-heads-nor-ffn" | "interval";
  /** Period of the full-attention layers where the file names none. */
  readonly defaultInterval?: number;
  /** llama.cpp takes a turned-down draft back from copies of the state; elsewhere it reads the tokens again. */
  readonly rollsBack?: true;
  /** Recurrent layers attend too. */
  readonly attendsEverywhere?: true;
  readonly encoder?: true;
  /** Layers attend to their batch alone, although they own a cache. */
  readonly readsBatch?: true;
  /** Layers run several times, each time over a cache of their own: block_count says how many, or is to be multiplied. */
  readonly loops?: "block-count" | "block-count-times";
  /** The embedding matrix is the output's too, without a copy: it stays on the CPU. */
  readonly outputOnCpu?: true;
  /** Every block reads an embedding of its own. */
  readonly perLayerInput?: true;
  /** Layers that own KV; the later ones reuse it. */
  readonly ownKv?: { readonly first: number } | "shared-kv-layers";
  /** Layers with an indexer choose the cells they attend to. */
  readonly indexer?: true;
  /** Multi-head latent attention: "if-keys" = only with key_length_mla and value_length_mla. */
  readonly latent?: "if-keys" | "always";
  /** Where it is neither gated nor plain, which the tensors tell. */
  readonly feedForward?: Exclude<FeedForwardShape["kind"], "gated" | "plain">;
  readonly experts?: ExpertsShape["kind"];
  /** The router weighs its experts after it chose them, or not at all. */
  readonly routesLate?: true;
  /** The weights are applied before the experts run. */
  readonly weighsFirst?: true;
  readonly flashAttentionForbidden?: true;
  /**
   * Stops while it reserves the graph where one matrix projects to Q, K and V and several slots share a quantized cache:
   * 4 of 4 runs of v0.5.0. Other architectures with such a matrix run.
   */
  readonly stopsAtQuantizedSlots?: true;
}

const lastFull = (period: number, when: SlidingRule["when"], fallback?: number): ArchitectureRule => ({
  sliding: { order: "last-full", period, when, fallback },
});
const firstFull = (period: number, when: SlidingRule["when"]): ArchitectureRule => ({
  sliding: { order: "first-full", period, when },
});
const byArray: ArchitectureRule = { sliding: { order: "array", when: "always" } };
const deltaNet: ArchitectureRule = { recurrent: "delta-net", recurrentLayers: "interval", defaultInterval: 4 };
const mambaBesideMlp: ArchitectureRule = {
  recurrent: "mamba2",
  recurrentLayers: "no-kv-heads-nor-ffn",
  rollsBack: true,
};
const rwkv: ArchitectureRule = { recurrent: "rwkv", recurrentLayers: "all" };
const encoder: ArchitectureRule = { encoder: true };

/** Every layer attends to the whole context. */
const PLAIN = `
  llama mistral mistral3 qwen qwen2 qwen2moe qwen2vl qwen3 qwen3moe qwen3vl qwen3vlmoe granite granitemoe
  smollm3 seed_oss minimax-m2 ernie4_5 ernie4_5-moe deepseek deepseek2-ocr deci glm4 glm4moe chatglm internlm2 baichuan
  orion xverse exaone olmo olmoe minicpm minicpm3 arctic dbrx refact codeshell gemma bailingmoe bailingmoe2 hunyuan-moe
  hunyuan-dense hunyuan_vl hy_v3 dots1 apertus pangu-embedded arcee plamo paddleocr grovemoe openelm talkie
  chameleon maincoder plm stablelm starcoder starcoder2 gpt2 gptneox falcon mpt bloom phi2 nemotron jais jais2
`;

const entries = (names: string, rule: ArchitectureRule): [string, ArchitectureRule][] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, rule]);

/** The lines of {@link ARCHITECTURES}; each name is in one of them only. */
export const LINES: readonly (readonly [name: string, rule: ArchitectureRule])[] = [
  ...entries(PLAIN, {}),
  ...entries("phi3 phimoe", { stopsAtQuantizedSlots: true }),
  ["grok", { flashAttentionForbidden: true }],
  ["bitnet", { outputOnCpu: true }],
  ["llama-embed", { readsBatch: true }],
  ["nanbeige", { loops: "block-count-times" }],
  ["hrm_text", { loops: "block-count" }],
  ["command-r", { feedForward: "beside" }],
  ["cohere2", { ...lastFull(4, "always"), feedForward: "beside" }],
  ["cohere2moe", firstFull(4, "always")],
  ["gemma2", lastFull(2, "always", 4096)],
  ["gemma3", lastFull(6, "window-set")],
  ["gemma3n", { ...lastFull(5, "always"), ownKv: { first: 20 }, feedForward: "per-layer-input", perLayerInput: true }],
  [
    "gemma4",
    {
      sliding: { order: "array", when: "always", shownByKeyNorm: true },
      slidingHeadSizes: "required",
      ownKv: "shared-kv-layers",
      perLayerInput: true,
      experts: "wide",
    },
  ],
  ["gpt-oss", { ...lastFull(2, "always"), routesLate: true }],
  [
    "llama4",
    {
      sliding: { order: "last-full", period: 4, fixed: 8192, when: "window-not-zero" },
      routesLate: true,
      weighsFirst: true,
    },
  ],
  ...entries("olmo2 afmoe mellum", lastFull(4, "window-set")),
  ["exaone4", lastFull(4, "64-layers", 4096)],
  ...entries("exaone-moe muse-glimmer", lastFull(4, "always")),
  ["plamo3", lastFull(8, "window-set")],
  ["smallthinker", { sliding: { order: "first-full", period: 4, fixed: 4096, when: "window-set" } }],
  ["laguna", firstFull(4, "window-set")],
  ...entries("mimo2 step35 granite_swa maple spark2_5", byArray),
  ...entries("deepseek2 mistral4", { latent: "if-keys" }),
  ...entries("deepseek32 glm-dsa hy_v4", { latent: "if-keys", indexer: true }),
  ["dots3note", { ...byArray, slidingHeadSizes: "required", latent: "if-keys", indexer: true }],
  ["minimax-m3", { indexer: true }],
  ["mamba", { recurrent: "mamba", recurrentLayers: "all" }],
  ["mamba2", { recurrent: "mamba2", recurrentLayers: "all" }],
  ["jamba", { recurrent: "mamba" }],
  ["granitehybrid", { recurrent: "mamba2", experts: "wide-after-mixer" }],
  ["plamo2", { recurrent: "mamba2" }],
  ["falcon-h1", { recurrent: "mamba2", recurrentLayers: "all", attendsEverywhere: true }],
  ["nemotron_h", mambaBesideMlp],
  ["nemotron_h_moe", { ...mambaBesideMlp, experts: "wide" }],
  ["qwen3next", deltaNet],
  ...entries("qwen35 qwen35moe", { ...deltaNet, rollsBack: true }),
  ["lfm2", { recurrent: "short-conv", rollsBack: true, sliding: { order: "all", when: "window-set" } }],
  ["lfm2moe", { recurrent: "short-conv", rollsBack: true }],
  ["kimi-linear", { recurrent: "kda", latent: "always" }],
  ...entries("kimi-k3 bailingmoe3", { recurrent: "kda", latent: "always", rollsBack: true }),
  ["minimax-01", { recurrent: "lightning", recurrentLayers: "interval", defaultInterval: 8 }],
  ...entries("rwkv6 rwkv6qwen2 rwkv7 arwkv7", rwkv),
  ...entries("bert nomic-bert-moe jina-bert-v3", { ...encoder }),
  ...entries("nomic-bert jina-bert-v2 modern-bert neo-bert eurobert gemma-embedding", encoder),
];

/**
 * Architectures (general.architecture) and how they lay out memory. What is not here is Unknown.
 * The README of this folder says how to add one.
 */
export const ARCHITECTURES: ReadonlyMap<string, ArchitectureRule> = new Map(LINES);

const DIFFUSION = "is a diffusion model, which this version can't size.";
const DRAFT = "is a draft model: it only runs beside another model.";
const ENCODER_DECODER = "is an encoder-decoder, which this version can't size.";

/** Architectures that are known not to follow the rules of this folder, and why. */
export const NOT_COVERED: ReadonlyMap<string, string> = new Map([
  ["qwen4exp", "chooses its cells over compressed keys, whose buffers this version can't size."],
  ["deepseek4", "has a KV cache of its own kind, which this version can't size."],
  ...["dream", "llada", "llada-moe", "rnd1"].map((name) => [name, DIFFUSION] as const),
  ...["eagle3", "dflash", "gemma4-assistant"].map((name) => [name, DRAFT] as const),
  ...["t5", "t5encoder"].map((name) => [name, ENCODER_DECODER] as const),
  ["mllama", "keeps images in layers of their own, which this version can't size."],
  ["cogvlm", "runs layers for text and for images side by side, which this version can't size."],
  ["clip", "is a vision projector, not a model."],
]);

/** Encoders whose output matrix is the input embedding, kept on the GPU like a decoder's. */
export const TIED_ENCODERS: ReadonlySet<string> = new Set(["gemma-embedding"]);
