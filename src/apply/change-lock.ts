import { randomUUID } from "node:crypto";
import { pause, type Pausing } from "../mac/wait";
import type { Storage } from "./storage";
import { isAbsentOr, isName, isShape, isText, parseStored } from "./stored-fields";

/** Who changes the Mac or the server now. Every window of the extension sees it. */
export interface Holder {
  /** Another one each time. */
  readonly owner: string;
  /** What it is at, as its own title. */
  readonly title: string;
  /** The journal it carries out; absent for a change that needs none. */
  readonly journal?: string;
  /** Its last sign of life, in milliseconds since 1970. */
  readonly at: number;
}

export interface ChangeLock {
  /** Whether it is still held: a window that was silent for long (the Mac slept) may have lost it. */
  readonly isOurs: () => Promise<boolean>;
  readonly release: () => Promise<void>;
}

/** The lock, or what another window is at. */
export type LockAnswer =
  { readonly kind: "taken"; readonly lock: ChangeLock } | { readonly kind: "held"; readonly title: string };

const KEY = "change-lock";
/** How often the holder gives a sign of life. */
export const SIGN_EVERY_MS = 5_000;
/** A holder that gave none for so long was closed. */
export const SILENT_AFTER_MS = 20_000;
/** No sign comes from the future: one further ahead than this was given before the clock was set back. */
export const AHEAD_MS = 5_000;
/** How long two windows that press at the same moment may be apart. */
const SETTLE_MS = 100;

const isHolder = isShape<Holder>({
  owner: isName,
  title: isText,
  journal: isAbsentOr(isName),
  at: (value): value is number => Number.isFinite(value),
});

/**
 * Takes the one lock for all that changes the Mac or the server. A lock whose holder is gone is free. Storage that fails
 * holds nobody back: whatever needs it says so itself. Never throws.
 */
export async function takeLock(
  storage: Storage,
  what: Pick<Holder, "title" | "journal">,
  system: Pausing & { readonly now: () => Date },
): Promise<LockAnswer> {
  const owner = randomUUID();
  let isWritten = false;
  const write = async () => {
    try {
      await storage.set(KEY, JSON.stringify({ ...what, owner, at: system.now().getTime() }));
      isWritten = true;
    } catch {
      // Nobody else can write it, either.
    }
  };
  const before = await lockHolder(storage, system.now());
  if (before !== undefined) return { kind: "held", title: before.title };
  await write();
  // Storage has no "only if it is free": of two that wrote at once, the one that wrote last has it.
  await pause(system, SETTLE_MS);
  const after = await lockHolder(storage, system.now());
  if (after !== undefined && after.owner !== owner) return { kind: "held", title: after.title };

  let sign = Promise.resolve();
  const isOurs = async () => {
    try {
      const holder = await readHolder(storage);
      // What the storage called failed may have come late.
      return holder?.owner === owner || (holder === undefined && !isWritten);
    } catch {
      return true;
    }
  };
  const timer = setInterval(() => {
    sign = sign.then(async () => {
      if (await isOurs()) await write();
      else clearInterval(timer);
    });
  }, SIGN_EVERY_MS);
  return {
    kind: "taken",
    lock: {
      isOurs,
      release: async () => {
        clearInterval(timer);
        // A sign that came after it would bring the lock back.
        await sign;
        if (await isOurs()) await storage.remove(KEY).catch(() => undefined);
      },
    },
  };
}

/** Who holds the lock at this moment; undefined where nobody does any more. Never throws. */
export async function lockHolder(storage: Storage, now: Date): Promise<Holder | undefined> {
  const holder = await readHolder(storage).catch(() => undefined);
  if (holder === undefined) return undefined;
  const silence = now.getTime() - holder.at;
  return silence >= -AHEAD_MS && silence < SILENT_AFTER_MS ? holder : undefined;
}

/** @throws what the storage throws. */
async function readHolder(storage: Storage): Promise<Holder | undefined> {
  return parseStored(await storage.get(KEY), isHolder);
}
