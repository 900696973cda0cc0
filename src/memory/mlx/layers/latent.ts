import type { MlxConfig } from "../config";
import type { KvShape } from "./kv-shape";

/**
 * Multi-head latent attention: a compressed row and a rotary key, shared by all heads. Ollama works on the row as key and,
 * without its rotary part, as value, and holds the scores once (x/models/glm4_moe_lite).
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

/**
 * The same as mlx-lm reads a prompt with it (0.32.2, deepseek_v3.py, kimi_linear.py): K and V of every head are unfolded
 * from the rows for as long as a layer works, and the scores of the rotary part are held apart, as a mask.
 */
export function positionedLatent(config: MlxConfig): KvShape {
  const { keySize, valueSize, ...shape } = unfolded(config);
  return {
    ...shape,
    attention: { ...shape.attention, keySize, valueSize, unfolded: keySize + valueSize, hasPositionScores: true },
  };
}

/** And as mlx-lm's mistral4.py does: the rotary part is put to every head's K, which is there twice while that's done. */
export function unfoldedLatent(config: MlxConfig): KvShape {
  const { keySize, valueSize, rotary, ...shape } = unfolded(config);
  const wholeKey = keySize + rotary;
  return {
    ...shape,
    attention: { ...shape.attention, keySize: wholeKey, valueSize, unfolded: keySize + wholeKey + valueSize },
  };
}

/** What mlx-lm takes where a config names no sizes of heads. */
const USUAL_SIZE = 128;

function unfolded(config: MlxConfig) {
  const { attention, ...kept } = latent(config);
  const size = (key: string) => config.number(key) || config.number("head_dim") || USUAL_SIZE;
  return {
    ...kept,
    attention: { heads: attention.heads },
    keySize: size("qk_nope_head_dim"),
    valueSize: size("v_head_dim"),
    rotary: config.number("qk_rope_head_dim") ?? 0,
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
