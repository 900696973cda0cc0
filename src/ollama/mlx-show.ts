import type { ModelDescription } from "../fit/facts";
import { UnknownMlxModel } from "../memory/mlx/config";
import { configFromTensors } from "../memory/mlx/config-from-tensors";
import type { MlxTensor } from "../memory/mlx/files";
import type { MlxReading } from "./mlx-reading";

/** What a server tells of one of its MLX models. */
export interface ShownMlxModel {
  /** Verbose `/api/show`: plain show lists no tensors. */
  readonly metadata: ModelDescription["metadata"];
  /** What `/api/tags` lists: the weights, and the vocabulary and configs beside them. */
  readonly sizeBytes: number;
}

/**
 * An MLX model on another Mac, by what its server tells of it: the shapes of its tensors, a few keys of its config.json
 * and its size. What had to be taken for granted is among the cautions; what can't be told makes it unknown.
 */
export function readMlxShow({ metadata, sizeBytes }: ShownMlxModel): MlxReading {
  const { values } = metadata;
  const modelType = values.get("general.architecture");
  if (typeof modelType !== "string") return { kind: "unknown", reason: "Its server doesn't tell its type." };
  const count = (key: string): number | undefined => {
    const value = values.get(`${modelType}.${key}`);
    return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const [layers, hiddenSize] = [count("block_count"), count("embedding_length")];
  if (layers === undefined || hiddenSize === undefined || metadata.tensors.length === 0) {
    return { kind: "unknown", reason: "Over the network its server doesn't tell its layers and tensors." };
  }
  // Sizes of single tensors aren't told, and their types not as safetensors names them.
  const shapes = metadata.tensors.map(({ name, shape }): MlxTensor => ({ name, shape, bytes: 0 }));
  try {
    const { config, assumptions } = configFromTensors(
      { modelType, layers, hiddenSize, trainedContext: count("context_length"), heads: count("attention.head_count") },
      shapes,
    );
    return {
      kind: "read",
      files: { config, tensors: [...shapes, { name: "all tensors", bytes: sizeBytes }] },
      cautions: assumptions,
    };
  } catch (error) {
    if (error instanceof UnknownMlxModel) return { kind: "unknown", reason: error.message };
    throw error;
  }
}
