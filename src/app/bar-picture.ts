import { isAbsentOr, isOneOf, isShape, isSize, isText, parseStored } from "../apply/stored-fields";
import { textCache } from "./text-cache";

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
  share: isAbsentOr(isSize),
  mood: isOneOf({ calm: true, warning: true, critical: true } as const),
});

const cache = textCache({ namespace: "menu-bar" });

/** Never throws; undefined where nothing whole was kept. */
export function lastPicture(): BarPicture | undefined {
  return parseStored(cache.get(KEY), isPicture);
}

/** Keeps it for the next tick; where that fails, the bar is empty for a moment then. Never throws. */
export function keepPicture(picture: BarPicture): void {
  cache.set(KEY, JSON.stringify(picture));
}
