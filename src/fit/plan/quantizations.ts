import { tensorBytes } from "../../memory/gguf/tensor-types";
import type { ModelMetadata } from "../../memory/metadata";

/**
 * Published quantizations by quality, best first: each with a tensor type at least as large as its effective bits per
 * weight, which bounds its size from above, and its distance from the original (KLD of Llama 3 8B, llama.cpp's
 * quantize and perplexity tables).
 */
export const LADDER = [
  { name: "Q8_0", boundedBy: "Q8_0", kld: 0.0014 },
  { name: "Q6_K", boundedBy: "Q6_K", kld: 0.0055 },
  { name: "Q5_K_M", boundedBy: "Q5_1", kld: 0.0108 },
  { name: "Q4_K_M", boundedBy: "Q4_1", kld: 0.0313 },
  { name: "IQ4_XS", boundedBy: "IQ4_NL", kld: 0.0363 },
  { name: "Q3_K_M", boundedBy: "IQ4_XS", kld: 0.102 },
  { name: "IQ3_XXS", boundedBy: "Q3_K", kld: 0.184 },
  { name: "IQ2_M", boundedBy: "IQ3_XXS", kld: 0.326 },
  { name: "Q2_K", boundedBy: "Q3_K", kld: 0.445 },
] as const;

/** Distance from the original from which a loss is large: Q3_K_M lies below it, IQ3_XXS above. */
const POOR_FROM = 0.15;

export interface SmallerQuantization {
  readonly name: string;
  /** Steps below the present one on the ladder. */
  readonly steps: number;
  /** What is lost against the original, in words. */
  readonly loss: string;
  /** So much is lost that a smaller model is often better. */
  readonly isPoor: boolean;
  /** The model at this quantization; its size is an upper bound of llama.cpp's own recipe. */
  readonly metadata: ModelMetadata;
  /** Its size as a share of the present one. */
  readonly share: number;
}

/** The same model at each smaller quantization, best first. */
export function smallerQuantizations(
  metadata: ModelMetadata,
  present: string | undefined,
): readonly SmallerQuantization[] {
  const now = sizeOf(metadata);
  const at = LADDER.findIndex(({ name }) => name === present);
  return LADDER.slice(at + 1).flatMap(({ name, boundedBy, kld }, index) => {
    const smaller = requantized(metadata, boundedBy);
    const share = sizeOf(smaller) / now;
    return share < 1
      ? [{ name, steps: index + 1, loss: lossText(kld), isPoor: kld >= POOR_FROM, metadata: smaller, share }]
      : [];
  });
}

function lossText(kld: number): string {
  if (kld < 0.01) return "no visible loss of quality";
  if (kld < 0.05) return "a small loss of quality";
  if (kld < POOR_FROM) return "a loss of quality that shows on hard tasks";
  return "a large loss of quality: a smaller model is often the better choice";
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
