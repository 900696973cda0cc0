export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that was parsed from JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** By byte, 1 where it begins a value that takes memory of its own. */
const BEGINS_PART = Uint8Array.from({ length: 256 }, (_, byte) => Number(",[{".includes(String.fromCharCode(byte))));

/**
 * How many values a piece of JSON becomes at the most. Each takes up to a hundred bytes, however short its text: a few
 * megabytes of brackets would fill the memory of a command.
 */
export function partsIn(bytes: Uint8Array): number {
  let parts = 0;
  // Megabytes are counted on the main thread: `for of` and a Set take ten times as long.
  for (let index = 0; index < bytes.length; index++) parts += BEGINS_PART[bytes[index] ?? 0] ?? 0;
  return parts;
}
