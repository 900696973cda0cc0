import type { MlxTensor } from "../files";

/**
 * How many layers that draft keep a cache of their own, beside those that answer (Ollama's runner; mlx-lm drops them):
 * "one": qwen3_5.go loads one attending layer where the file has a drafting head;
 * "attending": nemotron_h.go keeps a cache for each drafting layer that attends.
 */
export type DraftRule = "one" | "attending";

const DRAFTS = /(?:^|\.)mtp\./;
const ATTENDS = /(?:^|\.)mtp\.layers\.(\d{1,4})\.mixer\.[qkvo]_proj(?:\.|$)/;

/** Drafting layers with a cache, by the names of the tensors: a config may announce some that the file doesn't have. */
export function draftLayers(tensors: readonly MlxTensor[], rule: DraftRule): number {
  if (rule === "one") return tensors.some(({ name }) => DRAFTS.test(name)) ? 1 : 0;
  return new Set(tensors.flatMap(({ name }) => ATTENDS.exec(name)?.[1] ?? [])).size;
}

/** Tensors of a second model that drafts for this one (Ollama x/create/draft.go). */
export function hasDraftModel(tensors: readonly MlxTensor[]): boolean {
  return tensors.some(({ name }) => name.startsWith("draft."));
}
