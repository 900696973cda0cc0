import type { ModelMetadata } from "../metadata";
import { attentionRows, headSizes, mostHeads } from "./attention";
import { blockShape } from "./block";
import { draftShape } from "./draft";
import { encoderAttention } from "./encoder";
import { experts, feedForward } from "./feed-forward";
import { indexerShape } from "./indexer";
import { UnknownShape } from "./keys";
import { latentAttention } from "./latent-attention";
import { type ModelFile, openModel } from "./model-file";
import { feedForwardOnly, recurrentLayers } from "./recurrent-layers";
import { recurrentState } from "./recurrent-state";
import type { AttentionShape, LayerShape, ModelShape } from "./shape";
import { layersOwningKv } from "./shared-kv";
import { slidingLayers } from "./sliding-window";

/** A model's shape, or why it is not known. */
export type ShapeReading =
  | {
      readonly kind: "known";
      readonly shape: ModelShape;
      /** Rests on the architecture's usual pattern of sliding layers, as the source left out the array that says it. */
      readonly assumesPattern: boolean;
    }
  | {
      readonly kind: "unknown";
      readonly architecture?: string;
      readonly reason: string;
      /** The arrays that the source left out would tell: ask for the full metadata. */
      readonly needs?: "arrays";
    };

/**
 * The memory layout of a model from its GGUF keys; arrays that the source left out are derived from tensor shapes where
 * these decide them (rules and keys: llama.cpp's src/llama-hparams and src/models). It never throws.
 */
export function readShape(metadata: ModelMetadata): ShapeReading {
  try {
    return shapeOf(openModel(metadata));
  } catch (error) {
    if (!(error instanceof UnknownShape)) throw error;
    return unknownReading(metadata, error);
  }
}

/** The reading for an error thrown on the way. */
export function unknownReading(
  metadata: ModelMetadata,
  error: UnknownShape,
): Extract<ShapeReading, { kind: "unknown" }> {
  const architecture = metadata.values.get("general.architecture");
  return {
    kind: "unknown",
    architecture: typeof architecture === "string" ? architecture : undefined,
    reason: error.message,
    needs: error.needsArrays ? "arrays" : undefined,
  };
}

function shapeOf(file: ModelFile): ShapeReading {
  const { rule, layerCount } = file;
  const recurrent = recurrentLayers(file);
  const attention = attentionOf(file, recurrent);
  const only = feedForwardOnly(file);
  const owning = rule.encoder ? 0 : layersOwningKv(file);
  const layers = Array.from({ length: layerCount }, (_, layer): LayerShape => {
    const isRecurrent = recurrent[layer] ?? false;
    const rows = attention?.blocks[layer];
    const owns = layer < owning && only[layer] !== true && (!isRecurrent || rule.attendsEverywhere === true);
    return { recurrent: isRecurrent, attention: owns && rows !== undefined ? rows : undefined };
  });
  const state = recurrentState(file, recurrent);
  const mixture = experts(file);
  const block = blockShape(file);
  return {
    kind: "known",
    shape: {
      architecture: file.architecture,
      embeddingLength: file.embeddingLength,
      blockCount: file.blockCount,
      vocabulary: file.vocabulary,
      layers,
      heads: attention?.heads ?? 0,
      widestValueRow: attention?.widestValueRow ?? 0,
      window: attention?.window ?? 0,
      encoder: rule.encoder === true,
      readsBatch: rule.encoder === true || rule.readsBatch === true,
      outputOnCpu: rule.outputOnCpu === true,
      block,
      feedForward: feedForward(file),
      experts: mixture,
      encoderAttention: rule.encoder && attention ? attention.encoder : undefined,
      recurrent: state,
      draft: attention ? draftShape(file, attention.blocks) : undefined,
      latent: attention?.latent,
      indexer: indexerShape(file),
      perLayerInput: file.perLayerInput,
      flashAttentionForbidden: rule.flashAttentionForbidden === true,
      stopsAtQuantizedSlots: rule.stopsAtQuantizedSlots === true && block.fusedProjection,
    },
    assumesPattern: attention?.assumesPattern ?? false,
  };
}

interface ModelAttention {
  readonly blocks: readonly AttentionShape[];
  readonly encoder: AttentionShape;
  readonly heads: number;
  readonly widestValueRow: number;
  readonly window: number;
  readonly assumesPattern: boolean;
  readonly latent?: ModelShape["latent"];
}

/** undefined for a model that does not attend at all. */
function attentionOf(file: ModelFile, recurrent: readonly boolean[]): ModelAttention | undefined {
  const { rule } = file;
  if (rule.recurrentLayers === "all" && rule.attendsEverywhere === undefined) return undefined;
  const sizes = headSizes(file);
  const heads = mostHeads(file, sizes.keyLength);
  const encoder = encoderAttention(sizes, heads);
  if (rule.encoder) {
    if (heads === 0) throw new UnknownShape("attention.head_count is 0.");
    return { blocks: [], encoder, heads, widestValueRow: 0, window: 0, assumesPattern: false };
  }
  const latent = latentAttention(file);
  const sliding = slidingLayers(file, sizes);
  const blocks = attentionRows({ file, sizes, sliding, recurrent, latent: latent !== undefined });
  return {
    blocks,
    encoder,
    heads,
    widestValueRow: blocks.reduce((widest, { valueRow }) => Math.max(widest, valueRow), 0),
    window: sliding?.window ?? 0,
    assumesPattern: sliding?.assumed ?? false,
    latent,
  };
}
