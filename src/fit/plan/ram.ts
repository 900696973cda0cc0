import { GIB, MIB } from "../units";
import type { KnownVerdict } from "./options";
import { ownRunners, type PlanInput } from "./plan-input";

/** llama-server keeps up to this much of earlier prompts in RAM, outside the GPU limit (its `--cache-ram` default). */
export const PROMPT_CACHE_BYTES = 8 * GIB;

/**
 * Bytes of RAM that are missing for a model, however high the limit: its need on the GPU and the tensors that stay on
 * the CPU, against what is not in use. What it holds already counts as free for it. Undefined where nothing is missing
 * or it could not be read.
 */
export function ramShortage(plan: PlanInput, after: KnownVerdict): number | undefined {
  const { input, advice, usedRamBytes } = plan;
  if (advice === undefined || usedRamBytes === undefined) return undefined;
  const { model } = input;
  const own = ownRunners(plan).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { total, weights, projector } = after.estimate;
  const onCpu = Math.max(0, model.sizeBytes - weights - projector);
  const free = advice.ramMib * MIB - Math.max(0, usedRamBytes - own);
  const short = total + onCpu - free;
  return short > 0 ? short : undefined;
}
