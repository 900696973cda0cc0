import { join } from "node:path";
import type { InstalledModel, ModelDescription } from "../fit/facts";
import type { ModelMetadata } from "../memory/metadata";
import { tensorBytes } from "../memory/gguf/tensor-types";
import { readModelFile } from "./blob-source";
import type { OllamaClient } from "./client";
import { fromLines } from "./wire";

export interface DescribeOptions {
  readonly client: OllamaClient;
  readonly model: InstalledModel;
  /** The server's files are this machine's files. */
  readonly isLocal: boolean;
  /** Folders with models, the first that holds a file counts; after them the one that the server itself names. */
  readonly modelsFolders: readonly string[];
  readonly signal?: AbortSignal;
  /** Whether the arrays that plain show leaves out are needed. */
  readonly needsArrays: (metadata: ModelMetadata) => boolean;
}

const READ = { tensors: true } as const;

/**
 * Metadata and parameters of one model: parameters from show; metadata from the header of the local file where it can be
 * read, else from show, asked again with `verbose` only where its arrays decide something.
 */
export async function describeModel(options: DescribeOptions): Promise<ModelDescription> {
  const { client, model, isLocal, signal, needsArrays } = options;
  const ask = signal ? { signal } : {};
  const shown = await client.show(model.name, ask);
  const description = isLocal ? await withLocalFiles(shown, options) : shown;
  if (description.metadataSource === "header" || !needsArrays(description.metadata)) return description;
  const verbose = await client.show(model.name, { ...ask, verbose: true });
  return { ...description, metadata: mergeTensors(verbose.metadata, shown.metadata), metadataSource: "show-verbose" };
}

/** Verbose answers carry the same tensors; an old server that leaves them out keeps those of the plain answer. */
function mergeTensors(verbose: ModelMetadata, plain: ModelMetadata): ModelMetadata {
  return verbose.tensors.length > 0 ? verbose : { ...verbose, tensors: plain.tensors };
}

async function withLocalFiles(shown: ModelDescription, options: DescribeOptions): Promise<ModelDescription> {
  const { from } = fromLines(shown.modelfile ?? "");
  const [model, ...projectors] = from;
  const metadata = model === undefined ? undefined : await readHeader(model, options);
  const sizes = await Promise.all(
    projectors.map(async (path) => {
      const projector = await readHeader(path, options);
      const bytes = projector === undefined ? undefined : tensorSum(projector);
      return { path, bytes };
    }),
  );
  const whole = { ...shown, projectors: sizes };
  return metadata === undefined ? whole : { ...whole, metadata, metadataSource: "header" };
}

/** The header of a blob; undefined where the file is not there, not readable or cut short. */
async function readHeader(
  path: string,
  { modelsFolders, signal }: DescribeOptions,
): Promise<ModelMetadata | undefined> {
  const [, folder, blob] = /^(\/.*)\/blobs\/(sha256-[0-9a-f]{64})$/.exec(path) ?? [];
  if (folder === undefined || blob === undefined) return undefined;
  // The server says where it keeps its files, but may see them elsewhere, as in a container.
  for (const candidate of new Set([...modelsFolders, folder])) {
    const file = join(candidate, "blobs", blob);
    try {
      const { metadata, parts } = await readModelFile(file, signal ? { ...READ, signal } : READ);
      // A file that is still being pulled misses data; what the server says of it is then the better source.
      return parts.some((part) => (part.layout?.missingBytes ?? 0) > 0) ? undefined : metadata;
    } catch {
      continue;
    }
  }
  return undefined;
}

function tensorSum({ tensors }: ModelMetadata): number | undefined {
  let sum = 0;
  for (const { type, shape } of tensors) {
    const bytes = tensorBytes(type, shape);
    if (bytes === undefined) return undefined;
    sum += Math.ceil(bytes / 32) * 32;
  }
  return sum;
}

/** Where models may lie: the preference, OLLAMA_MODELS, the usual folder. */
export function modelsFolders(
  homeFolder: string,
  env: Readonly<Record<string, string | undefined>>,
  preferred?: string,
): readonly string[] {
  return [preferred, env["OLLAMA_MODELS"], join(homeFolder, ".ollama", "models")].filter(
    (folder): folder is string => folder !== undefined && folder !== "",
  );
}
