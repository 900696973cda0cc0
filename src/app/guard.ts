import { dismiss, type GuardAnswer, look } from "../fit/guard";
import { type HistoryPart, withLook } from "../fit/guard/history";
import type { Notice, NoticeKind } from "../fit/guard/notice";
import { type LeftLimit, NOTHING_REMEMBERED, type Remembered, type RememberedModel } from "../fit/guard/watched";
import { readStored } from "../apply/storage";
import { isAbsentOr, isListOf, isShape, isText, isWhole } from "../apply/stored-fields";
import { limitRecord } from "./limit-record";
import { localStorage } from "./local-storage";
import { limitOf, type TickReading, usedOf } from "./tick";

const STATE_KEY = "guard";
const HISTORY_KEY = "gpu-memory-history";

const isLeft = isShape<LeftLimit>({ session: isAbsentOr(isText), mib: isWhole });
const isRemembered = isShape<Remembered>({
  left: isAbsentOr(isLeft),
  own: isAbsentOr(isLeft),
  tier: isAbsentOr(isWhole),
  swapUsedBytes: isAbsentOr(isWhole),
  models: isListOf(
    isShape<RememberedModel>({ key: isText, bytes: isWhole, expiresAt: isAbsentOr(isText), since: isWhole }),
  ),
  raised: isListOf(isText),
  dismissed: isListOf(isText),
});
const isHistory = isListOf(
  isShape<HistoryPart>({
    start: isWhole,
    usedBytes: isWhole,
    swapBytes: isAbsentOr(isWhole),
    limitBytes: isAbsentOr(isWhole),
    spills: isWhole,
  }),
);

/** What the guard kept of the ticks before. Never throws. */
async function remembered(): Promise<Remembered> {
  return (await readStored(localStorage, STATE_KEY, isRemembered)) ?? NOTHING_REMEMBERED;
}

/** Where it can't be kept, a notice may come twice: nothing else is lost. */
async function keep(key: string, value: unknown): Promise<void> {
  await localStorage.set(key, JSON.stringify(value)).catch(() => undefined);
}

/** What there is to say after a tick, with what the guard keeps of it, and the history with the tick in it. Never throws. */
export async function watch(reading: TickReading, isOn: (kind: NoticeKind) => boolean): Promise<GuardAnswer> {
  const { tick, watched } = reading;
  const [before, own, history] = await Promise.all([remembered(), limitRecord(), memoryHistory()]);
  const answer = look(watched, before, own, isOn);
  const [used, limit] = [usedOf(tick), limitOf(tick)];
  await keep(STATE_KEY, answer.remembered);
  if (used === undefined) return answer;
  const spills = answer.remembered.raised.filter(
    (id) => id.startsWith("spilled ") && !before.raised.includes(id),
  ).length;
  const seen = {
    at: tick.at,
    usedBytes: Math.round(used.bytes),
    swapBytes: tick.kernel.swapUsedBytes,
    limitBytes: limit && Math.round(limit.bytes),
    spills,
  };
  await keep(HISTORY_KEY, withLook(history, seen));
  return answer;
}

/** The person has read a notice and wants to hear no more of it. */
export async function putAside(notice: Notice, { watched }: TickReading): Promise<void> {
  const before = await remembered();
  await keep(STATE_KEY, dismiss(before, notice, watched));
}

/** Peaks, swap and spills of the last day, oldest first. Never throws. */
export async function memoryHistory(): Promise<readonly HistoryPart[]> {
  return (await readStored(localStorage, HISTORY_KEY, isHistory)) ?? [];
}
