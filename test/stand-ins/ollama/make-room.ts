import type { StandInModel } from "./model";
import type { Resident } from "./wire";

const MIB = 1024 ** 2;
/** Ollama counts on this share of what is available beside what's loaded. */
const HEADROOM = 0.8;

/** A model that's about to be loaded beside others. */
export interface Newcomer {
  readonly model: StandInModel;
  readonly numCtx: number;
  readonly slots: number;
  /** Of the GPU, as the server measured it, and of the RAM what nothing uses now. */
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/**
 * What of the models that are loaded stays beside a new one: as long as Ollama's own rough prediction for it is above 80% of
 * the GPU's memory less what the others take, or of the free RAM where that's less, one of them goes, the first that would
 * end (server/sched.go, load and findRunnerToUnload; llm/llama_server.go, PredictServerVRAM). With MLX its weights and
 * 512 MiB count.
 */
export function makeRoom(newcomer: Newcomer, loaded: readonly Resident[]): readonly Resident[] {
  const { totalBytes } = newcomer;
  let { freeBytes } = newcomer;
  const staying = loaded.toSorted((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime());
  while (staying.length > 0) {
    const taken = staying.reduce((sum, { vramBytes }) => sum + vramBytes, 0);
    if (fits(newcomer, Math.min(totalBytes - taken, freeBytes))) break;
    freeBytes += staying.pop()?.realBytes ?? 0;
  }
  return loaded.filter((one) => staying.includes(one));
}

function fits(newcomer: Newcomer, availableBytes: number): boolean {
  const { model } = newcomer;
  if (model.format === "safetensors") return (model.weights?.bytes ?? 0) + 512 * MIB <= availableBytes;
  return predictedBytes(newcomer) <= availableBytes * HEADROOM;
}

/** The file, and an f16 cache as if every layer attended to everything. A larger batch is only taken where it fits, too. */
function predictedBytes({ model, numCtx, slots }: Newcomer): number {
  const values = model.weights?.metadata?.values;
  const architecture = String(values?.get("general.architecture"));
  const number = (key: string) => extreme(values?.get(`${architecture}.${key}`));
  const { lowest: blocks } = number("block_count");
  const { lowest: embedding } = number("embedding_length");
  const heads = number("attention.head_count").highest || 1;
  const kvHeads = Math.max(1, number("attention.head_count_kv").lowest);
  return (model.weights?.bytes ?? 0) + 2 * blocks * kvHeads * (embedding / heads) * numCtx * slots * 2;
}

function extreme(value: unknown): { readonly lowest: number; readonly highest: number } {
  const numbers = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "number");
  return numbers.length === 0
    ? { lowest: 0, highest: 0 }
    : { lowest: Math.min(...numbers), highest: Math.max(...numbers) };
}
