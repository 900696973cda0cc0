import type { RunInput } from "./run-input";
import { GIB, MIB } from "./units";
import { integerValue, isOmitted, stringValue } from "../memory/metadata";

/** Share of the available memory that Ollama's rough prediction may reach for a batch, and what it adds to it. */
const AUTOMATIC_BATCHES = [
  { batch: 2048, aboveContext: 32_768, headroom: 0.6, surcharge: 2 * GIB },
  { batch: 1024, aboveContext: 4_096, headroom: 0.75, surcharge: 768 * MIB },
] as const;

/**
 * Batch that Ollama ≥ 0.30 picks by itself (server/sched.go automaticGenerationBatch): by the context over all slots,
 * a step down while its own prediction leaves too little. It also steps down while free RAM is short, which only
 * lowers the need; free RAM changes by the second, so it is left out here.
 */
export function automaticBatch(
  predictedBytes: number | undefined,
  totalContext: number,
  availableBytes: number | undefined,
): number {
  for (const { batch, aboveContext, headroom, surcharge } of AUTOMATIC_BATCHES) {
    if (totalContext <= aboveContext) continue;
    if (!predictedBytes || !availableBytes) return batch;
    if (predictedBytes <= availableBytes * headroom && predictedBytes + surcharge <= availableBytes * 0.8) return batch;
  }
  return 512;
}

/**
 * Ollama's rough prediction (llm/llama_server.go PredictServerVRAM): foresees the automatic batch and nothing else.
 * Undefined where a key of the formula is missing.
 */
export function predictedVram(
  { model, description }: Pick<RunInput, "model" | "description">,
  totalContext: number,
): number | undefined {
  const { metadata } = description;
  const architecture = stringValue(metadata, "general.architecture");
  const blocks = integerValue(metadata, `${architecture}.block_count`);
  const embedding = integerValue(metadata, `${architecture}.embedding_length`);
  const heads = extremes(metadata.values.get(`${architecture}.attention.head_count`));
  if (blocks === undefined || embedding === undefined || heads === undefined || heads.highest === 0) return undefined;
  const kvValue = metadata.values.get(`${architecture}.attention.head_count_kv`);
  // Of an array whose elements are not known the least head count is taken: it predicts the least, so the batch is
  // rather too large than too small, which is the safe side.
  const kvHeads = isOmitted(kvValue) ? { lowest: 1 } : (extremes(kvValue) ?? heads);
  const perToken = 2 * blocks * Math.max(kvHeads.lowest, 1) * (embedding / heads.highest) * 2;
  return model.sizeBytes + perToken * totalContext;
}

function extremes(value: unknown): { readonly lowest: number; readonly highest: number } | undefined {
  const numbers = (Array.isArray(value) ? value : [value]).filter(
    (element): element is number => typeof element === "number" && Number.isFinite(element),
  );
  return numbers.length === 0 ? undefined : { lowest: Math.min(...numbers), highest: Math.max(...numbers) };
}
