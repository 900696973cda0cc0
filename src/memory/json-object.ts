export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that was parsed from JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Bytes that begin a value which takes memory of its own. */
const PART_BYTES: ReadonlySet<number> = new Set([...",[{"].map((character) => character.charCodeAt(0)));

/**
 * How many values a piece of JSON becomes at the most. Each takes up to a hundred bytes, however short its text: a few
 * megabytes of brackets would fill the memory of a command.
 */
export function partsIn(bytes: Uint8Array): number {
  let parts = 0;
  for (const byte of bytes) if (PART_BYTES.has(byte)) parts += 1;
  return parts;
}
