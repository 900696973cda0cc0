import type { ModelShape } from "./architectures/shape";
import type { EffectiveSettings } from "./effective-settings";

/** A model's own prediction layers as a model: what llama.cpp opens a second context for while the model drafts. */
export interface Drafting {
  readonly shape: ModelShape;
  readonly settings: EffectiveSettings;
}

const known = new WeakMap<ModelShape, ModelShape>();

/**
 * The second context of a model that drafts for itself (llama.cpp's LLAMA_CONTEXT_TYPE_MTP): its prediction blocks alone,
 * over as many cells, always with an F16 cache. Undefined where the model has no such blocks: Ollama then ignores
 * draft_num_predict.
 */
export function drafting(shape: ModelShape, settings: EffectiveSettings): Drafting | undefined {
  if (shape.draft === undefined) return undefined;
  return {
    shape: known.get(shape) ?? remember(shape),
    settings: { ...settings, kvCacheType: "f16", slidingCells: settings.cells, widensValues: false },
  };
}

function remember(shape: ModelShape): ModelShape {
  const alone: ModelShape = {
    ...shape,
    layers: (shape.draft?.blocks ?? []).map((attention) => ({ attention, recurrent: false })),
    window: 0,
    recurrent: undefined,
    indexer: undefined,
    // Prediction blocks have experts even where the first layers are dense.
    experts: shape.experts && { ...shape.experts, dense: shape.experts.dense === "each" ? "each" : "none" },
    predicts: true,
  };
  known.set(shape, alone);
  return alone;
}
