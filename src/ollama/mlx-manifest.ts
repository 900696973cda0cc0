import { UnknownMlxModel } from "../memory/mlx/config";
import type { MlxFiles, MlxTensor } from "../memory/mlx/files";
import {
  type FoundManifest,
  GGUF_WEIGHTS,
  JSON_FILE,
  type Layer,
  readBlob,
  readChild,
  readManifest,
  TENSOR,
} from "./manifests";
import { type MlxReading, readingOf } from "./mlx-reading";

/**
 * Reads an MLX model that Ollama keeps on this Mac: its manifest, which lists every tensor with its bytes, and its
 * config.json; of a manifest list also the one of MLX. The tensors themselves aren't opened.
 *
 * @param modelsFolders where models may lie; the first that has the model counts
 */
export function readMlxManifest(name: string, modelsFolders: readonly string[]): Promise<MlxReading> {
  return readingOf(async () => {
    const found = await readManifest(name, modelsFolders);
    return mlxFiles(await mlxLayers(found), ({ digest }, what) => readBlob(found.folder, digest, what));
  });
}

/** The files of the build that runs with MLX. */
async function mlxLayers({ folder, manifest }: FoundManifest): Promise<readonly Layer[]> {
  if (manifest.kind === "build") {
    if (manifest.layers.some(({ mediaType }) => mediaType === GGUF_WEIGHTS)) throw noneOfMlx();
    return manifest.layers;
  }
  const child = manifest.children.find(({ runner }) => runner === "mlx");
  if (child === undefined) throw noneOfMlx();
  return readChild(folder, child, "Its manifest of MLX");
}

const noneOfMlx = () => new UnknownMlxModel("None of its builds on this Mac runs with MLX.");

/**
 * What decides the memory of an MLX model, out of the layers of its manifest, wherever they lie.
 *
 * @param readJson reads one that holds JSON; `what` names it in a sentence
 * @throws UnknownMlxModel, or what `readJson` throws
 */
export async function mlxFiles(
  layers: readonly Layer[],
  readJson: (layer: Layer, what: string) => Promise<unknown>,
): Promise<MlxFiles> {
  const named = (name: string) => layers.find((layer) => layer.mediaType === JSON_FILE && layer.name === name);
  const config = named("config.json");
  if (config === undefined) throw new UnknownMlxModel("Its manifest names no config.json.");
  const draft = named("draft/config.json");
  return {
    config: await readJson(config, "Its config.json"),
    tensors: tensorsOf(layers),
    draftConfig: draft && (await readJson(draft, "The config.json of its draft model")),
  };
}

/** The tensors; Ollama keeps one blob for all that have the same bytes, which count once. */
function tensorsOf(layers: readonly Layer[]): readonly MlxTensor[] {
  const seen = new Set<string>();
  return layers
    .filter(({ mediaType }) => mediaType === TENSOR)
    .map(({ digest, size, name }) => {
      const bytes = seen.has(digest) ? 0 : size;
      seen.add(digest);
      return { name, bytes };
    });
}
