/** How ggml stores a tensor type: blocks of `blockSize` elements in `bytesPerBlock` bytes each. */
export interface TensorType {
  /** Number in a GGUF tensor info. */
  readonly id: number;
  /** Name as llama.cpp and `/api/show` write it. */
  readonly name: string;
  readonly blockSize: number;
  readonly bytesPerBlock: number;
}

function type(id: number, name: string, blockSize: number, bytesPerBlock: number): TensorType {
  return { id, name, blockSize, bytesPerBlock };
}

/**
 * ggml's tensor types, as of llama.cpp v0.5.0. Ids that ggml has taken out (4, 5, 31-33, 36-38) are missing on purpose:
 * llama.cpp does not load them.
 */
export const TENSOR_TYPES: readonly TensorType[] = [
  type(0, "F32", 1, 4),
  type(1, "F16", 1, 2),
  type(2, "Q4_0", 32, 18),
  type(3, "Q4_1", 32, 20),
  type(6, "Q5_0", 32, 22),
  type(7, "Q5_1", 32, 24),
  type(8, "Q8_0", 32, 34),
  type(9, "Q8_1", 32, 36),
  type(10, "Q2_K", 256, 84),
  type(11, "Q3_K", 256, 110),
  type(12, "Q4_K", 256, 144),
  type(13, "Q5_K", 256, 176),
  type(14, "Q6_K", 256, 210),
  type(15, "Q8_K", 256, 292),
  type(16, "IQ2_XXS", 256, 66),
  type(17, "IQ2_XS", 256, 74),
  type(18, "IQ3_XXS", 256, 98),
  type(19, "IQ1_S", 256, 50),
  type(20, "IQ4_NL", 32, 18),
  type(21, "IQ3_S", 256, 110),
  type(22, "IQ2_S", 256, 82),
  type(23, "IQ4_XS", 256, 136),
  type(24, "I8", 1, 1),
  type(25, "I16", 1, 2),
  type(26, "I32", 1, 4),
  type(27, "I64", 1, 8),
  type(28, "F64", 1, 8),
  type(29, "IQ1_M", 256, 56),
  type(30, "BF16", 1, 2),
  type(34, "TQ1_0", 256, 54),
  type(35, "TQ2_0", 256, 66),
  type(39, "MXFP4", 32, 17),
  type(40, "NVFP4", 64, 36),
  type(41, "Q1_0", 128, 18),
  type(42, "Q2_0", 64, 18),
];

const BY_ID = new Map(TENSOR_TYPES.map((entry) => [entry.id, entry]));
const BY_NAME = new Map(TENSOR_TYPES.map((entry) => [entry.name, entry]));

/** The type of that name, in upper or lower case; undefined if ggml has none. */
export function tensorType(name: string): TensorType | undefined {
  return BY_NAME.get(name.toUpperCase());
}

/** Name of a type number; "type-99" for one we do not know, which no size is ever computed for. */
export function tensorTypeName(id: number): string {
  return BY_ID.get(id)?.name ?? `type-${id}`;
}

/**
 * Bytes of a tensor without padding: ggml_nbytes of a contiguous tensor.
 *
 * @param typeName ggml type name, in upper or lower case
 * @param shape elements per dimension in GGUF order, the row length first; empty for a single element
 * @returns undefined if the type is not known, a dimension is not a positive integer, the row isn't a whole number
 *   of blocks, or the size is beyond Number.MAX_SAFE_INTEGER
 */
export function tensorBytes(typeName: string, shape: readonly number[]): number | undefined {
  const found = tensorType(typeName);
  if (!found) return undefined;
  if ((shape[0] ?? 1) % found.blockSize !== 0) return undefined;
  let elements = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension <= 0) return undefined;
    elements *= dimension;
    if (!Number.isSafeInteger(elements)) return undefined;
  }
  const bytes = (elements / found.blockSize) * found.bytesPerBlock;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
