import type { MetadataValue, ModelMetadata } from "../../../src/memory/metadata";
import type { RunSettings } from "../../../src/memory/settings";

/** What of a file decides its memory, written by hand. */
export interface Built {
  readonly architecture: string;
  readonly blocks: number;
  readonly width: number;
  readonly keys: Readonly<Record<string, MetadataValue>>;
  /** Weights of one block by name, without `blk.<n>.` and `.weight`. */
  readonly block: (index: number) => Readonly<Record<string, readonly number[] | undefined>>;
  readonly others?: Readonly<Record<string, readonly number[]>>;
}

export function build({ architecture, blocks, width, keys, block, others = {} }: Built): ModelMetadata {
  const tensor = (name: string, shape: readonly number[]) => ({ name, type: "F16", shape });
  return {
    values: new Map<string, MetadataValue>([
      ["general.architecture", architecture],
      [`${architecture}.block_count`, blocks],
      [`${architecture}.embedding_length`, width],
      ...Object.entries(keys).map(([key, value]): [string, MetadataValue] => [`${architecture}.${key}`, value]),
    ]),
    tensors: [
      tensor("token_embd.weight", [width, 1024]),
      tensor("output.weight", [width, 1024]),
      ...Object.entries(others).map(([name, shape]) => tensor(name, shape)),
      ...Array.from({ length: blocks }, (_, index) =>
        Object.entries({ attn_norm: [width], ...block(index) }).flatMap(([name, shape]) =>
          shape ? [tensor(`blk.${index}.${name}.weight`, shape)] : [],
        ),
      ).flat(),
    ],
  };
}

/** The same file as plain `/api/show` gives it: every array null. */
export function asShown({ values, tensors }: ModelMetadata): ModelMetadata {
  const shown = [...values].map(([key, value]): [string, MetadataValue] => [
    key,
    Array.isArray(value) ? { omitted: true } : value,
  ]);
  return { values: new Map(shown), tensors };
}

export const SETTINGS: RunSettings = {
  numCtx: 32_768,
  parallel: 1,
  kvCacheType: "f16",
  flashAttention: "on",
  batch: 512,
  runtime: "b10488",
};
