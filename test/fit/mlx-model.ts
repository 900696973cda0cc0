import { type MlxModel, openMlxModel } from "../../src/memory/mlx/estimate";
import { oracleModel } from "../memory/mlx/oracle";

/** A model of an oracle, with its own weights or others. */
export function mlxModel(name: string, weights?: number): MlxModel {
  const { files } = oracleModel(name);
  const model = openMlxModel(
    weights === undefined ? files : { ...files, tensors: [{ name: "mtp.fc.weight", bytes: weights }] },
  );
  if (model.kind === "unknown") throw new Error(model.reason);
  return model;
}

/** qwen3.8:27b-mlx as Ollama's registry has it: weights with vision and a layer that drafts. */
export const QWEN_27B = mlxModel("qwen3.8-27b-nvfp4", 18_174_721_596);
