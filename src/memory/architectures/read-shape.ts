import type { ModelMetadata } from "../metadata";
import { type Keys, keysOf, UnknownShape } from "./keys";
import { type ArchitectureRule, ARCHITECTURES, type SlidingRule } from "./registry";
import type { AttentionShape, LayerShape, ModelShape, RecurrentShape } from "./shape";

/** More layers than any model has are a damaged file. */
const MOST_LAYERS = 4096;

type TensorShape = (layer: number, name: string) => readonly number[] | undefined;

/**
 * The memory layout of a model from its GGUF keys; arrays that the source left out are derived from tensor shapes where
 * these decide them (rules and keys: llama.cpp's src/llama-hparams and llama-model). Throws {@link UnknownShape}.
 */
export function readShape(metadata: ModelMetadata): ModelShape {
  const keys = keysOf(metadata);
  const rule = ARCHITECTURES.get(keys.architecture);
  if (rule === undefined) {
    throw new UnknownShape(`The architecture "${keys.architecture.slice(0, 60)}" is not known to this version.`);
  }
  const shapes = new Map(metadata.tensors.map((tensor) => [tensor.name, tensor.shape]));
  const tensor: TensorShape = (layer, name) => shapes.get(`blk.${layer}.${name}.weight`);
  const blockCount = keys.required("block_count");
  const layerCount = blockCount - (keys.number("nextn_predict_layers") ?? 0);
  if (layerCount < 1 || blockCount > MOST_LAYERS) throw new UnknownShape(`It has ${blockCount} layers.`);
  const embedding = shapes.get("token_embd.weight");
  if (embedding === undefined) throw new UnknownShape("The file has no token_embd.weight.");
  const attentionless = rule.recurrentLayers === "all" && rule.attendsEverywhere === undefined;
  const latentShape = latentOf(rule, keys);
  const sizes = attentionless ? undefined : headSizes(keys, tensor);
  const recurrentLayers = recurrentLayersOf(rule, keys, tensor, layerCount);
  const sliding = attentionless ? undefined : slidingLayers(rule, keys, tensor, layerCount, sizes?.keyLength ?? 0);
  const widths =
    attentionless || rule.encoder
      ? []
      : layerRows({
          keys,
          rule,
          tensor,
          blockCount,
          layerCount,
          sizes,
          sliding,
          latent: latentShape !== undefined,
          recurrentLayers,
        });
  const layers = Array.from({ length: layerCount }, (_, index): LayerShape => {
    const attention = widths[index];
    const recurrent = recurrentLayers[index] ?? false;
    const owns = attention !== undefined && attention.keyRow > 0 && (!recurrent || rule.attendsEverywhere === true);
    return { recurrent, ...(owns && ownsKv(rule, keys, blockCount, index) ? { attention } : {}) };
  });
  const recurrent = recurrentOf(rule, keys);
  const heads = headsOf(keys, tensor, layerCount, sizes?.keyLength ?? 0, attentionless);
  return {
    architecture: keys.architecture,
    embeddingLength: keys.required("embedding_length"),
    blockCount,
    vocabulary: embedding[1] ?? 0,
    layers,
    heads,
    widestValueRow: Math.max(0, ...widths.map((width) => width?.valueRow ?? 0)),
    window: sliding?.window ?? 0,
    encoder: rule.encoder === true,
    feedForward: { kind: rule.feedForward ?? "gated", width: widestFeedForward(keys, tensor, layerCount) },
    ...expertsOf(rule, keys, tensor, layerCount),
    ...(rule.encoder && sizes ? { encoderAttention: encoderAttention(sizes, heads) } : {}),
    ...(recurrent ? { recurrent } : {}),
    ...(latentShape ? { latent: latentShape } : {}),
    perLayerInput: keys.number("embedding_length_per_layer_input") ?? 0,
    flashAttentionForbidden: rule.flashAttentionForbidden === true,
  };
}

interface HeadSizes {
  readonly keyLength: number;
  readonly valueLength: number;
  readonly slidingKeyLength: number;
  readonly slidingValueLength: number;
}

function headSizes(keys: Keys, tensor: TensorShape): HeadSizes {
  const keyLength = keys.number("attention.key_length") ?? defaultHeadSize(keys, tensor);
  const valueLength = keys.number("attention.value_length") ?? defaultHeadSize(keys, tensor);
  return {
    keyLength,
    valueLength,
    slidingKeyLength: keys.number("attention.key_length_swa") ?? keyLength,
    slidingValueLength: keys.number("attention.value_length_swa") ?? valueLength,
  };
}

/** embedding_length / head_count of the first layer. */
function defaultHeadSize(keys: Keys, tensor: TensorShape): number {
  const counts = keys.perLayer("attention.head_count", 1);
  if (counts === "omitted") {
    throw new UnknownShape("The source left out the array attention.head_count.", true);
  }
  const count = counts?.[0];
  if (count === undefined) throw new UnknownShape("The metadata has no attention.head_count.");
  if (count === 0) {
    // Hybrids with per-layer head counts name the head size; without it the first attention layer would have none.
    if (tensor(0, "attn_k") !== undefined) throw new UnknownShape("The head size cannot be told.");
    return 0;
  }
  return Math.floor(keys.required("embedding_length") / count);
}

function headsOf(keys: Keys, tensor: TensorShape, layers: number, keyLength: number, attentionless: boolean): number {
  const counts =
    keys.perLayer("attention.head_count", 1) === undefined ? undefined : keys.perLayer("attention.head_count", layers);
  if (counts === "omitted") {
    const widest = Math.max(0, ...Array.from({ length: layers }, (_, index) => tensor(index, "attn_q")?.[1] ?? 0));
    if (keyLength === 0) throw new UnknownShape("The number of attention heads cannot be told.", true);
    return widest / keyLength;
  }
  if (counts === undefined) {
    if (attentionless) return 0;
    throw new UnknownShape("The metadata has no attention.head_count.");
  }
  return Math.max(...counts);
}

interface RowInput {
  readonly keys: Keys;
  readonly rule: ArchitectureRule;
  readonly tensor: TensorShape;
  readonly blockCount: number;
  readonly layerCount: number;
  readonly sizes: HeadSizes | undefined;
  readonly sliding: SlidingLayers | undefined;
  readonly latent: boolean;
  readonly recurrentLayers: readonly boolean[];
}

/** Attention rows of every block (those beyond the layers only widen V), undefined where a block has none. */
function layerRows(input: RowInput): readonly (AttentionShape | undefined)[] {
  const { keys, layerCount, sizes, sliding } = input;
  if (sizes === undefined) return [];
  const kvHeads = keys.perLayer("attention.head_count_kv", layerCount);
  const fallback = kvHeads === undefined ? keys.perLayer("attention.head_count", layerCount) : undefined;
  const counts = kvHeads ?? fallback;
  if (counts === undefined) throw new UnknownShape("The metadata has no attention.head_count.");
  return Array.from({ length: layerCount }, (_, index) => {
    const slides = sliding?.slides[index] ?? false;
    const keyLength = slides ? sizes.slidingKeyLength : sizes.keyLength;
    const valueLength = slides ? sizes.slidingValueLength : sizes.valueLength;
    if (counts === "omitted") return rowsFromTensors(input, index, slides, keyLength, valueLength);
    const heads = counts[index] ?? 0;
    return {
      keyRow: heads * keyLength,
      valueRow: input.latent ? 0 : heads * valueLength,
      kvHeads: heads,
      keyLength,
      valueLength,
      slides,
    };
  });
}

function rowsFromTensors(
  { keys, tensor, latent, recurrentLayers, sizes }: RowInput,
  layer: number,
  slides: boolean,
  keyLength: number,
  valueLength: number,
): AttentionShape | undefined {
  const rows = (keyRow: number, valueRow: number): AttentionShape => ({
    keyRow,
    valueRow,
    kvHeads: keyLength === 0 ? 0 : keyRow / keyLength,
    keyLength,
    valueLength,
    slides,
  });
  const keyTensor = tensor(layer, "attn_k");
  if (keyTensor !== undefined) {
    const keyRow = keyTensor[1] ?? 0;
    return rows(keyRow, tensor(layer, "attn_v")?.[1] ?? keyRow);
  }
  if (tensor(layer, "attn_kv_a_mqa") !== undefined && latent) return rows(keyLength, 0);
  const fused = tensor(layer, "attn_qkv");
  if (fused !== undefined && recurrentLayers[layer] !== true) {
    const heads = keys.number("attention.head_count");
    if (heads === undefined || sizes === undefined) throw new UnknownShape("The KV rows cannot be told.", true);
    const row = ((fused[1] ?? 0) - heads * sizes.keyLength) / 2;
    if (row < 0) throw new UnknownShape("The KV rows cannot be told.", true);
    return rows(row, row);
  }
  return undefined;
}

function ownsKv(rule: ArchitectureRule, keys: Keys, blockCount: number, layer: number): boolean {
  if (rule.ownKv === undefined) return true;
  if (rule.ownKv === "shared-kv-layers") return layer < blockCount - (keys.number("attention.shared_kv_layers") ?? 0);
  return layer < rule.ownKv.first;
}

interface SlidingLayers {
  readonly window: number;
  readonly slides: readonly boolean[];
}

function slidingLayers(
  rule: ArchitectureRule,
  keys: Keys,
  tensor: TensorShape,
  layers: number,
  keyLength: number,
): SlidingLayers | undefined {
  const { sliding } = rule;
  if (sliding === undefined) return undefined;
  const key = keys.number("attention.sliding_window");
  if (!isSliding(sliding, key, layers)) return undefined;
  const window = sliding.fixed ?? key ?? sliding.fallback;
  if (window === undefined) throw new UnknownShape("The metadata has no attention.sliding_window.");
  if (window === 0) return undefined;
  return { window, slides: slidingFlags(sliding, keys, tensor, layers, keyLength) };
}

function isSliding(sliding: SlidingRule, key: number | undefined, layers: number): boolean {
  switch (sliding.when) {
    case "always":
      return true;
    case "window-set":
      return key !== undefined && key > 0;
    case "window-not-zero":
      return key !== 0;
    case "64-layers":
      return layers === 64;
  }
}

const PATTERN = "attention.sliding_window_pattern";

function slidingFlags(
  sliding: SlidingRule,
  keys: Keys,
  tensor: TensorShape,
  layers: number,
  keyLength: number,
): readonly boolean[] {
  if (keys.isOmitted(PATTERN)) {
    if (sliding.period !== undefined) return byPeriod(sliding.order, sliding.period, layers);
    if (keys.architecture !== "gemma4") {
      throw new UnknownShape("The source left out the array that says which layers slide.", true);
    }
    // gemma4's sliding layers have their own head size, which the norm of K shows.
    return Array.from({ length: layers }, (_, index) => {
      const norm = tensor(index, "attn_k_norm")?.[0] ?? tensor(index, "attn_q_norm")?.[0];
      if (norm === undefined) throw new UnknownShape("Which layers slide cannot be told.", true);
      return norm !== keyLength;
    });
  }
  const named = keys.isArray(PATTERN) ? keys.perLayer(PATTERN, layers) : undefined;
  if (Array.isArray(named)) return named.map((flag) => flag !== 0);
  if (sliding.order === "array") throw new UnknownShape("The metadata does not say which layers slide.");
  const period = keys.number(PATTERN) ?? sliding.period ?? 0;
  return byPeriod(sliding.order, period, layers);
}

function byPeriod(order: SlidingRule["order"], period: number, layers: number): readonly boolean[] {
  if (period === 0 || order === "all") return Array.from({ length: layers }, () => true);
  return Array.from({ length: layers }, (_, index) =>
    order === "first-full" ? index % period !== 0 : index % period < period - 1,
  );
}

function recurrentLayersOf(
  rule: ArchitectureRule,
  keys: Keys,
  tensor: TensorShape,
  layers: number,
): readonly boolean[] {
  if (rule.recurrent === undefined) return [];
  if (rule.recurrentLayers === "all") return Array.from({ length: layers }, () => true);
  if (rule.recurrentLayers === "interval") {
    const flags = keys.perLayer("attention.recurrent_layers", layers);
    if (flags === "omitted") return fromTensors(tensor, layers);
    if (flags !== undefined) return flags.map((flag) => flag !== 0);
    const interval = keys.number("full_attention_interval") ?? rule.defaultInterval ?? 0;
    return Array.from({ length: layers }, (_, index) => interval === 0 || (index + 1) % interval !== 0);
  }
  const kvHeads = keys.perLayer("attention.head_count_kv", layers);
  const feedForward =
    rule.recurrentLayers === "no-kv-heads-nor-ffn" ? keys.perLayer("feed_forward_length", layers) : undefined;
  if (kvHeads === "omitted" || feedForward === "omitted") return fromTensors(tensor, layers);
  if (kvHeads === undefined) throw new UnknownShape("The metadata has no attention.head_count_kv.");
  return kvHeads.map((heads, index) => heads === 0 && (feedForward?.[index] ?? 0) === 0);
}

function fromTensors(tensor: TensorShape, layers: number): readonly boolean[] {
  return Array.from({ length: layers }, (_, index) =>
    ["ssm_conv1d", "shortconv.conv", "time_mix_w1", "ssm_conv1d_q"].some((name) => tensor(index, name) !== undefined),
  );
}

function recurrentOf(rule: ArchitectureRule, keys: Keys): RecurrentShape | undefined {
  const { recurrent: kind } = rule;
  if (kind === undefined) return undefined;
  const innerSize = keys.number("ssm.inner_size") ?? 0;
  const stateSize = keys.number("ssm.state_size") ?? 0;
  const groupCount = keys.number("ssm.group_count") ?? 0;
  const sized = (convolution: number, state: number): RecurrentShape => ({
    kind,
    convolution,
    state,
    innerSize,
    stateSize,
    groupCount,
  });
  switch (kind) {
    case "mamba":
      return sized((required(keys, "ssm.conv_kernel") - 1) * required(keys, "ssm.inner_size"), stateSize * innerSize);
    case "mamba2":
    case "delta-net":
      return sized(
        (required(keys, "ssm.conv_kernel") - 1) * (required(keys, "ssm.inner_size") + 2 * groupCount * stateSize),
        required(keys, "ssm.state_size") * innerSize,
      );
    case "short-conv":
      return sized(keys.required("embedding_length") * (required(keys, "shortconv.l_cache") - 1), 0);
    case "rwkv":
      return sized(
        (keys.number("token_shift_count") ?? 2) * keys.required("embedding_length"),
        keys.required("embedding_length") * required(keys, "wkv.head_size"),
      );
    case "kda": {
      const head = required(keys, "kda.head_dim");
      const heads = required(keys, "attention.head_count");
      const kernel = keys.number("ssm.conv_kernel");
      return sized(3 * (kernel === undefined ? 3 : kernel - 1) * heads * head, head * head * heads);
    }
    case "lightning": {
      const head = required(keys, "attention.key_length");
      return sized(0, head * head * required(keys, "attention.head_count"));
    }
  }
}

/** A size that cannot be 0. */
function required(keys: Keys, key: string): number {
  const value = keys.required(key);
  if (value === 0) throw new UnknownShape(`${key} is 0.`);
  return value;
}

function latentOf(rule: ArchitectureRule, keys: Keys): ModelShape["latent"] {
  if (rule.latent === undefined) return undefined;
  const present = keys.has("attention.key_length_mla") && keys.has("attention.value_length_mla");
  if (!present && rule.latent === "if-keys") return undefined;
  return {
    kvLoraRank: keys.required("attention.kv_lora_rank"),
    keyLengthMla: keys.number("attention.key_length_mla") ?? keys.required("attention.key_length"),
  };
}

function widestFeedForward(keys: Keys, tensor: TensorShape, layers: number): number {
  const widths = keys.has("feed_forward_length")
    ? keys.perLayer("feed_forward_length", keys.isArray("feed_forward_length") ? layers : 1)
    : undefined;
  if (widths !== "omitted") return Math.max(0, ...(widths ?? []));
  return Math.max(0, ...Array.from({ length: layers }, (_, index) => tensor(index, "ffn_up")?.[1] ?? 0));
}

function encoderAttention({ keyLength, valueLength }: HeadSizes, heads: number): AttentionShape {
  return {
    keyRow: heads * keyLength,
    valueRow: heads * valueLength,
    kvHeads: heads,
    keyLength,
    valueLength,
    slides: false,
  };
}

function expertsOf(
  rule: ArchitectureRule,
  keys: Keys,
  tensor: TensorShape,
  layers: number,
): Pick<ModelShape, "experts"> {
  const count = keys.number("expert_count") ?? 0;
  if (count === 0) return {};
  return {
    experts: {
      count,
      used: keys.required("expert_used_count"),
      width: keys.number("expert_feed_forward_length") ?? keys.number("feed_forward_length") ?? 0,
      sharedWidth: Math.max(
        0,
        ...Array.from({ length: layers }, (_, index) => tensor(index, "ffn_up_shexp")?.[1] ?? 0),
      ),
      besideDense: (keys.number("leading_dense_block_count") ?? 0) > 0 || keys.architecture === "gemma4",
      kind: rule.experts ?? "plain",
    },
  };
}
