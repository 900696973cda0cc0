import { UnknownShape } from "./architectures/keys";
import { TIED_ENCODERS } from "./architectures/registry";
import type { ModelShape } from "./architectures/shape";
import { tensorBytes } from "./gguf/tensor-types";
import { pad } from "./effective-settings";
import type { ModelMetadata } from "./metadata";
import { shownName } from "./shown-name";

const PADDING = 32;

/** Input tensors: llama.cpp keeps them on the CPU. */
const INPUT_TENSORS: ReadonlySet<string> = new Set([
  "token_embd.weight",
  "position_embd.weight",
  "token_types.weight",
  "per_layer_token_embd.weight",
]);

/** Parts of a vision or audio tower inside the model file: loaded as the projector. */
const PROJECTOR_TENSOR = /^(?:v|mm|a|s|model\.vision_tower)\./;

/** Layers that predict further tokens, as Ollama's former converter names them: not loaded. */
const PREDICTION_TENSOR = /^mtp\./;

export interface WeightBytes {
  /** Tensors on the GPU with all layers offloaded, without mmap. */
  readonly weights: number;
  /**
   * What Metal maps of the file with mmap: from the first of these tensors to the end of the last, with what lies
   * between. Ollama's own figure of a loaded model counts this.
   */
  readonly mapped: number;
  /** Vision and audio tensors inside the same file. */
  readonly projector: number;
}

/** The weights of a file: of the layers that always run, and with the blocks that predict further tokens. */
export interface ModelWeights {
  readonly plain: WeightBytes;
  /** While the model drafts for itself; undefined where this cannot be told. */
  readonly drafting?: WeightBytes;
}

/** Bytes of the tensors llama.cpp puts on the GPU (llama-model: layer and output buffers). Throws {@link UnknownShape}. */
export function modelWeights(metadata: ModelMetadata, shape: ModelShape): ModelWeights {
  const plain = weightBytes(metadata, shape, shape.layers.length);
  // Ollama's former converter numbers such blocks apart from the others, and does not say how they are loaded.
  if (metadata.tensors.some(({ name }) => PREDICTION_TENSOR.test(name))) return { plain };
  return { plain, drafting: shape.draft === undefined ? plain : weightBytes(metadata, shape, shape.blockCount) };
}

function weightBytes(metadata: ModelMetadata, shape: ModelShape, blocks: number): WeightBytes {
  let projector = 0;
  let hasOutput = false;
  let offset = 0;
  let embedding: Place | undefined;
  const places: Place[] = [];
  for (const tensor of metadata.tensors) {
    const isEmbedding = tensor.name === "token_embd.weight";
    const dimensions = isEmbedding ? [shape.embeddingLength, shape.vocabulary] : tensor.shape;
    const raw = tensorBytes(tensor.type, dimensions);
    if (PREDICTION_TENSOR.test(tensor.name)) {
      offset += pad(raw ?? 0, PADDING);
      continue;
    }
    if (raw === undefined || !Number.isSafeInteger(raw)) {
      throw new UnknownShape(
        `The size of ${shownName(tensor.name)} isn't known: its type is ${shownName(tensor.type)}.`,
      );
    }
    const bytes = pad(raw, PADDING);
    const place = { offset, bytes, end: offset + raw };
    offset += bytes;
    if (PROJECTOR_TENSOR.test(tensor.name)) projector += bytes;
    else if (isEmbedding) embedding = place;
    else if (!INPUT_TENSORS.has(tensor.name) && !isLeftOut(tensor.name, blocks)) places.push(place);
    if (tensor.name === "output.weight") hasOutput = true;
  }
  const isTied = !hasOutput && !shape.outputOnCpu && (!shape.encoder || TIED_ENCODERS.has(shape.architecture));
  if (isTied && embedding !== undefined) places.push(embedding);
  const first = places.reduce((least, { offset: start }) => Math.min(least, start), Infinity);
  const last = places.reduce((most, { end }) => Math.max(most, end), 0);
  return {
    weights: places.reduce((sum, { bytes }) => sum + bytes, 0),
    mapped: places.length === 0 ? 0 : last - first,
    projector,
  };
}

/** Where a tensor lies in the file, counted from the first: one behind the other, each padded. */
interface Place {
  readonly offset: number;
  readonly bytes: number;
  readonly end: number;
}

/** Blocks after the last that runs are not loaded: those that predict further tokens, unless the model drafts. */
function isLeftOut(name: string, blocks: number): boolean {
  const block = /^blk\.(\d+)\./.exec(name)?.[1];
  return block !== undefined && Number(block) >= blocks;
}
