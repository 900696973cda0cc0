import { stat } from "node:fs";
import { join } from "node:path";
import type { InstalledModel, ServerFacts } from "../fit/facts";
import { ownServer } from "../fit/server-origin";
import { formatBytes } from "../fit/units";
import { UnknownMlxModel } from "../memory/mlx/config";
import {
  blobPath,
  type FoundManifest,
  GGUF_WEIGHTS,
  JSON_FILE,
  type Layer,
  readChild,
  readManifest,
  TENSOR,
} from "./manifests";
import { modelsFolders } from "./model-source";

/** Where the files of a server's models may be read. */
export interface ModelPlaces {
  /** The server's files are this machine's files. */
  readonly isLocal: boolean;
  /** Folders with models, the first that holds a file counts. */
  readonly modelsFolders: readonly string[];
  /** The one of them that the server reads: what isn't in it is missing. Absent where that isn't known. */
  readonly serversFolder?: string;
}

/**
 * Where a server's models lie: where its log says, else where the preferences or macOS's usual places have them. Only of a
 * server that's known to be a process of this Mac they're what it reads.
 */
export function modelPlaces(
  { homeFolder, env }: { readonly homeFolder: string; readonly env: Readonly<Record<string, string | undefined>> },
  preferred: string | undefined,
  {
    isLocal,
    server: { identity, modelsFolder },
  }: { readonly isLocal: boolean; readonly server: Pick<ServerFacts, "identity" | "modelsFolder"> },
): ModelPlaces {
  const usual = modelsFolders(homeFolder, env, preferred);
  const folders = [...new Set(modelsFolder === undefined ? usual : [modelsFolder.value, ...usual])];
  return {
    isLocal,
    modelsFolders: folders,
    serversFolder: isLocal && ownServer(identity) ? folders[0] : undefined,
  };
}

type Asked = Pick<InstalledModel, "name" | "digest" | "runner">;

/** So many files of a model are looked at, the largest ones, and so many of them at once. */
const MOST_FILES = 4096;
const AT_ONCE = 256;

/**
 * Why Ollama can't load a model of which files are gone or, of MLX, cut short, as a sentence; undefined where nothing is
 * known to be missing. Nothing is said to be gone but from the folder that the server reads. Costs the manifest, and a stat
 * of each file, of which MLX models have some thousand: some ten milliseconds. Never throws.
 */
export async function missingFiles(model: Asked, places: ModelPlaces): Promise<string | undefined> {
  if (!places.isLocal) return undefined;
  try {
    const found = await readManifest(model.name, places.modelsFolders);
    const files = filesOf(await layersOf(found, model)).slice(0, MOST_FILES);
    const canBeGone = found.folder === places.serversFolder && (await isFolder(join(found.folder, "blobs")));
    let bytes = 0;
    for (let from = 0; from < files.length; from += AT_ONCE) {
      const some = files.slice(from, from + AT_ONCE);
      const missing = await Promise.all(some.map((layer) => missingBytes(found.folder, layer, canBeGone)));
      bytes += missing.reduce((sum, each) => sum + each, 0);
    }
    return bytes > 0
      ? `${formatBytes(bytes)} of its files is missing. Ollama can't load it: pull it again.`
      : undefined;
  } catch (error) {
    // What can't be read isn't known to be missing.
    if (error instanceof UnknownMlxModel) return undefined;
    throw error;
  }
}

async function layersOf({ folder, manifest }: FoundManifest, { digest, runner }: Asked): Promise<readonly Layer[]> {
  if (manifest.kind === "build") return manifest.layers;
  const child =
    manifest.children.find((one) => one.digest === `sha256:${digest}`) ??
    manifest.children.find((one) => one.runner === runner);
  return child === undefined ? [] : readChild(folder, child);
}

/** Without these nothing runs it. */
const NEEDED: ReadonlySet<string> = new Set([GGUF_WEIGHTS, TENSOR, JSON_FILE]);

/** The files that it needs, each once, the largest first. */
function filesOf(layers: readonly Layer[]): readonly Layer[] {
  const needed = layers.filter(({ mediaType }) => NEEDED.has(mediaType));
  const files = new Map(needed.map((layer) => [layer.digest, layer]));
  return [...files.values()].toSorted((a, b) => b.size - a.size);
}

/**
 * Of a GGUF that's there its header says whether it's whole. With callbacks: promises take three times as long, and there
 * are some thousand.
 */
function missingBytes(folder: string, { mediaType, digest, size }: Layer, canBeGone: boolean): Promise<number> {
  return new Promise((resolve) => {
    stat(blobPath(folder, digest), (error, there) => {
      if (error === null) resolve(mediaType === GGUF_WEIGHTS ? 0 : Math.max(0, size - there.size));
      else resolve(canBeGone && error.code === "ENOENT" ? size : 0);
    });
  });
}

function isFolder(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    stat(path, (error, there) => resolve(error === null && there.isDirectory()));
  });
}
