import type { ModelFile } from "./model-file";
import type { LatentShape } from "./shape";

/**
 * Multi-head latent attention: the cache holds one compressed vector and the rotary part per token, no V. Files without
 * the key_length_mla and value_length_mla keys are run as plain multi-head attention (llama-hparams is_mla).
 */
export function latentAttention({ rule, keys }: ModelFile): LatentShape | undefined {
  if (rule.latent === undefined) return undefined;
  const keyLengthMla = keys.number("attention.key_length_mla") ?? 0;
  const valueLengthMla = keys.number("attention.value_length_mla") ?? 0;
  const absorbed = keyLengthMla > 0 && valueLengthMla > 0;
  if (!absorbed && rule.latent === "if-keys") return undefined;
  return {
    kvLoraRank: keys.positive("attention.kv_lora_rank"),
    keyLengthMla: absorbed ? keyLengthMla : keys.positive("attention.key_length"),
  };
}
