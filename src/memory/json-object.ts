export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value that was parsed from JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
