import { tensorBytes } from "../../memory/gguf/tensor-types";
import type { ModelMetadata } from "../../memory/metadata";

/**
 * Published quantizations by quality, best first: effective bits per weight (Llama 3.1 8B) and distance from the
 * original (KLD of Llama 3 8B), from llama.cpp's quantize and perplexity tables.
 */
export const LADDER = [
  { name: "Q8_0", bits: 8.5, kld: 0.0014 },
  { name: "Q6_K", bits: 6.56, kld: 0.0055 },
  { name: "Q5_K_M", bits: 5.7, kld: 0.0108 },
  { name: "Q4_K_M", bits: 4.89, kld: 0.0313 },
  { name: "IQ4_XS", bits: 4.46, kld: 0.0363 },
  { name: "Q3_K_M", bits: 4, kld: 0.102 },
  { name: "IQ3_XXS", bits: 3.25, kld: 0.184 },
  { name: "IQ2_M", bits: 2.93, kld: 0.326 },
  { name: "Q2_K", bits: 3.16, kld: 0.445 },
] as const;

/** Distance from the original from which a loss is large: Q3_K_M lies below it, IQ3_XXS above. */
const POOR_FROM = 0.15;

/**
 * How much heavier than llama.cpp's own recipe publishers make a quantization: Ollama's q4_K_M of qwen3-coder-next has
 * 52 GB, llama.cpp's 48.5.
 */
const HEAVIER = 1.08;

export interface SmallerQuantization {
  readonly name: string;
  /** Steps below the present one on the ladder. */
  readonly steps: number;
  /** What is lost against the original, in words. */
  readonly loss: string;
  /** So much is lost that a smaller model is often better. */
  readonly isPoor: boolean;
  /** What a build of it may weigh at most, in bytes. */
  readonly weightBytes: number;
  /** What it weighs by llama.cpp's own recipe, about. */
  readonly usualBytes: number;
}

/** The smaller quantizations of a model, best first. */
export function smallerQuantizations(
  metadata: ModelMetadata,
  present: string | undefined,
): readonly SmallerQuantization[] {
  const now = sizeAt(metadata);
  const at = LADDER.findIndex(({ name }) => name === present);
  return LADDER.slice(at + 1).flatMap(({ name, bits, kld }, index) => {
    const usualBytes = Math.ceil(sizeAt(metadata, bits));
    const weightBytes = Math.ceil(sizeAt(metadata, bits * HEAVIER));
    const quality = { loss: lossText(kld), isPoor: kld >= POOR_FROM };
    return usualBytes < now ? [{ name, steps: index + 1, ...quality, weightBytes, usualBytes }] : [];
  });
}

function lossText(kld: number): string {
  if (kld < 0.01) return "no visible loss of quality";
  if (kld < 0.05) return "a small loss of quality";
  if (kld < POOR_FROM) return "a loss of quality that shows on hard tasks";
  return "a large loss of quality: a smaller model is often the better choice";
}

/**
 * Bytes of all tensors with every matrix at so many bits a weight; vectors keep their type, as do rows that the blocks of
 * 256 do not divide.
 */
function sizeAt({ tensors }: ModelMetadata, bits?: number): number {
  return tensors.reduce((sum, { type, shape }) => {
    const isQuantized = shape.length > 1 && type !== "F32" && (shape[0] ?? 0) % 256 === 0;
    if (bits === undefined || !isQuantized) return sum + (tensorBytes(type, shape) ?? 0);
    return sum + (shape.reduce((weights, side) => weights * side, 1) * bits) / 8;
  }, 0);
}
