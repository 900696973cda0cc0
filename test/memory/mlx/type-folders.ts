import type { MlxFiles } from "../../../src/memory/mlx/files";
import { MODEL_TYPES, WRAPPERS } from "../../../src/memory/mlx/registry";
import { readMlxModelTypes } from "./oracle";

/** Every model_type that the registry knows. */
export const ALL_MLX_TYPES: readonly string[] = [...MODEL_TYPES.keys(), ...WRAPPERS.keys()];

type Json = Readonly<Record<string, unknown>>;

/** A small model of a type as a folder holds it: a measured one, or for types mlx-lm doesn't have one of their kin. */
export function mlxModelOfType(type: string): MlxFiles {
  const measured = readMlxModelTypes().find(({ files }) => (files.config as Json)["model_type"] === type);
  if (measured !== undefined) return measured.files;
  switch (type) {
    case "cohere2_moe": {
      const { config, tensors } = mlxModelOfType("cohere2");
      return { config: { ...(config as Json), model_type: type }, tensors };
    }
    case "lfm2_vl": {
      const { config, tensors } = mlxModelOfType("lfm2-vl");
      return { config: { ...(config as Json), model_type: type }, tensors };
    }
    case "NemotronH_Nano_VL_V2":
    case "NemotronH_Nano_Omni_Reasoning_V3": {
      const { config, tensors } = mlxModelOfType("nemotron_h");
      const inner = tensors.map((tensor) => ({ ...tensor, name: `language_model.${tensor.name}` }));
      return { config: { model_type: type, llm_config: config }, tensors: inner };
    }
    default:
      throw new Error(`There is no small model of the type ${type}.`);
  }
}
