import { criticalPressure } from "./critical-pressure";
import { limitMoved } from "./limit-moved";
import { mlxGrows } from "./mlx-grows";
import type { Notice, NoticeKind, Rule } from "./notice";
import { spilled } from "./spilled";
import { tierMoved } from "./tier-moved";
import { contextNotPlanned } from "./unplanned-context";
import { defaultContextOf, type LeftLimit, type Remembered, type Watched, watchedKey } from "./watched";
import { keysIn } from "../keys-in";

/** Everything the guard speaks up about, the most pressing first. */
const RULES: Readonly<Record<NoticeKind, Rule>> = {
  criticalPressure,
  mlxGrows,
  limitMoved,
  spilled,
  unplannedContext: contextNotPlanned,
  tierMoved,
};

export const NOTICE_KINDS = keysIn(RULES);

export interface GuardAnswer {
  /** To be shown: what holds now and wasn't put aside. */
  readonly notices: readonly Notice[];
  /** Those of them that weren't shown at the look before. */
  readonly fresh: readonly Notice[];
  readonly remembered: Remembered;
}

/**
 * One look of the guard. `own` is the limit that this extension set last: that's no surprise, whatever was left before.
 * `isOn` says which kinds the person wants to hear.
 */
export function look(
  watched: Watched,
  before: Remembered,
  own: LeftLimit | undefined,
  isOn: (kind: NoticeKind) => boolean,
): GuardAnswer {
  const known = settled(watched, before, own);
  const isRaised = (id: string) => before.raised.includes(id);
  const found = NOTICE_KINDS.flatMap((kind) =>
    RULES[kind].find(watched, known, isRaised).map((notice): Notice => ({ kind, ...notice })),
  );
  const isShown = ({ kind, id }: Notice) => isOn(kind) && !before.dismissed.includes(id);
  const notices = found.filter(isShown);
  const untold = NOTICE_KINDS.map((kind) => RULES[kind]).filter(({ isTold }) => !isTold(watched));
  const isKept = (id: string) =>
    found.some((notice) => notice.id === id) || untold.some(({ word }) => id.startsWith(`${word} `));
  return {
    notices,
    fresh: notices.filter(({ id }) => !isRaised(id)),
    remembered: {
      ...known,
      swapUsedBytes: watched.swapUsedBytes ?? before.swapUsedBytes,
      models: modelsOf(watched, before),
      raised: [...new Set([...found.map(({ id }) => id), ...before.raised])].filter(isKept),
      dismissed: before.dismissed.filter(isKept),
    },
  };
}

/** What is no surprise: the first look, what the extension did itself, and what is as it was left. */
function settled(watched: Watched, before: Remembered, own: LeftLimit | undefined): Remembered {
  const { mac } = watched;
  const now = mac?.overrideMib;
  const tier = tierBefore(watched, before);
  if (now === undefined) return { ...before, tier };
  const here = { session: mac?.bootSession, mib: now };
  const isNew = own !== undefined && (own.session !== before.own?.session || own.mib !== before.own?.mib);
  const left = (isNew ? own : before.left) ?? here;
  return { ...before, own, left: left.mib === now ? here : left, tier };
}

/** Ollama's default context as it was: what it started with where its log tells, else that of the first look. */
function tierBefore({ server, ...watched }: Watched, before: Remembered): number | undefined {
  const now = defaultContextOf({ server, ...watched });
  // A start since then has the new one already.
  return now !== undefined && server?.tierNumCtx === now ? now : (before.tier ?? server?.tierNumCtx ?? now);
}

function modelsOf({ at, loaded }: Watched, before: Remembered): Remembered["models"] {
  if (loaded === undefined) return before.models;
  return loaded.map((model) => {
    const key = watchedKey(model);
    const last = before.models.find((one) => one.key === key);
    const { sizeBytes: bytes, expiresAt } = model;
    const isStill = last !== undefined && last.expiresAt === expiresAt && last.bytes === bytes;
    // A time ahead is from before the clock was set back.
    return { key, bytes, expiresAt, since: isStill ? Math.min(last.since, at) : at };
  });
}

/** After the person has put a notice aside: it's said again only once it's another one. */
export function dismiss(remembered: Remembered, notice: Notice, watched: Watched): Remembered {
  const { mac } = watched;
  switch (notice.kind) {
    case "limitMoved":
      return mac?.overrideMib === undefined
        ? remembered
        : { ...remembered, left: { session: mac.bootSession, mib: mac.overrideMib } };
    default:
      return { ...remembered, dismissed: [...remembered.dismissed, notice.id] };
  }
}
