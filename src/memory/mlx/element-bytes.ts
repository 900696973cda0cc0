import type { MlxTensor } from "./files";

/** Bytes of an element in bf16 or f16, which activations are in unless the model's own are f32. */
const HALF = 2;
const SINGLE = 4;

const EMBEDDING = /(?:^|\.)(?:embed_tokens|embeddings|word_embeddings|tok_embeddings|embedding)\.(weight|scales)$/;

/**
 * Bytes of an element of activations, and so of K and V: the type of the embedding that they begin as. A packed
 * embedding unpacks to the type of its scales; where these are bytes (mxfp4, nvfp4) that is bf16. Ollama's manifest
 * tells no types, and its own builds are bf16.
 */
export function elementBytes(tensors: readonly MlxTensor[]): number {
  const types = new Map<string, string>();
  for (const { name, type } of tensors) {
    const part = EMBEDDING.exec(name)?.[1];
    if (part !== undefined && type !== undefined) types.set(part, type);
  }
  return (types.get("scales") ?? types.get("weight")) === "F32" ? SINGLE : HALF;
}
