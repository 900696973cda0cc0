import { UnknownShape } from "./architectures/keys";
import { TIED_ENCODERS } from "./architectures/registry";
import type { ModelShape } from "./architectures/shape";
import { tensorBytes } from "./gguf/tensor-types";
import { pad } from "./effective-settings";
import type { ModelMetadata } from "./metadata";

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
  /** Vision and audio tensors inside the same file. */
  readonly projector: number;
}

/** Bytes of the tensors llama.cpp puts on the GPU (llama-model: layer and output buffers). Throws {@link UnknownShape}. */
export function weightBytes(metadata: ModelMetadata, shape: ModelShape): WeightBytes {
  let weights = 0;
  let projector = 0;
  let tied = 0;
  let hasOutput = false;
  for (const tensor of metadata.tensors) {
    if (PREDICTION_TENSOR.test(tensor.name)) continue;
    const isEmbedding = tensor.name === "token_embd.weight";
    const dimensions = isEmbedding ? [shape.embeddingLength, shape.vocabulary] : tensor.shape;
    const raw = tensorBytes(tensor.type, dimensions);
    if (raw === undefined || !Number.isSafeInteger(raw)) {
      throw new UnknownShape(`The size of ${tensor.name.slice(0, 60)} (${tensor.type.slice(0, 20)}) is not known.`);
    }
    const bytes = pad(raw, PADDING);
    if (PROJECTOR_TENSOR.test(tensor.name)) projector += bytes;
    else if (isEmbedding) tied = bytes;
    else if (!INPUT_TENSORS.has(tensor.name) && !isPredictionBlock(tensor.name, shape.layers.length)) weights += bytes;
    if (tensor.name === "output.weight") hasOutput = true;
  }
  const isTied = !hasOutput && (!shape.encoder || TIED_ENCODERS.has(shape.architecture));
  return { weights: weights + (isTied ? tied : 0), projector };
}

/** Blocks after the last layer predict further tokens; they are loaded only for drafting. */
function isPredictionBlock(name: string, layers: number): boolean {
  const block = /^blk\.(\d+)\./.exec(name)?.[1];
  return block !== undefined && Number(block) >= layers;
}
