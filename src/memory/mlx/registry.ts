import type { Defaults } from "./config";
import type { AttentionKind } from "./layers/attention";
import type { DraftRule } from "./layers/draft-layers";
import type { LayerSource } from "./layers/layer-kinds";
import type { StateKind } from "./layers/state";

/** How a model_type lays out memory. All optional: none of it is K and V of every token in every layer. */
export interface MlxRule {
  /** What the layers are; the first source that the config has decides. Default: all attend to every token. */
  readonly layers?: readonly LayerSource[];
  /** What an attending layer keeps of a token. Default: "grouped". */
  readonly attention?: AttentionKind;
  /** What a recurrent layer keeps. */
  readonly state?: StateKind;
  /** Values of keys that its configs may leave out, as in the code that runs it; never windows, which would hide a slip. */
  readonly defaults?: Defaults;
  /** A sliding layer of a config without a window sees every token; elsewhere such a config is unknown. */
  readonly windowless?: "every-token";
  /** The last num_kv_shared_layers layers keep nothing: they read what an earlier one keeps. */
  readonly sharesLast?: true;
  readonly drafts?: DraftRule;
}

/** A config around that of a language model, whose own model_type decides; where it has none, this one. */
export interface WrapperRule {
  readonly wraps: string;
  /** It asks for no caches of its own (mlx-lm `make_prompt_cache`): those with a window keep every token, too. */
  readonly keepsEveryToken?: true;
}

const list = (key: string): LayerSource => ({ kind: "list", key });
const slidingBut = (period: number, ...keys: string[]): LayerSource => ({
  kind: "last-of-period",
  period,
  keys,
  others: "sliding",
});
const every = (layer: "full" | "full-and-state"): LayerSource => ({ kind: "every", layer });

const byTypes: MlxRule = { layers: [list("layer_types"), every("full")], windowless: "every-token" };
const typesOnly: MlxRule = { layers: [list("layer_types")] };
const derivedHeadSize: MlxRule = { attention: "grouped-by-hidden-size" };
const positioned: MlxRule = {
  attention: "latent-positioned",
  defaults: { qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128 },
};
const deltaNet: MlxRule = {
  layers: [
    list("layer_types"),
    { kind: "last-of-period", period: 4, keys: ["full_attention_interval"], others: "state" },
  ],
  state: "delta-net",
  drafts: "one",
};
const gemma3: MlxRule = {
  layers: [list("layer_types"), slidingBut(6, "sliding_window_pattern", "_sliding_window_pattern")],
  // What the 4B leaves out.
  defaults: {
    head_dim: 256,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    max_position_embeddings: 131_072,
  },
};
const gemma4: MlxRule = {
  layers: [list("layer_types"), slidingBut(5, "sliding_window_pattern")],
  attention: "grouped-own-global",
  defaults: { num_key_value_heads: 1, max_position_embeddings: 131_072 },
  sharesLast: true,
};
const shortConvolution: MlxRule = {
  layers: [{ kind: "full-at", key: "full_attn_idxs" }, list("layer_types")],
  attention: "grouped-by-hidden-size",
  state: "short-convolution",
};

/** K and V of every token in every layer, with a head_dim of their own where the config names one. */
const PLAIN = `
  dots1 ernie4_5 ernie4_5_moe exaone gemma glm glm4 glm4_moe hunyuan_v1_dense minimax minimax_m2 nemotron olmo2
  olmoe qwen3 qwen3_moe seed_oss solar_open telechat3
`;
/** The same; their code never looks at head_dim. */
const PLAIN_BY_HIDDEN_SIZE = `
  Klear apertus bailing_moe cohere deepseek granite granitemoe helium internlm2 internlm3 mimo minicpm mixtral phi3 phimoe
  qwen2 qwen2_moe starcoder2
`;

const entries = (names: string, rule: MlxRule): [string, MlxRule][] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, rule]);

/**
 * model_type of config.json files and how MLX keeps their tokens: mlx-lm 0.32.2 `models/<model_type>.py`, and Ollama's
 * x/models where it runs them. What is not here is Unknown. The README of this folder says how to add one.
 */
export const MODEL_TYPES: ReadonlyMap<string, MlxRule> = new Map<string, MlxRule>([
  ...entries(PLAIN, {}),
  ...entries(PLAIN_BY_HIDDEN_SIZE, derivedHeadSize),
  ...entries("llama mistral ministral3 smollm3 iquestcoder xverse", byTypes),
  ...entries("exaone_moe mellum", typesOnly),
  ["afmoe", { ...typesOnly, defaults: { head_dim: 64, num_key_value_heads: 4 } }],
  ["laguna", { layers: [list("layer_types"), every("full")], defaults: { head_dim: 128 } }],
  [
    "gpt_oss",
    {
      layers: [list("layer_types"), slidingBut(2)],
      defaults: { head_dim: 64, num_key_value_heads: 8 },
    },
  ],
  ["olmo3", { layers: [list("layer_types"), slidingBut(4)] }],
  [
    "muse_glimmer",
    {
      layers: [list("layer_types"), slidingBut(4)],
      defaults: { head_dim: 128, num_key_value_heads: 2 },
    },
  ],
  ["exaone4", { layers: [{ kind: "repeated-letters", key: "sliding_window_pattern" }, every("full")] }],
  ["cohere2", { layers: [slidingBut(4, "sliding_window_pattern")], defaults: { sliding_window: 4096 } }],
  [
    "cohere2_moe",
    {
      layers: [
        list("layer_types"),
        {
          kind: "last-of-period",
          period: 4,
          keys: ["sliding_window_pattern"],
          others: "sliding",
          prefix: { countKey: "first_k_dense_replace", periodKey: "prefix_dense_sliding_window_pattern", period: 1 },
        },
      ],
      defaults: { sliding_window: 4096 },
    },
  ],
  ...entries("gemma3 gemma3_text", gemma3),
  ["gemma3n", { layers: [list("layer_types")], sharesLast: true }],
  ...entries("gemma4 gemma4_unified", gemma4),
  // Of those with latent attention the one that Ollama runs; mlx-lm reads it as the next ones.
  ["glm4_moe_lite", { attention: "latent", defaults: { qk_rope_head_dim: 64 } }],
  ...entries("deepseek_v3 kimi_k2 joyai_llm_flash", positioned),
  ["mistral4", { attention: "latent-unfolded" }],
  ["deepseek_v2", { attention: "expanded-latent" }],
  ...entries("qwen3_5 qwen3_5_moe qwen3_next", deltaNet),
  ["olmo_hybrid", { ...deltaNet, drafts: undefined }],
  [
    "nemotron_h",
    {
      layers: [{ kind: "letters", key: "hybrid_override_pattern" }, list("layers_block_type"), list("layer_types")],
      state: "mamba2-nemotron",
      drafts: "attending",
    },
  ],
  ["granitemoehybrid", { ...typesOnly, attention: "grouped-by-hidden-size", state: "mamba2-granite" }],
  [
    "falcon_h1",
    {
      layers: [every("full-and-state")],
      state: "mamba2-falcon",
      defaults: { head_dim: 64, num_key_value_heads: 2 },
    },
  ],
  ...entries("lfm2 lfm2_moe", shortConvolution),
  [
    "kimi_linear",
    {
      layers: [{ kind: "states-at", object: "linear_attn_config", key: "kda_layers" }],
      attention: "latent-positioned",
      state: "kda",
    },
  ],
]);

/** Models that see and hear: mlx-lm and Ollama keep what their language model keeps. */
export const WRAPPERS: ReadonlyMap<string, WrapperRule> = new Map<string, WrapperRule>([
  ["kimi_k25", { wraps: "deepseek_v3" }],
  ["kimi_vl", { wraps: "deepseek_v3" }],
  ["lfm2-vl", { wraps: "lfm2" }],
  ["lfm2_vl", { wraps: "lfm2" }],
  ["llava", { wraps: "llama", keepsEveryToken: true }],
  ["mistral3", { wraps: "llama", keepsEveryToken: true }],
  ["pixtral", { wraps: "llama", keepsEveryToken: true }],
  ["qwen2_vl", { wraps: "qwen2" }],
  ["qwen2_5_vl", { wraps: "qwen2" }],
  ["qwen3_vl", { wraps: "qwen3" }],
  ["qwen3_vl_moe", { wraps: "qwen3_moe" }],
  ["NemotronH_Nano_VL_V2", { wraps: "nemotron_h" }],
  ["NemotronH_Nano_Omni_Reasoning_V3", { wraps: "nemotron_h" }],
]);

const INDEXER = "keeps an indexer's cache beside its own, which this version can't size";
const OWN_CACHE = "keeps its tokens in a way this version can't size";
const OWN_SCORES = "computes its attention scores itself, in memory this version can't size";

/** Types that are known not to follow these rules, and why. */
export const NOT_COVERED: ReadonlyMap<string, string> = new Map([
  ...["deepseek_v32", "glm_moe_dsa", "minimax_m3_vl", "qwen4_exp"].map((name) => [name, INDEXER] as const),
  ...["deepseek_v4", "deepseek_v41", "llama4", "longcat_flash", "rwkv7", "recurrent_gemma"].map(
    (name) => [name, OWN_CACHE] as const,
  ),
  ["gemma2", OWN_SCORES],
  ["stablelm", "attends in f32, in memory this version can't size"],
]);

/** Drafting models beside a model that keep nothing: they read its cache (Ollama x/models/gemma4/assistant.go). */
export const DRAFTS_WITHOUT_CACHE: ReadonlySet<string> = new Set(["gemma4_assistant", "gemma4_unified_assistant"]);
