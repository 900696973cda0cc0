import type { ModelShape } from "../architectures/shape";
import type { Method } from "./method";

/**
 * Layouts with a measurement in test/fixtures: "architecture method". test/memory/compute/measured.test.ts derives them
 * from the fixtures and fails, naming the difference, where this list says anything else.
 */
export const MEASURED: ReadonlySet<string> = new Set([
  "bert plan",
  "command-r plan",
  "deepseek2 closed-form",
  "deepseek2 plan-with-experts",
  "falcon-h1 closed-form",
  "gemma2 plan",
  "gemma3 plan",
  "gemma3n closed-form",
  "gemma4 plan",
  "gemma4 plan-with-experts",
  "glm4moe plan-with-experts",
  "gpt-oss plan-with-experts",
  "granitehybrid closed-form",
  "lfm2 closed-form",
  "llama plan",
  "llama4 plan-with-experts",
  "mamba closed-form",
  "nemotron_h_moe closed-form",
  "nomic-bert plan",
  "qwen2 plan",
  "qwen3 plan",
  "qwen35 plan",
  "qwen35moe plan-with-experts",
  "qwen3moe plan-with-experts",
  "qwen3next plan-with-experts",
  "seed_oss plan",
]);

/** The name that {@link MEASURED} knows a layout by. */
export function layoutName(shape: ModelShape, method: Method): string {
  return `${shape.architecture} ${method}`;
}

/** Whether a layout was held against llama.cpp's own allocations. */
export function isMeasured(shape: ModelShape, method: Method): boolean {
  return MEASURED.has(layoutName(shape, method));
}
