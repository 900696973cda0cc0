import { UnknownShape } from "./keys";
import type { ModelFile } from "./model-file";

/** Tensors by which a recurrent layer is known. */
const MARKS = ["ssm_conv1d", "shortconv.conv", "time_mix_w1", "ssm_conv1d_q"] as const;

/** Which layers of a (hybrid) model keep a recurrent state; empty for a model that has none. */
export function recurrentLayers(file: ModelFile): readonly boolean[] {
  const { rule, layerCount } = file;
  if (rule.recurrent === undefined) return [];
  const marked = Array.from({ length: layerCount }, (_, layer) =>
    MARKS.some((name) => file.tensor(layer, name) !== undefined),
  );
  const said = saidByKeys(file);
  if (said === undefined) {
    if (!marked.includes(true)) throw new UnknownShape("It isn't known which layers are recurrent.", true);
    return marked;
  }
  if (marked.includes(true) && said.some((recurrent, layer) => recurrent !== marked[layer])) {
    throw new UnknownShape("Keys and tensors contradict each other over the recurrent layers.");
  }
  return said;
}

/** undefined where the source left out the array that says it. */
function saidByKeys({ rule, keys, blockCount, layerCount }: ModelFile): readonly boolean[] | undefined {
  const array = (key: string) => keys.perLayer(key, blockCount, layerCount);
  const each = (is: (layer: number) => boolean) => Array.from({ length: layerCount }, (_, layer) => is(layer));
  if (rule.recurrentLayers === "all") return each(() => true);
  if (rule.recurrentLayers === "interval") {
    const flags = array("attention.recurrent_layers");
    if (flags === "omitted") return undefined;
    if (flags !== undefined) return each((layer) => flags[layer] !== 0);
    const interval = keys.number("full_attention_interval") ?? rule.defaultInterval ?? 0;
    if (interval === 0) throw new UnknownShape("full_attention_interval is 0.");
    return each((layer) => (layer + 1) % interval !== 0);
  }
  const kvHeads = array("attention.head_count_kv");
  const feedForward = rule.recurrentLayers === "no-kv-heads-nor-ffn" ? array("feed_forward_length") : [];
  if (kvHeads === "omitted" || feedForward === "omitted") return undefined;
  if (kvHeads === undefined) throw new UnknownShape("The metadata has no attention.head_count_kv.");
  if (feedForward === undefined) throw new UnknownShape("The metadata has no feed_forward_length.");
  return each((layer) => kvHeads[layer] === 0 && (feedForward[layer] ?? 0) === 0);
}

/** Layers that are a feed-forward alone: neither attention nor state. */
export function feedForwardOnly({ rule, keys, tensor, blockCount, layerCount }: ModelFile): readonly boolean[] {
  if (rule.recurrentLayers !== "no-kv-heads-nor-ffn") return [];
  const widths = keys.perLayer("feed_forward_length", blockCount, layerCount);
  return Array.from({ length: layerCount }, (_, layer) =>
    widths === "omitted" || widths === undefined
      ? ["ffn_up", "ffn_up_exps"].some((name) => tensor(layer, name) !== undefined)
      : widths[layer] !== 0,
  );
}
