import type { AttentionShape, ModelShape } from "../architectures/shape";
import { type EffectiveSettings, KV_BLOCKS } from "../effective-settings";

/**
 * Compute buffer on the GPU in bytes for graphs that are not laid out tensor by tensor: what lives through the whole
 * graph plus the largest of its phases. The allocator's packing has no closed form, so this is an approximation; b10488
 * and v0.5.0 differ by the F16 copy of one layer's K and V that v0.5.0 reserves for flash attention.
 */
export function closedForm(shape: ModelShape, settings: EffectiveSettings): number {
  const f32Batch = 4 * settings.batch;
  const resident =
    f32Batch * shape.embeddingLength +
    maskBytes(shape, settings) +
    chosenCells(shape, settings) +
    f32Batch * shape.perLayerInput * shape.blockCount;
  const phases = [
    attentionPhase(shape, settings),
    feedForwardPhase(shape, settings),
    expertsPhase(shape, settings),
    recurrentPhase(shape, settings),
    indexerPhase(shape, settings),
  ];
  const logits = shape.encoder ? 0 : 4 * settings.streams * (shape.vocabulary + shape.embeddingLength);
  return Math.ceil(Math.max(resident + Math.max(...phases), logits));
}

function attentionLayers(shape: ModelShape): readonly AttentionShape[] {
  return shape.layers.flatMap((layer) => (layer.attention ? [layer.attention] : []));
}

/** What each layer with an indexer fills in for the cells it chose, and its mask: they stay through the whole graph. */
function chosenCells({ indexer }: ModelShape, { cells, batch, flashAttention }: EffectiveSettings): number {
  if (indexer === undefined) return 0;
  return 4 * indexer.layers * Math.min(indexer.topK, cells) * batch + (flashAttention ? 2 : 4) * cells * batch;
}

/** Scores of all cells and their order, beside the queries of indexer and attention. */
function indexerPhase(shape: ModelShape, { cells, batch }: EffectiveSettings): number {
  const { indexer, heads, embeddingLength } = shape;
  if (indexer === undefined) return 0;
  const widest = attentionLayers(shape).reduce((most, { keyLength }) => Math.max(most, keyLength), 0);
  return 12 * cells * batch + 4 * batch * (indexer.heads * indexer.keyLength + heads * widest + 2 * embeddingLength);
}

/** Attention masks: two bytes a cell with flash attention, four without. */
function maskBytes(shape: ModelShape, settings: EffectiveSettings): number {
  const width = settings.flashAttention ? 2 : 4;
  if (shape.readsBatch) return width * settings.batch * settings.batch;
  const layers = attentionLayers(shape);
  if (layers.length === 0) return 0;
  const sliding = layers.some((layer) => layer.slides) ? settings.slidingCells : 0;
  const full = layers.some((layer) => !layer.slides) ? settings.cells : 0;
  return width * settings.batch * (full + sliding);
}

function attentionPhase(shape: ModelShape, settings: EffectiveSettings): number {
  const layers = shape.encoderAttention ? [shape.encoderAttention] : attentionLayers(shape);
  const kinds = new Map(
    layers.map((layer) => [`${layer.slides} ${layer.keyLength} ${layer.valueLength} ${layer.kvHeads}`, layer]),
  );
  return Math.max(0, ...[...kinds.values()].map((layer) => attentionOfLayer(shape, layer, settings)));
}

function attentionOfLayer(shape: ModelShape, layer: AttentionShape, settings: EffectiveSettings): number {
  const { heads } = shape;
  const f32Batch = 4 * settings.batch;
  const chosen = shape.indexer === undefined || layer.slides ? 0 : 2 * settings.cells * settings.batch;
  const scores =
    chosen +
    (settings.flashAttention
      ? flashScratch(shape, layer, settings)
      : 4 * heads * cellsOf(shape, layer, settings) * settings.batch);
  if (shape.latent) {
    const rows = heads * (layer.keyLength + 2 * shape.latent.kvLoraRank + shape.latent.keyLengthMla);
    return f32Batch * (rows + 2 * shape.embeddingLength) + scores;
  }
  const queryRow = heads * layer.keyLength;
  const rows = settings.flashAttention ? queryRow + heads * layer.valueLength : queryRow + besideScores(shape, layer);
  return f32Batch * rows + scores;
}

/** Rows of F32 that live beside the scores while flash attention is off. */
function besideScores(shape: ModelShape, layer: AttentionShape): number {
  const { embeddingLength, feedForward, heads } = shape;
  const queryRow = heads * layer.keyLength;
  const projections = queryRow > embeddingLength ? 2 * queryRow + layer.keyRow : 2 * layer.keyRow;
  switch (feedForward.kind) {
    case "beside":
      return projections + 3 * feedForward.width + 2.5 * embeddingLength;
    case "per-layer-input":
      return projections + 3 * feedForward.width + 4.5 * embeddingLength;
    case "gated":
    case "plain":
      return projections;
  }
}

/** Cells one layer attends to: an encoder has no cache and attends to its batch. */
function cellsOf(shape: ModelShape, layer: AttentionShape, settings: EffectiveSettings): number {
  if (shape.readsBatch) return settings.batch;
  return layer.slides ? settings.slidingCells : settings.cells;
}

function flashScratch(shape: ModelShape, layer: AttentionShape, settings: EffectiveSettings): number {
  const { streams, batch, runtime } = settings;
  const queries = Math.max(1, Math.min(Math.floor(batch / streams), 32));
  const scratch = 4 * 32 * queries * shape.heads * streams * (layer.valueLength + 2);
  return runtime === "b10488" ? scratch : scratch + keyValueCopy(shape, layer, settings);
}

/** F16 copy of one layer's whole K and V that Metal reserves for flash attention from v0.5.0 on. */
function keyValueCopy(shape: ModelShape, layer: AttentionShape, settings: EffectiveSettings): number {
  const width = shape.latent ? layer.keyLength : layer.keyLength + layer.valueLength;
  return 2 * cellsOf(shape, layer, settings) * settings.streams * layer.kvHeads * width;
}

function feedForwardPhase(shape: ModelShape, settings: EffectiveSettings): number {
  const { kind, width } = shape.feedForward;
  const { experts, embeddingLength, heads } = shape;
  if (width === 0 || (experts !== undefined && experts.dense === "none")) return 0;
  const f32Batch = 4 * settings.batch;
  switch (kind) {
    case "gated":
      return f32Batch * (3 * width + embeddingLength + besideFeedForward(shape, settings));
    case "plain":
      // An encoder keeps no residual stream for a cache and reuses half of the widened rows.
      return f32Batch * ((shape.encoder ? 1.5 : 2) * width + embeddingLength);
    case "per-layer-input":
      return f32Batch * (3 * width + 12.4 * embeddingLength);
    case "beside": {
      const layer = attentionLayers(shape)[0];
      if (layer === undefined) return 0;
      const scratch = settings.flashAttention ? flashScratch(shape, layer, settings) : 0;
      return f32Batch * (3 * width + embeddingLength + 2 * heads * layer.keyLength) + scratch;
    }
  }
}

/** Rows of F32 that the allocator cannot reuse for the feed-forward. */
function besideFeedForward(shape: ModelShape, settings: EffectiveSettings): number {
  const layer = attentionLayers(shape)[0];
  if (layer === undefined) return 0;
  const queryRow = shape.heads * layer.keyLength;
  const parallelMixer = shape.layers.some(({ recurrent, attention }) => recurrent && attention)
    ? 2 * shape.embeddingLength
    : 0;
  // A quantized cache keeps Q once more; without, only a large batch of wide queries does.
  const mixes = shape.recurrent !== undefined && parallelMixer === 0;
  const query = KV_BLOCKS[settings.kvCacheType].elements > 1 && !mixes ? queryRow : 0;
  const wide =
    query === 0 && settings.batch >= 2048 && queryRow > shape.embeddingLength ? queryRow + shape.embeddingLength : 0;
  return query + wide + parallelMixer;
}

function expertsPhase(shape: ModelShape, settings: EffectiveSettings): number {
  const { experts, embeddingLength } = shape;
  if (experts === undefined) return 0;
  const widest =
    experts.kind !== "plain"
      ? 3 * experts.used * embeddingLength + embeddingLength
      : Math.max(2 * experts.used * embeddingLength, 3 * experts.used * experts.width) + 2 * embeddingLength;
  return 4 * settings.batch * (widest + experts.sharedWidth + experts.count) + copyBesideExperts(shape, settings);
}

/** In a hybrid whose attention layers have experts the hole of the K/V copy is too scattered for them to reuse. */
function copyBesideExperts(shape: ModelShape, settings: EffectiveSettings): number {
  if (shape.experts?.kind !== "wide-after-mixer" || settings.runtime === "b10488" || !settings.flashAttention) return 0;
  const layer = attentionLayers(shape)[0];
  return layer === undefined ? 0 : keyValueCopy(shape, layer, settings);
}

function recurrentPhase(shape: ModelShape, settings: EffectiveSettings): number {
  const { recurrent } = shape;
  if (recurrent === undefined) return 0;
  const f32Batch = 4 * settings.batch;
  const { innerSize, stateSize, groupCount } = recurrent;
  const channels = innerSize + 2 * groupCount * stateSize;
  switch (recurrent.kind) {
    case "delta-net":
      return (
        f32Batch * (4 * channels + 3 * innerSize + shape.embeddingLength) + 4 * stateSize * innerSize * settings.streams
      );
    case "mamba2":
      return f32Batch * 3 * (channels + innerSize);
    case "mamba":
      return f32Batch * 5.5 * innerSize;
    case "lightning": {
      // Scores of every token of the batch against every other, thrice.
      const tokens = settings.batch / settings.streams;
      return 12 * tokens * settings.batch * shape.heads + f32Batch * 8 * shape.embeddingLength;
    }
    case "short-conv":
    case "rwkv":
    case "kda":
      return 0;
  }
}
