import type { ModelMetadata } from "../memory/metadata";

/** A whole, positive, safe number of the metadata, or undefined. */
export function integerValue(metadata: ModelMetadata, key: string): number | undefined {
  const value = metadata.values.get(key);
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** A text of the metadata, or undefined. */
export function stringValue(metadata: ModelMetadata, key: string): string | undefined {
  const value = metadata.values.get(key);
  return typeof value === "string" ? value : undefined;
}
