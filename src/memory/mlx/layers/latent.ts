import type { MlxConfig } from "../config";
import type { KvShape } from "./kv-shape";

/**
 * Multi-head latent attention: a compressed row and a rotary key, shared by all heads (mlx-lm deepseek_v3.py,
 * glm4_moe_lite.py; Ollama x/models/glm4_moe_lite). Attention works on the row as key and, without its rotary part, as
 * value.
 */
export function latent(config: MlxConfig): KvShape {
  const [rank, rotary] = [config.positive("kv_lora_rank"), config.number("qk_rope_head_dim") ?? 0];
  return {
    attention: { heads: config.positive("num_attention_heads"), keySize: rank + rotary, valueSize: rank },
    keyRow: rank,
    valueRow: rotary,
    rows: { kv_a_proj_with_mqa: rank + rotary },
  };
}

/** mlx-lm deepseek_v2.py unfolds the row before it is kept: K and V of every head. */
export function expandedLatent(config: MlxConfig): KvShape {
  const heads = config.positive("num_attention_heads");
  const keySize = config.positive("qk_nope_head_dim") + config.positive("qk_rope_head_dim");
  const valueSize = config.positive("v_head_dim");
  const rank = config.positive("kv_lora_rank");
  return {
    attention: { heads, keySize, valueSize },
    keyRow: heads * keySize,
    valueRow: heads * valueSize,
    rows: { kv_a_proj_with_mqa: rank + config.positive("qk_rope_head_dim") },
  };
}
