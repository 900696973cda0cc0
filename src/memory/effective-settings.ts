import type { ModelShape } from "./architectures/shape";
import { attentionKinds } from "./attention-kinds";
import type { KvCacheType, RunSettings, Runtime } from "./settings";

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

const MOST_TOKENS = 2 ** 30;
/** More than any model drafts in a step. */
const MOST_DRAFTED = 1024;
/** LLAMA_MAX_SEQ. */
const MOST_SLOTS = 256;

/** Next multiple of `step`. */
export function pad(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Settings that llama.cpp does not run, with the reason as a sentence. */
export interface RefusedSettings {
  readonly kind: "refused";
  readonly reason: string;
}

/**
 * What llama.cpp makes of the settings: padding of the context to 256 per slot, the batch, flash attention
 * (llama-context, llama-kv-cache, llama-kv-cache-iswa). Refused for what it does not load, for what it would run on the
 * CPU, and for numbers out of range.
 */
export function effectiveSettings(
  shape: ModelShape,
  settings: RunSettings,
): (EffectiveSettings & { readonly kind: "effective" }) | RefusedSettings {
  const { numCtx, parallel, kvCacheType, runtime } = settings;
  const wrong =
    outOfRange("num_ctx", numCtx, MOST_TOKENS) ??
    outOfRange("slots", parallel, MOST_SLOTS) ??
    outOfRange("num_batch", settings.batch, MOST_TOKENS) ??
    outOfRange("num_ctx x slots", numCtx * parallel, MOST_TOKENS);
  if (wrong !== undefined) return wrong;
  if (settings.draftNumPredict !== undefined && settings.draftNumPredict !== 0) {
    const drafted = outOfRange("draft_num_predict", settings.draftNumPredict, MOST_DRAFTED);
    if (drafted !== undefined) return drafted;
  }
  // Seen with v0.5.0; b10488 wasn't tried.
  if (shape.stopsAtQuantizedSlots && parallel > 1 && KV_BLOCKS[kvCacheType].elements > 1) {
    return refused(`One matrix for Q, K and V, ${parallel} slots and a ${kvCacheType} cache: llama.cpp stops at that.`);
  }
  const flashAttention = resolveFlashAttention(shape, settings);
  if (typeof flashAttention !== "boolean") return flashAttention;
  const total = numCtx * parallel;
  const batch = shape.encoder ? settings.batch : Math.min(total, settings.batch);
  const cells = pad(Math.floor(pad(total, 256) / parallel), 256);
  return {
    kind: "effective",
    cells,
    slidingCells: shape.window > 0 ? pad(Math.min(cells, shape.window + batch), 256) : cells,
    streams: parallel,
    batch,
    kvCacheType,
    flashAttention,
    // Found impossible only after the cache is there, "auto" does not widen it.
    widensValues: !flashAttention && (settings.flashAttention === "off" || shape.flashAttentionForbidden),
    runtime,
  };
}

function outOfRange(name: string, value: number, most: number): RefusedSettings | undefined {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return undefined;
  return refused(`${name} is ${value}, which llama.cpp doesn't accept.`);
}

function resolveFlashAttention(
  shape: ModelShape,
  { flashAttention, kvCacheType }: RunSettings,
): boolean | RefusedSettings {
  const off = flashAttention === "off" || shape.flashAttentionForbidden;
  const block = KV_BLOCKS[kvCacheType].elements;
  if (off && block > 1) {
    return refused(`A ${kvCacheType} cache needs flash attention, which is off: the model wouldn't load.`);
  }
  const kinds = shape.encoderAttention ? [shape.encoderAttention] : attentionKinds(shape);
  if (kinds.some(({ keyLength, valueLength }) => keyLength % block !== 0 || valueLength % block !== 0)) {
    return refused(`Its head size does not divide into ${kvCacheType} blocks: the model wouldn't load.`);
  }
  if (kvCacheType === "iq4_nl" && kinds.length > 0) {
    return refused("Metal has no attention for an iq4_nl cache: it would run on the CPU.");
  }
  if (off) return false;
  if (flashAttention === "on" || block > 1) return true;
  return kinds.every(
    ({ keyRow, keyLength, valueLength }) =>
      keyRow === 0 || (FLASH_HEAD_SIZES.has(keyLength) && keyLength >= (shape.latent?.kvLoraRank ?? valueLength)),
  );
}

function refused(reason: string): RefusedSettings {
  return { kind: "refused", reason };
}
