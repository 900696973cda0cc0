/** A quarter of an hour: the most that was seen in it. */
export interface HistoryPart {
  /** Its beginning, in milliseconds since 1970. */
  readonly start: number;
  /** Most GPU memory that loaded models took, in bytes. */
  readonly usedBytes: number;
  /** Absent where it was never read. */
  readonly swapBytes?: number;
  /** The limit, in bytes, when the most was seen; absent where it wasn't known. */
  readonly limitBytes?: number;
  /** Models that spilled in it for the first time. */
  readonly spills: number;
}

const PART_MS = 15 * 60_000;
const KEPT_MS = 24 * 60 * 60_000;

/** The history with one more look in it; what is older than a day is dropped, so that it stays small. */
export function withLook(
  history: readonly HistoryPart[],
  { at, ...seen }: Omit<HistoryPart, "start"> & { readonly at: number },
): readonly HistoryPart[] {
  const start = Math.floor(at / PART_MS) * PART_MS;
  const kept = history.filter((part) => part.start > at - KEPT_MS && part.start < start);
  const last = history.find((part) => part.start === start);
  if (last === undefined) return [...kept, { start, ...seen }];
  const isMore = seen.usedBytes >= last.usedBytes;
  return [
    ...kept,
    {
      start,
      usedBytes: Math.max(last.usedBytes, seen.usedBytes),
      swapBytes: largest(last.swapBytes, seen.swapBytes),
      limitBytes: isMore ? (seen.limitBytes ?? last.limitBytes) : last.limitBytes,
      spills: last.spills + seen.spills,
    },
  ];
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

const BARS = "▁▂▃▄▅▆▇█";
const HOUR_MS = 60 * 60_000;

/** The last 24 hours of it; what lies ahead is from before the clock was set back. */
const lastDay = (history: readonly HistoryPart[], now: number): readonly HistoryPart[] =>
  history.filter(({ start }) => start > now - KEPT_MS && start <= now);

/**
 * The last 24 hours, an hour a character, against the highest of limits and peaks; "·" where nobody looked. Undefined
 * where there's nothing to draw.
 */
export function sparkline(history: readonly HistoryPart[], now: number): string | undefined {
  const shown = lastDay(history, now);
  const most = Math.max(0, ...shown.map(({ usedBytes, limitBytes = 0 }) => Math.max(usedBytes, limitBytes)));
  if (most === 0) return undefined;
  const thisHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  return Array.from({ length: 24 }, (_, index) => {
    const hour = thisHour - (23 - index) * HOUR_MS;
    const parts = shown.filter(({ start }) => start >= hour && start < hour + HOUR_MS);
    if (parts.length === 0) return "·";
    const peak = Math.max(...parts.map(({ usedBytes }) => usedBytes));
    return BARS[Math.min(BARS.length - 1, Math.floor((peak / most) * BARS.length))];
  }).join("");
}

export interface HistorySum {
  readonly peakBytes: number;
  /** When the peak was, in milliseconds since 1970. */
  readonly peakAt: number;
  readonly swapBytes?: number;
  readonly spills: number;
}

/** What there is to say of the last 24 hours; undefined where nobody looked. */
export function sumOf(history: readonly HistoryPart[], now: number): HistorySum | undefined {
  const shown = lastDay(history, now);
  const [first] = shown;
  if (first === undefined) return undefined;
  const peak = shown.reduce((most, part) => (part.usedBytes > most.usedBytes ? part : most), first);
  return {
    peakBytes: peak.usedBytes,
    peakAt: peak.start,
    swapBytes: shown.map(({ swapBytes }) => swapBytes).reduce(largest, undefined),
    spills: shown.reduce((sum, { spills }) => sum + spills, 0),
  };
}
