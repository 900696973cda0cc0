/** What an MLX runner does with prompts: what it keeps of them, what it logs, and how it ends (x/mlxrunner). */
import type { StandInModel } from "./model";

const GIB = 1024 ** 3;
/** So many tokens are read at once. */
export const CHUNK = 2048;
/** States are saved after so many. */
const SAVED_EVERY = 8192;

/** How a runner reads a prompt: what of it is kept from the one before. */
export interface Reading {
  readonly total: number;
  readonly matched: number;
  readonly cached: number;
}

/** Tokens of a prompt: words, so many a word, behind the one it begins with. */
function tokensOf(prompt: string, tokensAWord: number): number {
  const words = prompt.trim().split(/\s+/).length;
  return 1 + Math.ceil(words * tokensAWord);
}

/** What is read of a prompt after another one: what is kept ends at a whole number of saved pieces. */
export function readingOf(prompt: string, before: string | undefined, tokensAWord: number): Reading {
  const total = tokensOf(prompt, tokensAWord);
  const [words, known] = [prompt.trim().split(/\s+/), before?.trim().split(/\s+/) ?? []];
  const same = words.findIndex((word, index) => word !== known[index]);
  const matched = before === undefined ? 0 : Math.floor((same < 0 ? words.length : same) * tokensAWord);
  return { total, matched, cached: Math.max(0, Math.floor(matched / SAVED_EVERY) * SAVED_EVERY - 1) };
}

/** Lines of the log while a prompt is read: what is kept of it, and each chunk. */
export function readingLines({ total, matched, cached }: Reading): readonly string[] {
  const left = total - cached;
  const hit = cached > 0 ? "hit" : "miss";
  const lines = [
    `prefix_cache.go:125 msg="cache ${hit}" total=${total} matched=${matched} cached=${cached} left=${left}`,
  ];
  for (let processed = 0; processed < left - 1;) {
    processed = Math.min(processed + CHUNK, left - 1);
    lines.push(`pipeline.go:204 msg="Prompt processing progress" processed=${processed} total=${left}`);
  }
  return lines;
}

/** The line behind a request, as MLX prints sizes. */
export function peakLine(bytes: number): string {
  return `pipeline.go:91 msg="peak memory" size="${(bytes / GIB).toFixed(2)} GiB"`;
}

export const startLine = ({ name }: StandInModel) =>
  `client.go:391 msg="starting mlx runner subprocess" model=${name} port=51234`;
export const stopLine = 'client.go:142 msg="stopping mlx runner subprocess" pid=4711';

/** What the server answers where its runner died of a prompt. */
export const DIED = "mlx runner failed: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)";
