import type { ModelMetadata } from "../metadata";
import { shownName } from "../shown-name";
import { type Keys, keysOf, UnknownShape } from "./keys";
import { type ModelView, viewOf } from "./ollama-converter";
import { type ArchitectureRule, ARCHITECTURES, NOT_COVERED } from "./registry";

/** More blocks than any model has are a damaged file. */
const MOST_BLOCKS = 4096;

/** What the modules of this folder read a model's shape from. */
export interface ModelFile {
  readonly architecture: string;
  readonly rule: ArchitectureRule;
  readonly keys: Keys;
  /** Shape of `blk.<block>.<name>.weight`. */
  readonly tensor: (block: number, name: string) => readonly number[] | undefined;
  /** Whether there is a tensor `blk.<block>.<name>`. */
  readonly has: (block: number, name: string) => boolean;
  readonly embeddingLength: number;
  /** Elements that every block reads of an embedding of its own; 0 where there is none. */
  readonly perLayerInput: number;
  readonly vocabulary: number;
  readonly blockCount: number;
  /** Blocks that run: without those that predict further tokens, which come last. */
  readonly layerCount: number;
}

/** Opens a model's metadata. Throws {@link UnknownShape} for architectures and files that no rule covers. */
export function openModel(metadata: ModelMetadata): ModelFile {
  const view = viewOf(metadata);
  if (view === undefined) throw new UnknownShape("The metadata names no architecture.");
  const { architecture } = view;
  const rule = ARCHITECTURES.get(architecture);
  if (rule === undefined) {
    const why = NOT_COVERED.get(architecture) ?? "isn't known to this version.";
    throw new UnknownShape(`The architecture ${shownName(architecture)} ${why}`);
  }
  const keys = keysOf(view);
  const stored = keys.positive("block_count");
  const blockCount = stored * (rule.loops === "block-count-times" ? (keys.number("num_loops") ?? 1) : 1);
  if (blockCount > MOST_BLOCKS) throw new UnknownShape(`It claims ${blockCount} layers.`);
  const layerCount = blockCount - (keys.number("nextn_predict_layers") ?? 0);
  if (layerCount < 1) throw new UnknownShape("All of its layers would predict further tokens.");
  const embeddingLength = keys.positive("embedding_length");
  const file: ModelFile = {
    architecture,
    rule,
    keys,
    tensor: (block, name) => view.tensorShape(`blk.${block}.${name}.weight`),
    has: (block, name) => view.tensorShape(`blk.${block}.${name}`) !== undefined,
    embeddingLength,
    perLayerInput: rule.perLayerInput ? perLayerInput(view.tensorShape, keys, blockCount) : 0,
    vocabulary: vocabularyOf(view.tensorShape, embeddingLength),
    blockCount,
    layerCount,
  };
  if (rule.loops === undefined) checkBlocks(metadata, blockCount, layerCount);
  return file;
}

function perLayerInput(tensorShape: ModelView["tensorShape"], keys: Keys, blockCount: number): number {
  const row = tensorShape("per_layer_token_embd.weight")?.[0];
  return row === undefined ? (keys.number("embedding_length_per_layer_input") ?? 0) : Math.floor(row / blockCount);
}

/**
 * Rows of the embedding matrix, which is the output's where the file has none; where gemma3n's second one has fewer,
 * llama.cpp cuts the first to them.
 */
function vocabularyOf(tensorShape: (name: string) => readonly number[] | undefined, embeddingLength: number): number {
  const embedding = tensorShape("token_embd.weight") ?? tensorShape("output.weight");
  const rows = embedding?.[1];
  if (embedding === undefined || rows === undefined) throw new UnknownShape("The file has no token_embd.weight.");
  if (embedding[0] !== embeddingLength)
    throw new UnknownShape("token_embd.weight doesn't have the width the keys say.");
  return Math.min(rows, tensorShape("per_layer_token_embd.weight")?.[1] ?? rows);
}

/** A file whose tensors belong to more or fewer blocks than it claims is one that llama.cpp does not load. */
function checkBlocks({ tensors }: ModelMetadata, blockCount: number, layerCount: number): void {
  let last = -1;
  for (const { name } of tensors) {
    const block = /^blk\.(\d{1,5})\./.exec(name)?.[1];
    if (block !== undefined) last = Math.max(last, Number(block));
  }
  if (last >= blockCount || last < layerCount - 1) {
    throw new UnknownShape(`The metadata says ${blockCount} layers, the tensors say ${last + 1}.`);
  }
}
