import { readStored } from "../apply/storage";
import { isShape, isText, isWhole } from "../apply/stored-fields";
import type { AppleSiliconMac } from "../fit/facts";
import { BOOT_SESSION_KEY } from "../mac/machine";
import { readSysctls } from "../mac/sysctl";
import { localStorage } from "./local-storage";
import type { System } from "./system";

const KEY = "limit-set-here";

/**
 * Notes that the extension set the limit to `mib` (0 = the macOS default) since the Mac started: what's in force without
 * such a note was set elsewhere. Never throws; where the start can't be told nothing is noted.
 */
export async function rememberLimit({ run }: Pick<System, "run">, mib: number): Promise<void> {
  try {
    const session = (await readSysctls(run, [BOOT_SESSION_KEY])).get(BOOT_SESSION_KEY);
    if (session !== undefined) await localStorage.set(KEY, JSON.stringify({ session, mib }));
  } catch {
    // Without the note the limit counts as set elsewhere, which promises less.
  }
}

/** What the extension set last, and since which start of the Mac that counts. */
export interface LimitRecord {
  readonly session: string;
  readonly mib: number;
}

const isRecord = isShape<LimitRecord>({ session: isText, mib: isWhole });

/** What {@link rememberLimit} noted last; undefined where there's nothing. Never throws. */
export function limitRecord(): Promise<LimitRecord | undefined> {
  return readStored(localStorage, KEY, isRecord);
}

/** Whether the limit in force is the one that the extension set last, and since this Mac started. Never throws. */
export async function isSetHere({ overrideMib, bootSession }: AppleSiliconMac): Promise<boolean> {
  const record = await limitRecord();
  return (
    record !== undefined && bootSession !== undefined && record.session === bootSession && record.mib === overrideMib
  );
}
