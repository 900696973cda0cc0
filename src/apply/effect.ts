import { isStep, type Step } from "./steps";
import { type Check, isListOf, isOneOf, isShape } from "./stored-fields";

/**
 * What a step itself did. Only what it made is taken back, by steps that hold the digest or the value that was read back;
 * what was found as asked is somebody else's.
 */
export type Effect = NoChange | Change;

interface NoChange {
  readonly kind: "none" | "found";
}

interface Change {
  /** "unknown": it may have been made, and `undo` looks before it does anything. */
  readonly kind: "made" | "unknown";
  readonly undo: readonly Step[];
}

export const NONE: Effect = { kind: "none" };

/**
 * What a step did that is seen to be in effect, by what was known of it before. Where nobody saw its end, somebody else
 * may have done the same meanwhile: it stays unknown, with the way back that takes only what is exactly as it would be.
 */
export function effectOfSeen(before: Effect): Effect {
  return mayHaveChanged(before) ? before : { kind: "found" };
}

/** Whether it changed something, or may have. */
export function mayHaveChanged(effect: Effect): effect is Change {
  return effect.kind === "made" || effect.kind === "unknown";
}

const isQuiet = isShape<NoChange>({ kind: isOneOf({ none: true, found: true }) });
const isMade = isShape<Change>({
  kind: isOneOf({ made: true, unknown: true }),
  undo: isListOf(isStep),
});

/** Whether a value is an effect in its stored form. */
export const isEffect: Check<Effect> = (value): value is Effect => isQuiet(value) || isMade(value);
