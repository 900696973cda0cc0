import { expectedReport } from "../../src/fit/verdict";
import { estimate } from "../../src/memory/estimate";
import type { Footprint, StandInModel } from "./ollama";

/** What llama.cpp's fit keeps free beside a model. */
const MARGIN_BYTES = 1024 ** 3;

/**
 * Memory of a loading model by our own estimate, as llama.cpp places it: all of it on the GPU where it fits with the
 * margin, else the rest on the CPU.
 */
export function footprintOf(model: StandInModel, numCtx: number, limitBytes: number): Footprint {
  const metadata = model.weights?.metadata;
  const memory =
    metadata &&
    estimate(metadata, {
      numCtx: Math.min(numCtx, model.contextLength ?? numCtx),
      parallel: 1,
      kvCacheType: "f16",
      flashAttention: "auto",
      batch: 512,
      runtime: "b10488",
    });
  if (memory?.kind !== "known") {
    const bytes = model.weights?.bytes ?? 0;
    return { sizeBytes: bytes, vramBytes: bytes };
  }
  const sizeBytes = expectedReport(memory);
  const over = Math.max(0, memory.total + MARGIN_BYTES - limitBytes);
  return { sizeBytes, vramBytes: sizeBytes - over };
}
