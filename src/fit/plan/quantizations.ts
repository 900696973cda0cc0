import type { ModelMetadata } from "../../memory/metadata";
import { tensorBytes } from "../../memory/gguf/tensor-types";

/**
 * Published quantizations by quality, best first, each with a tensor type at least as large as its effective bits per
 * weight (llama.cpp's quantize and perplexity tables): an upper bound of its size.
 */
const LADDER = [
  { name: "Q8_0", boundedBy: "Q8_0" },
  { name: "Q6_K", boundedBy: "Q6_K" },
  { name: "Q5_K_M", boundedBy: "Q5_1" },
  { name: "Q4_K_M", boundedBy: "Q4_1" },
  { name: "IQ4_XS", boundedBy: "IQ4_NL" },
  { name: "Q3_K_M", boundedBy: "IQ4_XS" },
  { name: "Q2_K", boundedBy: "Q3_K" },
] as const;

export interface SmallerQuantization {
  readonly name: string;
  /** Steps below the present one on the ladder. */
  readonly steps: number;
  readonly metadata: ModelMetadata;
}

/** The same model at each smaller quantization, best first; sizes are upper bounds. */
export function smallerQuantizations(
  metadata: ModelMetadata,
  present: string | undefined,
): readonly SmallerQuantization[] {
  const now = sizeOf(metadata);
  const at = LADDER.findIndex(({ name }) => name === present);
  const from = at < 0 ? 0 : at + 1;
  return LADDER.slice(from).flatMap(({ name, boundedBy }, index) => {
    const smaller = requantized(metadata, boundedBy);
    return sizeOf(smaller) < now ? [{ name, steps: index + 1, metadata: smaller }] : [];
  });
}

/** Every matrix at the given type; vectors keep theirs, as do rows that its blocks of 256 do not divide. */
function requantized({ values, tensors }: ModelMetadata, type: string): ModelMetadata {
  return {
    values,
    tensors: tensors.map((tensor) =>
      tensor.shape.length > 1 && tensor.type !== "F32" && (tensor.shape[0] ?? 0) % 256 === 0
        ? { ...tensor, type }
        : tensor,
    ),
  };
}

function sizeOf({ tensors }: ModelMetadata): number {
  return tensors.reduce((sum, { type, shape }) => sum + (tensorBytes(type, shape) ?? 0), 0);
}
