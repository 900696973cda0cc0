import type { InstalledModel } from "../../src/fit/facts";
import type { PlanInput } from "../../src/fit/plan/plan-input";
import type { JudgeInput } from "../../src/fit/verdict";
import { planFor } from "./inputs";
import { mlxModel, QWEN_27B } from "./mlx-model";

/** qwen3.8:27b-mlx as a server lists it. */
const QWEN_ROW: InstalledModel = {
  name: "qwen3.8:27b-mlx",
  digest: "mlx",
  sizeBytes: 18_202_000_000,
  format: "safetensors",
  runner: "mlx",
  family: "qwen3_5",
  families: ["qwen3_5"],
  capabilities: ["completion"],
  cloud: false,
};

/** A plan for it on a fresh Mac of that size, or for another measured model; no build of llama.cpp is there. */
export function mlxPlanFor(ramGib: number, changes: Partial<JudgeInput> = {}, name?: string): PlanInput {
  const planned = planFor("qwen3-8b", ramGib, 26);
  const model = name === undefined ? QWEN_27B : mlxModel(name);
  return {
    ...planned,
    canCap: false,
    input: {
      ...planned.input,
      model: { ...QWEN_ROW, sizeBytes: model.weights + 2e7 },
      description: { kind: "mlx", model, cautions: [], weightsAboveBytes: 0 },
      chip: "Apple M4 Pro",
      ...changes,
    },
  };
}

/** The same with a GGUF build of the name beside it. */
export function withGguf(planned: PlanInput, measuredName: string): PlanInput {
  const { input } = planFor(measuredName, 64, 26);
  const model = {
    ...input.model,
    name: planned.input.model.name,
    digest: "gguf",
    runner: "llamacpp",
    sharesName: true,
  } as const;
  return { ...planned, sibling: { ...input, model } };
}
