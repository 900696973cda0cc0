import { type MlxConfig, UnknownMlxModel } from "../config";
import type { KvShape } from "./kv-shape";
import { expandedLatent, latent, positionedLatent, unfoldedLatent } from "./latent";

/**
 * What an attention layer keeps of each token:
 * "grouped": K and V of each KV head, of head_dim (or hidden_size ÷ heads) elements;
 * "grouped-by-hidden-size": the same, but the model's code never looks at head_dim;
 * "grouped-own-global": layers that see every token have head sizes and KV heads of their own (gemma4);
 * "latent": one compressed row for all heads; "latent-positioned" and "latent-unfolded": the same, read in other ways;
 * "expanded-latent": that row unfolded to K and V of each head.
 */
export type AttentionKind =
  | "grouped"
  | "grouped-by-hidden-size"
  | "grouped-own-global"
  | "latent"
  | "latent-positioned"
  | "latent-unfolded"
  | "expanded-latent";

/** What the layer `index` attends with and keeps of each token. */
export function kvShape(
  config: MlxConfig,
  kind: AttentionKind,
  sees: "every-token" | "window",
  index: number,
): KvShape {
  switch (kind) {
    case "grouped":
      return grouped(headsOf(config, index), kvHeads(config), config.number("head_dim") || perHead(config));
    case "grouped-by-hidden-size":
      return grouped(headsOf(config, index), kvHeads(config), perHead(config));
    case "grouped-own-global": {
      const heads = headsOf(config, index);
      if (sees === "window") return grouped(heads, kvHeads(config), config.positive("head_dim"));
      const own = config.flag("attention_k_eq_v") ? config.number("num_global_key_value_heads") : undefined;
      return grouped(heads, own ?? kvHeads(config), config.positive("global_head_dim"));
    }
    case "latent":
      return latent(config);
    case "latent-positioned":
      return positionedLatent(config);
    case "latent-unfolded":
      return unfoldedLatent(config);
    case "expanded-latent":
      return expandedLatent(config);
  }
}

function grouped(heads: number, keyValueHeads: number, size: number): KvShape {
  if (keyValueHeads === 0 || heads === 0) throw new UnknownMlxModel("Its config.json counts no heads.");
  const row = keyValueHeads * size;
  return {
    attention: { heads, keySize: size, valueSize: size },
    keyRow: row,
    valueRow: row,
    rows: { k_proj: row, v_proj: row },
  };
}

/** num_attention_heads, or that of the layer where they differ (laguna). */
function headsOf(config: MlxConfig, index: number): number {
  return config.numbers("num_attention_heads_per_layer")?.[index] ?? config.positive("num_attention_heads");
}

function kvHeads(config: MlxConfig): number {
  return config.number("num_key_value_heads") ?? config.positive("num_attention_heads");
}

function perHead(config: MlxConfig): number {
  const [width, heads] = [config.positive("hidden_size"), config.positive("num_attention_heads")];
  if (width % heads !== 0) throw new UnknownMlxModel("Its config.json has a hidden_size that its heads don't divide.");
  return width / heads;
}
