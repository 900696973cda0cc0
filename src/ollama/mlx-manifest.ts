import { join } from "node:path";
import { type ModelName, parseModelName } from "../fit/model-name";
import { UnknownMlxModel } from "../memory/mlx/config";
import type { MlxFiles, MlxTensor } from "../memory/mlx/files";
import { MAX_TENSORS } from "../memory/mlx/safetensors-header";
import { MissingFile, type MlxReading, readingOf, readJson } from "./mlx-reading";

const TENSOR = "application/vnd.ollama.image.tensor";
const JSON_FILE = "application/vnd.ollama.image.json";
const MOST_MANIFESTS = 32;

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly name: string;
}

/**
 * Reads an MLX model that Ollama keeps on this Mac: its manifest, which lists every tensor with its bytes, and its
 * config.json; of a manifest list also the one of MLX. The tensors themselves aren't opened.
 *
 * @param modelsFolders where models may lie; the first that has the model counts
 */
export function readMlxManifest(name: string, modelsFolders: readonly string[]): Promise<MlxReading> {
  return readingOf(async () => {
    const parts = parseModelName(name);
    // ".." would lead out of the folder.
    if (parts === undefined || Object.values(parts).some((part: string) => part.startsWith("."))) {
      throw new UnknownMlxModel("Its name is none of Ollama's.");
    }
    for (const folder of modelsFolders) {
      for (const path of manifestPaths(parts)) {
        const manifest = await readIfThere(join(folder, path));
        if (manifest !== undefined) return await filesOf(manifest.json, folder);
      }
    }
    throw new MissingFile("Its manifest isn't on this Mac.");
  });
}

async function readIfThere(path: string): Promise<{ readonly json: unknown } | undefined> {
  try {
    return { json: await readJson(path, "Its manifest") };
  } catch (error) {
    if (error instanceof MissingFile) return undefined;
    throw error;
  }
}

/** Where Ollama looks, in its order: the links of 0.40, then the old folder. */
function manifestPaths({ host, namespace, model, tag }: ModelName): readonly string[] {
  const isDefault = host === "registry.ollama.ai" || host === "ollama.com";
  const at = (folder: string, place: string) => join(folder, place.replaceAll(":", "%3A"), namespace, model, tag);
  return isDefault
    ? [at("manifests-v2", "ollama.com"), at("manifests", "registry.ollama.ai"), at("manifests", "ollama.com")]
    : [at("manifests-v2", host), at("manifests", host), join("manifests", host, namespace, model, tag)];
}

async function filesOf(manifest: unknown, folder: string): Promise<MlxFiles> {
  const child = mlxChild(manifest);
  const layers = layersOf(child === undefined ? manifest : await blob(folder, child, "Its manifest of MLX"));
  const named = (name: string) => layers.find((layer) => layer.mediaType === JSON_FILE && layer.name === name);
  const config = named("config.json");
  if (config === undefined) throw new UnknownMlxModel("Its manifest names no config.json.");
  const draft = named("draft/config.json");
  return {
    config: await blob(folder, config.digest, "Its config.json"),
    tensors: tensorsOf(layers),
    draftConfig: draft && (await blob(folder, draft.digest, "The config.json of its draft model")),
  };
}

/** The digest of the child that runs with MLX, of a list of manifests; undefined for a single manifest. */
function mlxChild(manifest: unknown): string | undefined {
  const children: unknown = isObject(manifest) ? manifest["manifests"] : undefined;
  if (!Array.isArray(children)) return undefined;
  for (const child of children.slice(0, MOST_MANIFESTS)) {
    if (!isObject(child)) continue;
    const { digest, runner, format } = child;
    // Without a runner the format tells.
    const runs = typeof runner === "string" && runner.trim() !== "" ? runner.trim().toLowerCase() : undefined;
    if (typeof digest === "string" && (runs ?? (format === "safetensors" ? "mlx" : "")) === "mlx") return digest;
  }
  throw new UnknownMlxModel("None of its builds on this Mac runs with MLX.");
}

function layersOf(manifest: unknown): readonly Layer[] {
  const layers: unknown = isObject(manifest) ? manifest["layers"] : undefined;
  if (!Array.isArray(layers)) throw damaged();
  if (layers.length > MAX_TENSORS) throw new UnknownMlxModel("Its manifest lists too many layers.");
  return layers.map((layer: unknown) => {
    if (!isObject(layer)) throw damaged();
    const { mediaType, digest, size, name = "" } = layer;
    if (typeof mediaType !== "string" || typeof digest !== "string" || typeof name !== "string") throw damaged();
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw damaged();
    return { mediaType, digest, size, name };
  });
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

function blob(folder: string, digest: string, what: string): Promise<unknown> {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw damaged();
  return readJson(join(folder, "blobs", `sha256-${hex}`), what);
}

const damaged = () => new UnknownMlxModel("Its manifest is damaged.");

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
