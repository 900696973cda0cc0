import { type Expected, hasGrown, isOtherContext, type LoadReport } from "./load-report";
import { formatBytes, formatContext, formatSignedPercent } from "../fit/units";
import { type LaidOut, laidOutText, type PredictedTerms } from "../fit/laid-out";
import { OLLAMAS_COUNT } from "../fit/sum-names";
import { readStoredLists, type Storage } from "./storage";
import { isAbsentOr, isPositive, isShape, isText, isWhole } from "./stored-fields";

/** A load that was held against its prediction. */
export interface LoadRecord {
  /** ISO 8601. */
  readonly at: string;
  /** Absent where the runner takes no memory for it when it loads. */
  readonly numCtx?: number;
  readonly predictedBytes: number;
  /** Ollama's own count, or what llama-server laid out where its log tells. */
  readonly reportedBytes: number;
  /** 0 = all on the GPU. */
  readonly spilledBytes: number;
  /** What llama-server laid out, and what was predicted for it. */
  readonly laidOut?: HeldAgainst;
}

/** Terms that llama-server's own log has, beside what was predicted for them. */
export interface HeldAgainst extends LaidOut {
  readonly predicted: PredictedTerms;
}

/** So many are kept of each model file. */
export const MOST_RECORDS = 50;
/** So many model files are remembered, the most recent ones. */
export const MOST_DIGESTS = 200;

const KEY = "load-history";

export type LoadHistory = ReadonlyMap<string, readonly LoadRecord[]>;

/** All records by digest, newest first; damaged ones are left out. Never throws. */
export function readLoadHistory(storage: Storage): Promise<LoadHistory> {
  return readStoredLists(storage, KEY, isRecord);
}

/**
 * Keeps a load under the digest of its model. One that says nothing of the prediction (not listed, unclear, at another
 * context than predicted, of a model that Ollama doesn't count whole) is not kept.
 */
export async function recordLoad(
  storage: Storage,
  digest: string,
  report: LoadReport,
  expected: Expected | undefined,
  at: Date,
  laidOut?: HeldAgainst,
): Promise<void> {
  if (report.kind !== "on-gpu" && report.kind !== "spilled") return;
  if (digest === "" || expected === undefined || isOtherContext(report, expected)) return;
  // llama-server's log leaves nothing out, but what isn't on the GPU isn't laid out there.
  const whole = report.kind === "on-gpu" ? laidOut : undefined;
  if ((expected.uncountedBytes !== undefined && whole === undefined) || hasGrown(report, expected)) return;
  const record: LoadRecord = {
    at: at.toISOString(),
    numCtx: expected.numCtx,
    predictedBytes: expected.bytes,
    reportedBytes: whole === undefined ? report.bytes : whole.modelBytes + whole.cacheBytes + whole.computeBytes,
    spilledBytes: report.kind === "spilled" ? report.spilledBytes : 0,
    laidOut: whole,
  };
  const history = new Map(await readLoadHistory(storage));
  const records = [record, ...(history.get(digest) ?? [])].slice(0, MOST_RECORDS);
  // The most recent one comes first, so the oldest digest is the one to go.
  history.delete(digest);
  const kept = [[digest, records] as const, ...history].slice(0, MOST_DIGESTS);
  await storage.set(KEY, JSON.stringify(kept));
}

/** How far off the predictions were, over the loads that did not spill; undefined where there is none. */
export function accuracyOf(
  records: readonly LoadRecord[],
): { readonly loads: number; readonly mean: number; readonly worst: number } | undefined {
  const errors = records
    .filter(({ spilledBytes }) => spilledBytes === 0)
    .map(({ reportedBytes, predictedBytes }) => Math.abs(reportedBytes / predictedBytes - 1));
  if (errors.length === 0) return undefined;
  return {
    loads: errors.length,
    mean: errors.reduce((sum, error) => sum + error, 0) / errors.length,
    worst: Math.max(...errors),
  };
}

/** Whose count a load is held against. */
function countOf({ laidOut }: Pick<LoadRecord, "laidOut">): string {
  return laidOut ? "llama-server's log" : OLLAMAS_COUNT;
}

/** The last load and how right the predictions were, in words. `records` holds the newest first and is not empty. */
export function historyText(records: readonly LoadRecord[]): string {
  const [last] = records;
  if (last === undefined) return "";
  const at = last.numCtx === undefined ? "right after the load" : `at ${formatContext(last.numCtx)}`;
  const when = `${at} on ${last.at.slice(0, 10)}`;
  const start =
    last.spilledBytes > 0
      ? `${formatBytes(last.spilledBytes)} of ${formatBytes(last.reportedBytes)} spilled ${when}; ${formatBytes(last.predictedBytes, 2)} predicted.`
      : `${formatBytes(last.reportedBytes, 2)} by ${countOf(last)} ${when}; ${formatBytes(last.predictedBytes, 2)} predicted (${formatSignedPercent(last.reportedBytes / last.predictedBytes - 1)}).`;
  const accuracy = accuracyOf(records);
  const terms = last.laidOut && laidOutText(last.laidOut, last.laidOut.predicted);
  const whole = terms === undefined ? start : `${start} ${terms}`;
  return accuracy === undefined || accuracy.loads < 2
    ? whole
    : `${whole} ${accuracy.loads} loads: off by ${percent(accuracy.mean)} on average, ${percent(accuracy.worst)} at most.`;
}

/** So many loads are shown one by one. */
const MOST_SHOWN = 6;

/** One load in words and as the share that the count is off by: 0.004 = 0.4% more than predicted. */
export interface LoadLine {
  /** "2026-11-25, 32K". */
  readonly title: string;
  readonly counted: string;
  /** Whose count that is. */
  readonly source: string;
  readonly predicted: string;
  readonly error: number;
  /** {@link error}, "+0.4%". */
  readonly errorText: string;
}

/** The last loads that didn't spill, newest first: counted against predicted. `records` holds the newest first. */
export function lastLoads(records: readonly LoadRecord[]): readonly LoadLine[] {
  return records
    .filter(({ spilledBytes }) => spilledBytes === 0)
    .slice(0, MOST_SHOWN)
    .map(({ at, numCtx, predictedBytes, reportedBytes, laidOut }) => {
      const error = reportedBytes / predictedBytes - 1;
      return {
        title: [at.slice(0, 10), ...(numCtx === undefined ? [] : [formatContext(numCtx)])].join(", "),
        counted: formatBytes(reportedBytes, 2),
        source: countOf({ laidOut }),
        predicted: formatBytes(predictedBytes, 2),
        error,
        errorText: formatSignedPercent(error),
      };
    });
}

/** A load in words: "5.21 GiB by Ollama's count, 5.19 GiB predicted (+0.4%)". */
export function loadLineText({ counted, source, predicted, errorText }: LoadLine): string {
  return `${counted} by ${source}, ${predicted} predicted (${errorText})`;
}

const percent = (share: number) => formatSignedPercent(share).replace("+", "");

const isHeldAgainst = isShape<HeldAgainst>({
  cacheBytes: isWhole,
  computeBytes: isWhole,
  modelBytes: isWhole,
  predicted: isShape<PredictedTerms>({ cacheBytes: isWhole, computeBytes: isWhole }),
});

const isTime = (value: unknown): value is string => isText(value) && !Number.isNaN(Date.parse(value));

const isRecord = isShape<LoadRecord>({
  at: isTime,
  numCtx: isAbsentOr(isPositive),
  predictedBytes: isPositive,
  reportedBytes: isPositive,
  spilledBytes: isWhole,
  laidOut: isAbsentOr(isHeldAgainst),
});
