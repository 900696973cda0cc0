import { UnknownMlxModel } from "./config";
import type { MlxTensor } from "./files";

/** Rows that tensors of one layer must have for what the config says of it, by their names in the layer. */
export type TensorRows = Readonly<Record<string, number>>;

/** `model.layers.3.self_attn.k_proj.weight`; not those of vision towers and drafting layers. */
const OF_LAYER = /^(?:(?:model|language_model|backbone)\.)*layers\.(\d{1,4})\.[a-z_]+\.([a-z0-9_]+)\.weight$/;

/**
 * Compares the tensors with what each layer should have, where their shapes are known: a packed weight keeps its rows.
 *
 * @throws UnknownMlxModel where they contradict the config: it isn't the one of this model, or one of them is damaged
 */
export function checkTensors(tensors: readonly MlxTensor[], layers: readonly TensorRows[]): void {
  for (const { name, shape } of tensors) {
    const [, layer, part = ""] = OF_LAYER.exec(name) ?? [];
    const rows = layer === undefined ? undefined : layers[Number(layer)];
    if (rows === undefined || shape === undefined || !Object.hasOwn(rows, part)) continue;
    if (shape[0] !== rows[part]) {
      throw new UnknownMlxModel(`Its config.json and its tensors contradict each other (layer ${layer}, ${part}).`);
    }
  }
}
