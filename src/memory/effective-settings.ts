import type { KvCacheType, RunSettings, Runtime } from "./settings";
import type { ModelShape } from "./architectures/shape";
import { UnknownShape } from "./architectures/keys";

/** Settings as llama.cpp resolves them for one model. */
export interface EffectiveSettings {
  /** Cells of a full layer per slot. */
  readonly cells: number;
  /** Cells of a sliding layer per slot; equals `cells` where nothing slides. */
  readonly slidingCells: number;
  readonly streams: number;
  readonly batch: number;
  readonly kvCacheType: KvCacheType;
  readonly flashAttention: boolean;
  /** V rows are as wide as the widest layer's: flash attention was switched off, not found impossible. */
  readonly widensValues: boolean;
  readonly runtime: Runtime;
}

/** Block of a cache type: elements and bytes (ggml). */
export const KV_BLOCKS: Readonly<Record<KvCacheType, { readonly elements: number; readonly bytes: number }>> = {
  f32: { elements: 1, bytes: 4 },
  f16: { elements: 1, bytes: 2 },
  bf16: { elements: 1, bytes: 2 },
  q8_0: { elements: 32, bytes: 34 },
  q5_1: { elements: 32, bytes: 24 },
  q5_0: { elements: 32, bytes: 22 },
  q4_1: { elements: 32, bytes: 20 },
  q4_0: { elements: 32, bytes: 18 },
  iq4_nl: { elements: 32, bytes: 18 },
};

/** K head sizes for which Metal has a flash attention kernel. */
const FLASH_HEAD_SIZES: ReadonlySet<number> = new Set([32, 40, 48, 64, 72, 80, 96, 112, 128, 192, 256, 320, 512, 576]);
const LATENT_VALUE_ROOM = 64;

const MOST_TOKENS = 2 ** 30;

/** Next multiple of `step`. */
export function pad(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/**
 * What llama.cpp makes of the settings: padding of the context to 256 per slot, the batch, flash attention.
 * Throws {@link UnknownShape} for what llama.cpp refuses or runs on the CPU, and for numbers out of range.
 */
export function effectiveSettings(shape: ModelShape, settings: RunSettings): EffectiveSettings {
  const { numCtx, parallel, kvCacheType } = settings;
  for (const [name, value] of Object.entries({ num_ctx: numCtx, slots: parallel, num_batch: settings.batch })) {
    if (!Number.isSafeInteger(value) || value < 1 || value > MOST_TOKENS) {
      throw new UnknownShape(`${name} is ${value}, which llama.cpp does not take.`);
    }
  }
  const total = numCtx * parallel;
  const batch = shape.encoder ? settings.batch : Math.min(total, settings.batch);
  const cells = pad(Math.floor(pad(total, 256) / parallel), 256);
  const slides = shape.window > 0;
  const flashAttention = resolveFlashAttention(shape, settings);
  return {
    cells,
    slidingCells: slides ? pad(Math.min(cells, shape.window + batch), 256) : cells,
    streams: parallel,
    batch,
    kvCacheType,
    flashAttention,
    widensValues: !flashAttention && (settings.flashAttention === "off" || shape.flashAttentionForbidden),
    runtime: settings.runtime,
  };
}

function resolveFlashAttention(shape: ModelShape, { flashAttention, kvCacheType }: RunSettings): boolean {
  const attention = shape.layers.flatMap((layer) => (layer.attention ? [layer.attention] : []));
  const quantized = KV_BLOCKS[kvCacheType].elements > 1;
  if (attention.length === 0) return flashAttention !== "off";
  if (kvCacheType === "iq4_nl") {
    throw new UnknownShape("Metal has no attention for an iq4_nl cache: it would run on the CPU.");
  }
  const off = flashAttention === "off" || shape.flashAttentionForbidden;
  if (off && quantized) {
    throw new UnknownShape(`A ${kvCacheType} cache needs flash attention, which is off: the model would not load.`);
  }
  if (quantized && attention.some((layer) => layer.keyLength % 32 !== 0 || layer.valueLength % 32 !== 0)) {
    throw new UnknownShape(`Its head size does not divide into ${kvCacheType} blocks: the model would not load.`);
  }
  if (off) return false;
  if (flashAttention === "on" || quantized) return true;
  return attention.every(
    (layer) =>
      FLASH_HEAD_SIZES.has(layer.keyLength) &&
      (shape.latent
        ? shape.latent.kvLoraRank === layer.keyLength - LATENT_VALUE_ROOM
        : layer.keyLength >= layer.valueLength),
  );
}
