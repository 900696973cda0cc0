import type { ModelFile } from "./model-file";
import type { IndexerShape } from "./shape";

/**
 * The indexer of a sparse attention (llama.cpp's llama-kv-cache-dsa and -msa): which layers have one is told by their
 * tensors. Undefined where no layer does, or where nothing is to be chosen.
 */
export function indexerShape({ rule, keys, has, tensor, layerCount }: ModelFile): IndexerShape | undefined {
  if (!rule.indexer) return undefined;
  const names = ["indexer.attn_k", "indexer.k_proj"];
  const layers = Array.from({ length: layerCount }, (_, layer) => layer).filter((layer) =>
    names.some((name) => has(layer, `${name}.weight`)),
  );
  const [first] = layers;
  const topK = keys.number("attention.indexer.top_k") ?? 0;
  if (first === undefined || topK === 0) return undefined;
  const row = names.map((name) => tensor(first, name)?.[1]).find((width) => width !== undefined);
  return {
    keyLength: row ?? keys.positive("attention.indexer.key_length"),
    heads: keys.number("attention.indexer.head_count") ?? 1,
    topK,
    layers: layers.length,
  };
}
