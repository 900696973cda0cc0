/**
 * Caps that hold whatever a file claims, checked before anything is allocated or looped over.
 * All are far above real files: the largest headers known (262,144 tokens with 514,906 merges) are 16 MB,
 * the longest have some hundred keys and some thousand tensors.
 */

/** Bytes asked from the source for one header, all parts of a split model together. */
export const MAX_HEADER_BYTES = 64 * 1024 * 1024;
/** First read; later ones double up to {@link MAX_PAGE_BYTES}. Holds every key before the tokenizer. */
export const FIRST_PAGE_BYTES = 64 * 1024;
export const MAX_PAGE_BYTES = 2 * 1024 * 1024;
export const MAX_KEYS = 65_536;
export const MAX_TENSORS = 100_000;
export const MAX_PARTS = 1_024;
/** The GGUF specification's own limit for key names. */
export const MAX_KEY_NAME_BYTES = 65_535;
/** llama.cpp refuses names of 64 bytes and more. */
export const MAX_TENSOR_NAME_BYTES = 256;
/** GGML_MAX_DIMS */
export const MAX_DIMENSIONS = 4;
export const MAX_ARRAY_LENGTH = 16 * 1024 * 1024;
/** Arrays inside arrays, which no known writer produces: skipped, but not without end. */
export const MAX_NESTED_ARRAYS = 10_000;
export const MAX_ARRAY_DEPTH = 4;
/** Longer texts are left out of the result. */
export const MAX_TEXT_BYTES = 1024 * 1024;
/** Arrays outside `tokenizer.` that are decoded without being asked for: per-layer numbers, tags. */
export const MAX_UNASKED_NUMBERS = 4_096;
export const MAX_UNASKED_TEXTS = 256;
/** Rough bytes of decoded keys and values kept for one file; what comes after it is left out. */
export const MAX_DECODED_BYTES = 32 * 1024 * 1024;
