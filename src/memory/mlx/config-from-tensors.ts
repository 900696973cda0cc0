import { UnknownMlxModel } from "./config";
import type { MlxTensor } from "./files";
import type { StateKind } from "./layers/state";
import { type MlxRule, MODEL_TYPES } from "./registry";

/** What a server tells of a model's config.json over the network. */
export interface ShownConfig {
  readonly modelType: string;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly trainedContext?: number;
  /** Absent where config.json keeps them inside text_config: the server then doesn't tell them. */
  readonly heads?: number;
}

/** A config.json put together from shapes, and what had to be taken for granted, as sentences. */
export interface DerivedConfig {
  readonly config: Readonly<Record<string, unknown>>;
  readonly assumptions: readonly string[];
}

/** Windows of families, in tokens: the larger one where their models differ. No shape tells them. */
const WINDOWS: ReadonlyMap<string, number> = new Map([
  ["gemma3", 1024],
  ["gemma3_text", 1024],
  ["gemma4", 1024],
  ["gemma4_unified", 1024],
  ["muse_glimmer", 2048],
]);
/** ssm_state_size of all nemotron_h so far. */
const NEMOTRON_STATE = 128;
const MOST_LAYERS = 4096;

/** Shapes of one layer's tensors, by their names without the layer and `.weight`: `self_attn.k_proj`. */
type LayerTensors = ReadonlyMap<string, readonly number[]>;
type Keys = Readonly<Record<string, unknown>>;

const OF_LAYER = /^(?:(?:model|language_model|backbone)\.)*layers\.(\d{1,4})\.(.+?)(?:\.weight)?$/;

/**
 * The keys of config.json that decide memory, read back from the shapes of the tensors ([out, in], unpacked). A type that
 * the registry doesn't have keeps its name, which is then the reason.
 *
 * @throws UnknownMlxModel where the shapes don't tell them
 */
export function configFromTensors(shown: ShownConfig, tensors: readonly MlxTensor[]): DerivedConfig {
  const base = {
    model_type: shown.modelType,
    num_hidden_layers: shown.layers,
    hidden_size: shown.hiddenSize,
    max_position_embeddings: shown.trainedContext,
  };
  const rule = MODEL_TYPES.get(shown.modelType);
  if (rule === undefined) return { config: base, assumptions: [] };
  const layers = layersOf(shown.layers, tensors);
  const window = WINDOWS.get(shown.modelType);
  const state = rule.state === undefined ? undefined : stateKeys(rule.state, layers);
  // Of llama and its kin no model with windows runs in Ollama.
  if (window === undefined && state === undefined && rule.layers !== undefined && rule.windowless === undefined) {
    throw untold("which of its layers keep a window");
  }
  return {
    config: { ...base, sliding_window: window, ...state?.keys, ...attentionKeys(rule, shown, layers, tensors) },
    assumptions: [
      ...(window === undefined ? [] : [`Its windows are assumed to be ${window} tokens: its server doesn't tell.`]),
      ...(state === undefined ? [] : [state.assumption]),
    ],
  };
}

function layersOf(count: number, tensors: readonly MlxTensor[]): readonly LayerTensors[] {
  const layers = Array.from({ length: Math.min(count, MOST_LAYERS) }, () => new Map<string, readonly number[]>());
  for (const { name, shape } of tensors) {
    const [, layer, part = ""] = OF_LAYER.exec(name) ?? [];
    if (layer !== undefined && shape !== undefined) layers[Number(layer)]?.set(part, shape);
  }
  return layers;
}

function attentionKeys(
  { attention = "grouped" }: MlxRule,
  shown: ShownConfig,
  layers: readonly LayerTensors[],
  tensors: readonly MlxTensor[],
): Keys {
  switch (attention) {
    case "grouped":
    case "grouped-by-hidden-size":
      return groupedKeys(shown, layers);
    case "grouped-own-global":
      return ownGlobalKeys(layers, tensors);
    case "latent":
    case "latent-positioned":
    case "latent-unfolded":
      return latentKeys(shown, layers);
    case "expanded-latent":
      throw untold("what its layers keep");
  }
}

/** Sizes of attention that has one K and V for groups of heads. */
interface Heads {
  readonly size: number;
  readonly heads: number;
  readonly kvHeads: number;
}

/** Heads of a layer: by their number where it is told, else by the norm that each head has. */
function headsOf(layer: LayerTensors, told?: number): Heads {
  const part = (name: string) => layer.get(`self_attn.${name}`) ?? layer.get(`mixer.${name}`);
  const [rows, columns, norm] = [part("k_proj")?.[0], part("o_proj")?.[1], part("q_norm")?.[0]];
  const size = told === undefined ? norm : divided(columns, told);
  const [heads, kvHeads] = [divided(columns, size), divided(rows, size)];
  if (size === undefined || heads === undefined || kvHeads === undefined) throw untold("its head sizes");
  return { size, heads, kvHeads };
}

const attends = (layer: LayerTensors) => layer.has("self_attn.k_proj") || layer.has("mixer.k_proj");

function groupedKeys(shown: ShownConfig, layers: readonly LayerTensors[]): Keys {
  const { size, heads, kvHeads } = same(layers.filter(attends).map((layer) => headsOf(layer, shown.heads)));
  return { head_dim: size, num_attention_heads: heads, num_key_value_heads: kvHeads };
}

/** gemma4: layers that see every token have the larger heads; those without K of their own share it. */
function ownGlobalKeys(layers: readonly LayerTensors[], tensors: readonly MlxTensor[]): Keys {
  const sizes = layers.map((layer) => layer.get("self_attn.q_norm")?.[0] ?? 0);
  const [global, local] = [Math.max(...sizes), Math.min(...sizes)];
  if (global === local) throw untold("which of its layers keep a window");
  const own = (size: number) =>
    same(layers.filter((layer, index) => attends(layer) && sizes[index] === size).map((layer) => headsOf(layer)));
  const [window, every] = [own(local), own(global)];
  const shared = layers.length - 1 - layers.findLastIndex(attends);
  // Small models share K and V; where all layers have tensors for them it isn't told how many do.
  const isSmall = tensors.some(({ name }) => name.includes("embed_tokens_per_layer"));
  if ((isSmall && shared === 0) || window.heads !== every.heads)
    throw untold("which of its layers share what they keep");
  return {
    layer_types: sizes.map((size) => (size === global ? "full_attention" : "sliding_attention")),
    head_dim: local,
    global_head_dim: global,
    num_attention_heads: window.heads,
    num_key_value_heads: window.kvHeads,
    attention_k_eq_v: true,
    num_global_key_value_heads: every.kvHeads,
    num_kv_shared_layers: shared,
  };
}

function latentKeys(shown: ShownConfig, layers: readonly LayerTensors[]): Keys {
  const [rows, rank] = ["kv_a_proj_with_mqa", "kv_a_layernorm"].map((part) => layers[0]?.get(`self_attn.${part}`)?.[0]);
  if (rows === undefined || rank === undefined || rows < rank || shown.heads === undefined)
    throw untold("its head sizes");
  return { num_attention_heads: shown.heads, kv_lora_rank: rank, qk_rope_head_dim: rows - rank };
}

/** Sizes of recurrent layers; one of them no shape tells. */
function stateKeys(
  kind: StateKind,
  layers: readonly LayerTensors[],
): { readonly keys: Keys; readonly assumption: string } {
  switch (kind) {
    case "delta-net": {
      const isRecurrent = layers.map((layer) => layer.has("linear_attn.A_log"));
      const { heads, inner, channels, kernel } = recurrentSizes(layers, "linear_attn", "head");
      const valueSize = inner / heads;
      return {
        keys: {
          layer_types: isRecurrent.map((recurrent) => (recurrent ? "linear_attention" : "full_attention")),
          linear_num_value_heads: heads,
          linear_value_head_dim: valueSize,
          linear_key_head_dim: valueSize,
          linear_num_key_heads: divided((channels - inner) / 2, valueSize),
          linear_conv_kernel_dim: kernel,
        },
        assumption:
          "The keys of its recurrent layers are assumed to be as large as the values: its server doesn't tell.",
      };
    }
    case "mamba2-nemotron": {
      const { heads, inner, channels, kernel } = recurrentSizes(layers, "mixer", "layer");
      return {
        keys: {
          layers_block_type: layers.map(nemotronLayer),
          mamba_num_heads: heads,
          mamba_head_dim: divided(inner, heads),
          ssm_state_size: NEMOTRON_STATE,
          n_groups: divided((channels - inner) / 2, NEMOTRON_STATE),
          conv_kernel: kernel,
        },
        assumption: `Its state is assumed to be ${NEMOTRON_STATE}, as in its family: its server doesn't tell.`,
      };
    }
    case "mamba2-granite":
    case "mamba2-falcon":
    case "short-convolution":
    case "kda":
      throw untold("the size of its recurrent layers");
  }
}

/** Heads, inner width and convolution of recurrent layers; their norm is of one head or of the whole layer. */
function recurrentSizes(layers: readonly LayerTensors[], place: string, normOf: "head" | "layer") {
  return same(
    layers
      .filter((layer) => layer.has(`${place}.A_log`))
      .map((layer) => {
        const [heads, norm] = ["A_log", "norm"].map((part) => layer.get(`${place}.${part}`)?.[0]);
        const [channels, ...kernel] = layer.get(`${place}.conv1d`) ?? [];
        if (heads === undefined || norm === undefined || channels === undefined) throw untold("its recurrent layers");
        const inner = normOf === "head" ? heads * norm : norm;
        return { heads, inner, channels, kernel: kernel.reduce((product, side) => product * side, 1) };
      }),
  );
}

function nemotronLayer(layer: LayerTensors): string {
  if (layer.has("mixer.conv1d")) return "mamba";
  if (attends(layer)) return "attention";
  const parts = [...layer.keys()];
  if (parts.some((part) => part.startsWith("mixer.experts") || part.startsWith("mixer.gate"))) return "moe";
  if (layer.has("mixer.up_proj")) return "mlp";
  throw untold("what its layers are");
}

/** What all layers of a kind have in common. */
function same<T extends object>(values: readonly T[]): T {
  const [first] = values;
  const text = JSON.stringify(first);
  if (first === undefined || values.some((value) => JSON.stringify(value) !== text)) throw untold("its head sizes");
  return first;
}

/** undefined where it doesn't come out even. */
function divided(whole: number | undefined, part: number | undefined): number | undefined {
  const result = whole === undefined || part === undefined ? Number.NaN : whole / part;
  return Number.isInteger(result) && result > 0 ? result : undefined;
}

const untold = (what: string) => new UnknownMlxModel(`Over the network its server doesn't tell ${what}.`);
