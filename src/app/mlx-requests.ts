import { isAbsentOr, isFlag, isListOf, isShape, isText, isWhole } from "../apply/stored-fields";
import type { Storage } from "../apply/storage";
import type { InstalledModel } from "../fit/facts";
import { keepPeaks, MOST_MODELS, type MlxCut, type MlxPeak } from "../fit/mlx-peaks";
import { sameModel } from "../fit/model-name";
import { rulesOf } from "../fit/runners";
import type { MlxLog } from "../ollama/server-facts";

/** What is known of requests to one MLX model on this Mac. */
export interface MlxRequests {
  /** Of its manifest: one that was pulled again begins anew. */
  readonly digest: string;
  /** Kept, the newest last. */
  readonly peaks: readonly MlxPeak[];
  /** Of the server that answers now. */
  readonly cuts: readonly MlxCut[];
}

const KEY = "mlx-peaks";

/**
 * Adds what the server's log tells to the peaks that were kept, by model, and keeps them. Never throws: where they can't
 * be kept, those of the log count.
 */
export async function keepRequests(
  storage: Storage,
  { peaks, cuts }: MlxLog,
  models: readonly InstalledModel[],
): Promise<readonly MlxRequests[]> {
  const before = await readKept(storage);
  const ofModel = models.filter((model) => rulesOf(model).engine === "mlx");
  const requests = ofModel.flatMap(({ name, digest }): MlxRequests[] => {
    const own = <T extends MlxPeak | MlxCut>(all: readonly T[]) => all.filter(({ model }) => sameModel(model, name));
    const kept = keepPeaks(before.get(digest) ?? [], own(peaks));
    return kept.length === 0 && own(cuts).length === 0 ? [] : [{ digest, peaks: kept, cuts: own(cuts) }];
  });
  const all = new Map([...before, ...requests.map(({ digest, peaks: own }) => [digest, own] as const)]);
  const text = JSON.stringify([...all].slice(-MOST_MODELS));
  if (text !== JSON.stringify([...before])) await storage.set(KEY, text).catch(() => undefined);
  return requests;
}

async function readKept(storage: Storage): Promise<ReadonlyMap<string, readonly MlxPeak[]>> {
  try {
    const entries: unknown = JSON.parse((await storage.get(KEY)) ?? "[]");
    if (!Array.isArray(entries)) return new Map();
    return new Map(
      entries.flatMap((entry: unknown): [string, readonly MlxPeak[]][] => {
        const [digest, peaks] = Array.isArray(entry) ? (entry as unknown[]) : [];
        return isText(digest) && Array.isArray(peaks) ? [[digest, peaks.filter(isPeak)]] : [];
      }),
    );
  } catch {
    return new Map();
  }
}

const isPeak = isShape<MlxPeak>({
  model: isText,
  at: isText,
  promptTokens: isWhole,
  readTokens: isWhole,
  readWhole: isFlag,
  chunkTokens: isAbsentOr(isWhole),
  peakBytes: isBytes,
});

/** The log rounds its sizes, so that bytes aren't whole. */
function isBytes(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

/** What is kept of requests in a stored snapshot. */
export const isRequests = isShape<MlxRequests>({
  digest: isText,
  peaks: isListOf(isPeak),
  cuts: isListOf(isShape<MlxCut>({ model: isText, promptTokens: isWhole, limitTokens: isWhole })),
});
