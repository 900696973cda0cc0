import { isAbsentOr, isFlag, isListOf, isShape, isSize, isText, isWhole } from "../apply/stored-fields";
import { readStored, readStoredLists, type Storage } from "../apply/storage";
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
const OWN_KEY = "mlx-own-requests";

/** A request that was sent from here, as far as its line in the log can be told by it. */
export interface OwnRequest {
  /** Name of its model. */
  readonly model: string;
  /** About so many tokens. */
  readonly tokens: number;
  /** Since when and, once it has ended, until when it ran: milliseconds. */
  readonly from: number;
  readonly to?: number;
}

/** The last ones are remembered: older ones are marked in what is kept. */
const MOST_OWN = 40;
/** How long a request runs at the most whose end nobody saw, in milliseconds. */
const MOST_RUN = 6 * 3_600_000;
/** The log's line comes after the answer. */
const LATE = 10_000;
/** How far a prompt may be off the tokens it was meant to have. */
const OFF = { share: 0.1, tokens: 64 } as const;

/** Remembers a request that is sent now, in the place of what was remembered of it. Never throws. */
export async function rememberOwn(storage: Storage, own: OwnRequest): Promise<void> {
  const before = await readOwn(storage);
  const others = before.filter(({ model, from }) => model !== own.model || from !== own.from);
  const text = JSON.stringify([...others, own].slice(-MOST_OWN));
  await storage.set(OWN_KEY, text).catch(() => undefined);
}

async function readOwn(storage: Storage): Promise<readonly OwnRequest[]> {
  return (await readStored(storage, OWN_KEY, isListOf(isOwn))) ?? [];
}

const isOwn = isShape<OwnRequest>({ model: isText, tokens: isWhole, from: isWhole, to: isAbsentOr(isWhole) });

/** Marks a peak that is of a request sent from here: one that's remembered, or that was marked among those `kept`. */
function marked(peak: MlxPeak, sent: readonly OwnRequest[], kept: readonly MlxPeak[]): MlxPeak {
  const at = Date.parse(peak.at);
  const isOurs =
    kept.some((other) => other.isOurs && other.at === peak.at) ||
    sent.some(
      ({ model, tokens, from, to = from + MOST_RUN }) =>
        sameModel(model, peak.model) &&
        at >= from &&
        at <= to + LATE &&
        Math.abs(peak.promptTokens - tokens) <= Math.max(OFF.tokens, OFF.share * tokens),
    );
  return isOurs ? { ...peak, isOurs } : peak;
}

/**
 * Adds what the server's log tells to the peaks that were kept, by model, and keeps them. Never throws: where they can't
 * be kept, those of the log count.
 */
export async function keepRequests(
  storage: Storage,
  { peaks, cuts }: MlxLog,
  models: readonly InstalledModel[],
): Promise<readonly MlxRequests[]> {
  const [before, sent] = await Promise.all([readStoredLists(storage, KEY, isPeak), readOwn(storage)]);
  const ofModel = models.filter((model) => rulesOf(model).engine === "mlx");
  const requests = ofModel.flatMap(({ name, digest, modifiedAt = "" }): MlxRequests[] => {
    const own = <T extends MlxPeak | MlxCut>(all: readonly T[]) => all.filter(({ model }) => sameModel(model, name));
    const earlier = before.get(digest) ?? [];
    const mark = (peak: MlxPeak) => marked(peak, sent, earlier);
    // Another build had the name until then; a time that makes no sense is before nothing.
    const isOlder = ({ at }: MlxPeak) => Date.parse(at) < Date.parse(modifiedAt);
    const fresh = own(peaks).filter((peak) => !isOlder(peak));
    const kept = keepPeaks(earlier.map(mark), fresh.map(mark));
    return kept.length === 0 && own(cuts).length === 0 ? [] : [{ digest, peaks: kept, cuts: own(cuts) }];
  });
  const all = new Map([...before, ...requests.map(({ digest, peaks: own }) => [digest, own] as const)]);
  const text = JSON.stringify([...all].slice(-MOST_MODELS));
  if (text !== JSON.stringify([...before])) await storage.set(KEY, text).catch(() => undefined);
  return requests;
}

const isPeak = isShape<MlxPeak>({
  model: isText,
  at: isText,
  promptTokens: isWhole,
  readTokens: isWhole,
  readWhole: isFlag,
  chunkTokens: isAbsentOr(isWhole),
  // The log rounds it.
  peakBytes: isSize,
  isOurs: isAbsentOr(isFlag),
});

/** What is kept of requests in a stored snapshot. */
export const isRequests = isShape<MlxRequests>({
  digest: isText,
  peaks: isListOf(isPeak),
  cuts: isListOf(isShape<MlxCut>({ model: isText, promptTokens: isWhole, limitTokens: isWhole })),
});
