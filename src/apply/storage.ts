import { type Check, isText, parseStored } from "./stored-fields";

/** Where texts are kept over restarts of the command; Raycast's LocalStorage, or a map in tests. */
export interface Storage {
  readonly get: (key: string) => Promise<string | undefined>;
  readonly set: (key: string, text: string) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
}

/** What is kept under a key as JSON; undefined where that isn't what `check` asks for, or can't be read. Never throws. */
export async function readStored<T>(storage: Storage, key: string, check: Check<T>): Promise<T | undefined> {
  try {
    return parseStored(await storage.get(key), check);
  } catch {
    return undefined;
  }
}

/** Lists that are kept under a key, each by a name of its own; without what isn't whole of them. Never throws. */
export async function readStoredLists<T>(
  storage: Storage,
  key: string,
  check: Check<T>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const entries = (await readStored(storage, key, isList)) ?? [];
  return new Map(
    entries.filter(isEntry).flatMap(([name, list]) => {
      const whole = list.filter(check);
      return whole.length === 0 ? [] : [[name, whole]];
    }),
  );
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const isEntry = (value: unknown): value is readonly [string, readonly unknown[]] =>
  isList(value) && isText(value[0]) && isList(value[1]);
