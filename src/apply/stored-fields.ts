import type { ModelRunner } from "../fit/model-runner";
import { isObject } from "../memory/json-object";

/** Checks of what was stored: anything else in its place is refused, never half believed. */
export type Check<T> = (value: unknown) => value is T;

/** A check for each field; one that is forgotten is a type error. */
export type Fields<T> = { readonly [F in keyof T]-?: Check<T[F]> };

export const isText = (value: unknown): value is string => typeof value === "string";

/** A text that isn't empty. */
export const isName = (value: unknown): value is string => isText(value) && value !== "";

export const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

/** A size that needn't be whole, such as one that a log has rounded: 0 or more. */
export const isSize = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;

/** A whole number of 0 or more. */
export const isWhole = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** A whole number of 1 or more. */
export const isPositive = (value: unknown): value is number => isWhole(value) && value > 0;

export const isListOf =
  <T>(check: Check<T>): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(check);

/** One of the keys of a record, so that a type of texts and its check cannot differ. */
export const isOneOf =
  <T extends string>(all: Readonly<Record<T, true>>): Check<T> =>
  (value): value is T =>
    isText(value) && Object.hasOwn(all, value);

/** What one of two checks takes. */
export const isEither =
  <A, B>(one: Check<A>, other: Check<B>): Check<A | B> =>
  (value): value is A | B =>
    one(value) || other(value);

/** The program that runs a build. */
export const isRunner: Check<ModelRunner> = isOneOf({ mlx: true, llamacpp: true, ggml: true });

/** JSON has no undefined: what is absent is not written. */
export const isAbsentOr =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || check(value);

/** An object with these fields and no others: one more was written by a version that knows more. */
export const isShape =
  <T extends object>(fields: Fields<T>): Check<T> =>
  (value): value is T => {
    if (!isObject(value)) return false;
    const checks = Object.entries<Check<unknown>>(fields);
    return (
      checks.every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined)) &&
      Object.keys(value).every((name) => Object.hasOwn(fields, name))
    );
  };

/** The value of a text of JSON that was stored; undefined where that isn't what `check` asks for. Never throws. */
export function parseStored<T>(text: string | undefined, check: Check<T>): T | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
