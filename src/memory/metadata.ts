/**
 * What is known of a model file: its GGUF metadata and its tensor list.
 * The same shape comes from a GGUF header and from Ollama's `/api/show`.
 */
export interface ModelMetadata {
  /** GGUF keys with their full names, such as `llama.attention.head_count_kv`. */
  readonly values: ReadonlyMap<string, MetadataValue>;
  /** All tensors, in the order of the source. Shapes in GGUF order: [in, out, ...]. */
  readonly tensors: readonly TensorInfo[];
}

/**
 * A metadata value. An array whose content the source left out (plain `/api/show` sends null,
 * the header reader skips vocabularies) is an {@link OmittedArray}: it exists, so no default applies.
 * Integers beyond Number.MAX_SAFE_INTEGER stay bigint.
 */
export type MetadataValue = string | number | bigint | boolean | MetadataArray | OmittedArray;

export type MetadataArray = readonly (string | number | bigint | boolean)[];

export interface OmittedArray {
  readonly omitted: true;
  /** Number of elements, where the source says it. */
  readonly length?: number;
}

export interface TensorInfo {
  readonly name: string;
  /** ggml type name as llama.cpp and `/api/show` write it: "F32", "Q4_K", "MXFP4". */
  readonly type: string;
  readonly shape: readonly number[];
}

/** Whether a metadata value is an array whose elements the source left out. */
export function isOmitted(value: MetadataValue | undefined): value is OmittedArray {
  return typeof value === "object" && value !== null && "omitted" in value;
}

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
