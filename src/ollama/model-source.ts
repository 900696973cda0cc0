import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { InstalledModel, ModelBackup, ModelDescription, SideFile } from "../fit/facts";
import { formatBytes } from "../fit/units";
import { GgufError, type GgufFault } from "../memory/gguf/gguf-error";
import type { ModelMetadata } from "../memory/metadata";
import { tensorBytes } from "../memory/gguf/tensor-types";
import { readModelFile } from "./blob-source";
import type { OllamaClient } from "./client";
import { OllamaProblem } from "./problems";
import { readBackup } from "./manifests";
import { fromLines, type ShownBuild, type ShownModel } from "./wire";

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
  const { builds, ...shown } = await readDescription(options);
  const description = { ...shown, backup: await backupOf(builds, options) };
  // A projector that's on this Mac and can't be read may be missing: then Ollama can't load the model.
  return options.isLocal ? description : withSizeOfRest(description, options.model.sizeBytes);
}

async function readDescription(options: DescribeOptions): Promise<ShownModel> {
  const { client, model, isLocal, signal, needsArrays } = options;
  const ask = { runner: model.runner, signal };
  const shown = await client.show(model.name, ask);
  const description = isLocal ? await withLocalFiles(shown, options) : shown;
  if (description.metadataSource === "header" || !needsArrays(description.metadata)) return description;
  const verbose = await showAll(options);
  return { ...description, metadata: mergeTensors(verbose.metadata, shown.metadata), metadataSource: "show-verbose" };
}

/** All that the server tells, which is what's left where its plain answer lists no tensors. */
async function showAll({ client, model, isLocal, signal }: DescribeOptions): Promise<ModelDescription> {
  try {
    return await client.show(model.name, { runner: model.runner, verbose: true, signal });
  } catch (error) {
    if (!(error instanceof OllamaProblem) || error.kind === "stopped") throw error;
    const way = isLocal
      ? "Its file isn't readable here: choose the models folder in the preferences."
      : "On the machine that Ollama runs on, its file would tell.";
    throw new OllamaProblem(
      error.kind,
      `Ollama's short answer isn't enough, and the full one couldn't be read. ${way} ${error.message}`,
    );
  }
}

/** Verbose answers carry the same tensors; an old server that leaves them out keeps those of the plain answer. */
function mergeTensors(verbose: ModelMetadata, plain: ModelMetadata): ModelMetadata {
  return verbose.tensors.length > 0 ? verbose : { ...verbose, tensors: plain.tensors };
}

/** The file that Ollama converted to get this build, where it keeps it: found on this Mac, else told by the server. */
async function backupOf(builds: readonly ShownBuild[], options: DescribeOptions): Promise<ModelBackup | undefined> {
  const { client, model, isLocal, modelsFolders, signal } = options;
  const old = model.runner === "llamacpp" ? builds.find(({ runner }) => runner === "ggml") : undefined;
  const listed = model.backup ?? (old?.digest === undefined ? undefined : { digest: old.digest });
  if (listed === undefined) return undefined;
  const onDisk = isLocal ? await readBackup(model, modelsFolders) : undefined;
  if (onDisk !== undefined) return onDisk;
  // What it's called is a nicety: the digest is enough to find it.
  const all = await client.builds(model.name, { signal }).catch(() => []);
  const file = all.find(({ runner }) => runner === "ggml")?.weightsFile;
  return { ...listed, blob: /\/(sha256-[0-9a-f]{64})$/.exec(file ?? "")?.[1] };
}

async function withLocalFiles(shown: ShownModel, options: DescribeOptions): Promise<ShownModel> {
  const named = fromLines(shown.modelfile ?? "");
  const read = (paths: readonly string[]) =>
    Promise.all(paths.map(async (path) => ({ path, blob: await readHeader(path, options) })));
  const [[model, ...projectors], adapters] = await Promise.all([read(named.from), read(named.adapters)]);
  const sized = (files: typeof adapters) =>
    files.map(({ path, blob }) => ({
      path,
      bytes: blob?.metadata && tensorSum(blob.metadata),
      fileBytes: blob?.fileBytes,
    }));
  const whole: ShownModel = {
    ...shown,
    projectors: sized(projectors),
    adapters: sized(adapters),
    damage: [model, ...projectors, ...adapters].find((file) => file?.blob?.damage !== undefined)?.blob?.damage,
  };
  const metadata = model?.blob?.metadata;
  return metadata === undefined
    ? whole
    : { ...whole, metadata, metadataSource: "header", fileBytes: model?.blob?.fileBytes };
}

/**
 * The size of a projector or an adapter whose file isn't read, as on another machine: what the list counts of the model
 * without the tensors of the model itself. That's a few megabytes too much, for the headers of both files. Only one can
 * be told so.
 */
function withSizeOfRest(description: ModelDescription, sizeBytes: number): ModelDescription {
  const { projectors, adapters, drafts, metadata } = description;
  const [only, ...others] = [...projectors, ...adapters];
  if (only === undefined || only.bytes !== undefined || others.length + drafts.length > 0) return description;
  const tensors = metadata.tensors.length > 0 ? tensorSum(metadata) : undefined;
  const bytes = tensors === undefined ? 0 : sizeBytes - tensors;
  if (bytes <= 0) return description;
  const sized = (files: ModelDescription["adapters"]) => files.map(({ path }) => ({ path, bytes }));
  return { ...description, projectors: sized(projectors), adapters: sized(adapters) };
}

/** What a blob's file tells. */
interface Blob {
  readonly metadata?: ModelMetadata;
  readonly fileBytes?: number;
  /** Why Ollama can't load it, as a sentence. */
  readonly damage?: string;
}

/**
 * The header of a blob; undefined where the file is not there or not readable. A whole file counts before one that's cut
 * short, as by a pull that didn't finish or a disk that was full.
 */
async function readHeader(path: string, { modelsFolders, signal }: DescribeOptions): Promise<Blob | undefined> {
  let damaged: Blob | undefined;
  for (const place of placesOf(path, modelsFolders)) {
    try {
      const { metadata, parts } = await readModelFile(place, { ...READ, signal });
      const missing = parts.reduce((sum, part) => sum + (part.layout?.missingBytes ?? 0), 0);
      if (missing === 0) return { metadata, fileBytes: parts[0]?.fileBytes };
      damaged ??= { metadata, damage: `${formatBytes(missing)} of the file is missing.` };
    } catch (error) {
      if (error instanceof GgufError && DAMAGES.has(error.fault)) damaged ??= { damage: error.message };
    }
  }
  return damaged;
}

/** Where a blob that the server names may lie. It says where it keeps its files, but may see them elsewhere, as in a container. */
function placesOf(path: string, modelsFolders: readonly string[]): readonly string[] {
  const [, folder, blob] = /^(\/.*)\/blobs\/(sha256-[0-9a-f]{64})$/.exec(path) ?? [];
  if (folder === undefined || blob === undefined) return [];
  return [...new Set([...modelsFolders, folder])].map((candidate) => join(candidate, "blobs", blob));
}

/**
 * Whether the files of a description, where their headers were read, still have the sizes that they had then: what was kept
 * of them is no longer right where a disk lost a part of one or it's gone. Never throws.
 */
export async function hasSameFiles(
  { weightsFile = "", fileBytes, projectors, adapters }: ModelDescription,
  modelsFolders: readonly string[],
): Promise<boolean> {
  const files = [{ path: weightsFile, fileBytes }, ...projectors, ...adapters];
  const same = await Promise.all(files.map((file) => hasSameFile(file, modelsFolders)));
  return same.every(Boolean);
}

async function hasSameFile(
  { path, fileBytes }: Pick<SideFile, "path" | "fileBytes">,
  modelsFolders: readonly string[],
): Promise<boolean> {
  if (fileBytes === undefined) return true;
  for (const place of placesOf(path, modelsFolders)) {
    const size = await stat(place).then(
      (there) => there.size,
      () => undefined,
    );
    if (size === fileBytes) return true;
  }
  return false;
}

/** Faults of the file itself, not of the way to it. The parts of a split file can't be found as blobs. */
const DAMAGES: ReadonlySet<GgufFault> = new Set([
  "not-gguf",
  "truncated",
  "bad-offset",
  "bad-shape",
  "duplicate",
  "split",
]);

/** Bytes of all tensors, as they lie in the file; undefined where one is of an unknown type. */
export function tensorSum({ tensors }: ModelMetadata): number | undefined {
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
