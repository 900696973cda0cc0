import { Cache } from "@raycast/api";
import { isAbsentOr, isOneOf, isShape, isText } from "../apply/stored-fields";

/** What was in the menu bar last: it stays there until the next figures are in. */
export interface BarPicture {
  readonly title?: string;
  /** Of the limit that's used; absent where it isn't known. */
  readonly share?: number;
  readonly mood: "calm" | "warning" | "critical";
}

const KEY = "picture 1";

const isPicture = isShape<BarPicture>({
  title: isAbsentOr(isText),
  share: isAbsentOr((value: unknown): value is number => typeof value === "number" && value >= 0),
  mood: isOneOf({ calm: true, warning: true, critical: true } as const),
});

let cache: Cache | undefined;

function store(): Cache {
  cache ??= new Cache({ namespace: "menu-bar" });
  return cache;
}

/** Never throws; undefined where nothing whole was kept. */
export function lastPicture(): BarPicture | undefined {
  try {
    const kept: unknown = JSON.parse(store().get(KEY) ?? "null");
    return isPicture(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepPicture(picture: BarPicture): void {
  try {
    store().set(KEY, JSON.stringify(picture));
  } catch {
    // A full disk: the bar is empty for a moment at the next tick.
  }
}
