import { UnknownShape } from "./keys";
import type { ModelFile } from "./model-file";
import type { AttentionShape, HeadSizes, SlidingLayers } from "./shape";

/**
 * Head sizes from the keys, by default embedding_length / head_count of the first block. Where that one has no heads
 * llama.cpp takes all sizes as 0 (llama-model's load_hparams).
 */
export function headSizes(file: ModelFile): HeadSizes {
  const { keys, embeddingLength } = file;
  const heads = firstHeadCount(file);
  if (heads === 0) return { keyLength: 0, valueLength: 0, slidingKeyLength: 0, slidingValueLength: 0 };
  const share = (key: string): number => {
    const named = keys.number(key);
    if (named !== undefined) return named;
    return heads === "omitted" ? rotarySize(file) : Math.floor(embeddingLength / heads);
  };
  const keyLength = share("attention.key_length");
  const valueLength = share("attention.value_length");
  const { slidingHeadSizes } = file.rule;
  const sliding = (key: string) => (slidingHeadSizes === "required" ? keys.positive(key) : keys.number(key));
  return {
    keyLength,
    valueLength,
    slidingKeyLength: sliding("attention.key_length_swa") ?? keyLength,
    slidingValueLength: sliding("attention.value_length_swa") ?? valueLength,
  };
}

/** Where only the tensors tell the heads: the rotary part, if it divides their rows as a whole head does. */
function rotarySize({ keys, tensor }: ModelFile): number {
  const size = keys.number("rope.dimension_count") ?? 0;
  const rows = ["attn_q", "attn_k", "attn_v"].map((name) => tensor(0, name)?.[1] ?? 0);
  if (size > 0 && rows.every((row) => row > 0 && row % size === 0)) return size;
  throw new UnknownShape("The head size isn't known without attention.head_count.", true);
}

/** head_count of the first block; "omitted" where the array was left out but the block attends, so that it is not 0. */
export function firstHeadCount({ keys, tensor, blockCount, layerCount }: ModelFile): number | "omitted" {
  const counts = keys.perLayer("attention.head_count", blockCount, layerCount);
  if (counts === undefined) throw new UnknownShape("The metadata has no attention.head_count.");
  if (counts !== "omitted") return counts[0] ?? 0;
  if (["attn_q", "attn_qkv", "attn_q_a"].some((name) => tensor(0, name) !== undefined)) return "omitted";
  throw new UnknownShape("The number of attention heads isn't known.", true);
}

/** Largest head_count of any layer. */
export function mostHeads(file: ModelFile, keyLength: number): number {
  const { keys, tensor, blockCount, layerCount } = file;
  const counts = keys.perLayer("attention.head_count", blockCount, layerCount);
  if (counts === undefined) throw new UnknownShape("The metadata has no attention.head_count.");
  if (counts !== "omitted") return counts.slice(0, layerCount).reduce((most, count) => Math.max(most, count), 0);
  let widest = 0;
  for (let layer = 0; layer < layerCount; layer++) widest = Math.max(widest, queryRow(tensor, layer) ?? 0);
  if (keyLength === 0 || widest === 0) throw new UnknownShape("The number of attention heads isn't known.", true);
  return Math.floor(widest / keyLength);
}

/** Elements of all query heads: what attn_q gives or, where Q, K and V are one tensor, what attn_output takes. */
function queryRow(tensor: ModelFile["tensor"], layer: number): number | undefined {
  return tensor(layer, "attn_q")?.[1] ?? tensor(layer, "attn_output")?.[0];
}

export interface RowsInput {
  readonly file: ModelFile;
  readonly sizes: HeadSizes;
  readonly sliding: SlidingLayers | undefined;
  readonly recurrent: readonly boolean[];
  /** Only the latent vector is cached. */
  readonly latent: boolean;
}

/**
 * K and V rows of every block, whether or not it owns a cache: row = KV heads · head size. Where the source left out
 * the array of KV heads the shapes of the projections tell; where both are there they have to agree.
 */
export function attentionRows(input: RowsInput): readonly AttentionShape[] {
  const { file, sizes, sliding, recurrent } = input;
  const { keys, blockCount, layerCount } = file;
  const counts =
    keys.perLayer("attention.head_count_kv", blockCount, layerCount) ??
    keys.perLayer("attention.head_count", blockCount, layerCount);
  if (counts === undefined) throw new UnknownShape("The metadata has no attention.head_count.");
  const blocks = Array.from({ length: blockCount }, (_, block): AttentionShape => {
    const slides = sliding?.slides[block] ?? false;
    const keyLength = slides ? sizes.slidingKeyLength : sizes.keyLength;
    const valueLength = slides ? sizes.slidingValueLength : sizes.valueLength;
    const attends = recurrent[block] !== true || file.rule.attendsEverywhere === true;
    const found = attends ? rowsOfTensors(input, block, keyLength, counts === "omitted") : undefined;
    if (counts === "omitted") {
      const { keyRow, valueRow } = found ?? { keyRow: 0, valueRow: 0 };
      return { keyRow, valueRow, kvHeads: keyLength === 0 ? 0 : keyRow / keyLength, keyLength, valueLength, slides };
    }
    const kvHeads = counts[block] ?? 0;
    const keyRow = kvHeads * keyLength;
    const valueRow = input.latent ? 0 : kvHeads * valueLength;
    // What is compressed has the size of one head, however many the keys count.
    const expected = input.latent ? keyLength : keyRow;
    if (found !== undefined && (found.keyRow !== expected || found.valueRow !== valueRow)) {
      throw new UnknownShape(`Keys and tensors contradict each other over the attention of layer ${block}.`);
    }
    return { keyRow, valueRow, kvHeads, keyLength, valueLength, slides };
  });
  if (counts === "omitted" && blocks.every(({ keyRow }) => keyRow === 0)) {
    throw new UnknownShape("The KV heads can't be read from the tensors.", true);
  }
  return blocks;
}

interface Rows {
  readonly keyRow: number;
  readonly valueRow: number;
}

/** Rows as the projections of one block show them; undefined where it has none that do. */
function rowsOfTensors(
  { file, latent, sizes }: RowsInput,
  block: number,
  keyLength: number,
  withFused: boolean,
): Rows | undefined {
  const { tensor, keys, blockCount, layerCount } = file;
  const keyTensor = tensor(block, "attn_k");
  if (keyTensor !== undefined && !latent) {
    const keyRow = keyTensor[1] ?? 0;
    // Without a V projection V is K (gemma4's full layers).
    return { keyRow, valueRow: tensor(block, "attn_v")?.[1] ?? keyRow };
  }
  const compressed = tensor(block, "attn_kv_a_mqa");
  if (compressed !== undefined) {
    if (latent) return { keyRow: compressed[1] ?? 0, valueRow: 0 };
    if (keys.isOmitted("attention.head_count_kv")) throw new UnknownShape("The KV heads aren't known.", true);
    return undefined;
  }
  const fused = tensor(block, "attn_qkv")?.[1];
  // What is cut out of one projection follows the keys where they're there.
  if (fused === undefined || !withFused || latent || sizes.keyLength !== sizes.valueLength) return undefined;
  const heads = keys.perLayer("attention.head_count", blockCount, layerCount);
  const query = Array.isArray(heads) ? (heads[block] ?? 0) * keyLength : queryRow(tensor, block);
  if (query === undefined || query > fused) throw new UnknownShape("The KV rows aren't known.", heads === "omitted");
  return { keyRow: (fused - query) / 2, valueRow: (fused - query) / 2 };
}
