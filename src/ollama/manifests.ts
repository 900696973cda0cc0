import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ModelBackup } from "../fit/facts";
import { type ModelName, parseModelName } from "../fit/model-name";
import { modelFormat, type ModelRunner, modelRunner } from "../fit/model-runner";
import { isObject } from "../memory/json-object";
import { UnknownMlxModel } from "../memory/mlx/config";
import { MAX_TENSORS } from "../memory/mlx/safetensors-header";
import { MissingFile, readJson } from "./mlx-reading";

/** A file of a model, as its manifest names it. */
export interface Layer {
  readonly mediaType: string;
  /** "sha256:" and 64 hex digits, where it's sound. */
  readonly digest: string;
  readonly size: number;
  readonly name: string;
}

/** A build, as the manifest of its name's list mentions it. */
export interface Child {
  readonly digest: string;
  /** Absent where neither runner nor format tells. */
  readonly runner?: ModelRunner;
}

/** What lies under a name: the files of one build, or a list of builds. */
export type Manifest =
  | { readonly kind: "build"; readonly layers: readonly Layer[] }
  | { readonly kind: "list"; readonly children: readonly Child[] };

/** A manifest and the models folder that it lies in. */
export interface FoundManifest {
  readonly folder: string;
  readonly manifest: Manifest;
}

const MANIFEST_TYPE = /^application\/vnd\.(?:docker\.distribution\.manifest\.v2|ollama\.manifest\.list\.v2)\+json$/;
/** Media types of a GGUF's weights, and of one tensor and one JSON file of an MLX model. */
export const GGUF_WEIGHTS = "application/vnd.ollama.image.model";
export const TENSOR = "application/vnd.ollama.image.tensor";
export const JSON_FILE = "application/vnd.ollama.image.json";
const MOST_CHILDREN = 32;

/**
 * The manifest of a model on this Mac, where Ollama looks for it, in its order: the links (or copies) of 0.40, then the
 * old folder, in which 0.40 leaves a single build for older releases that points at the list above it (manifest/paths.go).
 * A link that leads nowhere counts as absent.
 *
 * @param modelsFolders where models may lie; the first that has the model counts
 * @throws UnknownMlxModel where none can be read; MissingFile where there is none
 */
export async function readManifest(name: string, modelsFolders: readonly string[]): Promise<FoundManifest> {
  const parts = parseModelName(name);
  // No part of a name begins with a dot: nothing leads out of the folder.
  if (parts === undefined) throw new UnknownMlxModel("Its name isn't one of Ollama's.");
  for (const folder of modelsFolders) {
    for (const path of manifestPaths(parts)) {
      const there = await readIfThere(join(folder, path));
      if (there !== undefined) return { folder, manifest: await belowAnchor(folder, parse(there.json)) };
    }
  }
  throw new MissingFile("Its manifest isn't on this Mac.");
}

/** The files of a build of a list: its manifest is a blob. @throws UnknownMlxModel */
export async function readChild(folder: string, { digest }: Child, what = "Its manifest"): Promise<readonly Layer[]> {
  const manifest = parse(await readBlob(folder, digest, what));
  if (manifest.kind === "list") throw damaged();
  return manifest.layers;
}

/** A small blob as JSON. @throws UnknownMlxModel */
export function readBlob(folder: string, digest: string, what: string): Promise<unknown> {
  return readJson(blobPath(folder, digest), what);
}

/** Where a blob lies. @throws UnknownMlxModel where the digest isn't one */
export function blobPath(folder: string, digest: string): string {
  return join(folder, "blobs", blobName(digest));
}

/**
 * The GGUF file that Ollama converted to get this build and still keeps, as its manifest list has it; undefined where
 * there is none, also where it can't be read. `sizeBytes` is what of it the converted build doesn't use, too.
 */
export async function readBackup(
  { name, digest }: { readonly name: string; readonly digest: string },
  modelsFolders: readonly string[],
): Promise<ModelBackup | undefined> {
  try {
    const { folder, manifest } = await readManifest(name, modelsFolders);
    if (manifest.kind !== "list") return undefined;
    const own = manifest.children.find((child) => child.digest === `sha256:${digest}`);
    const old = manifest.children.find(({ runner }) => runner === "ggml");
    if (own?.runner !== "llamacpp" || old === undefined) return undefined;
    const used = new Set((await readChild(folder, own)).map((layer) => layer.digest));
    const only = (await readChild(folder, old)).filter((layer) => !used.has(layer.digest));
    const weights = only.find(({ mediaType }) => mediaType === GGUF_WEIGHTS);
    if (weights === undefined || !(await isThere(blobPath(folder, weights.digest)))) return undefined;
    return {
      digest: old.digest.replace("sha256:", ""),
      sizeBytes: only.reduce((sum, { size }) => sum + size, 0),
      blob: blobName(weights.digest),
    };
  } catch (error) {
    if (error instanceof UnknownMlxModel) return undefined;
    throw error;
  }
}

async function readIfThere(path: string): Promise<{ readonly json: unknown } | undefined> {
  try {
    return { json: await readJson(path, "Its manifest") };
  } catch (error) {
    if (error instanceof MissingFile) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Where Ollama looks, in its order. In the new folder the colon of a port is written as %3A. */
function manifestPaths({ host, namespace, model, tag }: ModelName): readonly string[] {
  const isDefault = /^(?:registry\.ollama\.ai|ollama\.com)$/i.test(host);
  const at = (folder: string, place: string) => join(folder, place, namespace, model, tag);
  const inNew = (place: string) => at("manifests-v2", place.replaceAll(":", "%3A"));
  return isDefault
    ? [inNew("ollama.com"), at("manifests", "registry.ollama.ai"), at("manifests", "ollama.com")]
    : [inNew(host), at("manifests", host)];
}

/** The list that an anchor for older releases points at, where it is there; its own files aren't counted beside it. */
async function belowAnchor(folder: string, manifest: Manifest): Promise<Manifest> {
  if (manifest.kind === "list") return manifest;
  const pointer = manifest.layers.find(({ mediaType }) => MANIFEST_TYPE.test(mediaType));
  const layers = manifest.layers.filter((layer) => layer !== pointer);
  if (pointer === undefined) return manifest;
  try {
    const above = parse(await readBlob(folder, pointer.digest, "Its manifest list"));
    return above.kind === "list" ? above : { kind: "build", layers };
  } catch (error) {
    if (error instanceof MissingFile) return { kind: "build", layers };
    throw error;
  }
}

function parse(manifest: unknown): Manifest {
  if (!isObject(manifest)) throw damaged();
  const { manifests } = manifest;
  return Array.isArray(manifests)
    ? { kind: "list", children: manifests.slice(0, MOST_CHILDREN).flatMap(childOf) }
    : { kind: "build", layers: readLayers(manifest["layers"]) };
}

function childOf(child: unknown): readonly Child[] {
  if (!isObject(child) || typeof child["digest"] !== "string") return [];
  const { digest, runner, format } = child;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return [{ digest: normalized(digest), runner: modelRunner(text(runner), modelFormat(text(format))) }];
}

/** The layers of a manifest. @throws UnknownMlxModel where they aren't sound */
export function readLayers(layers: unknown): readonly Layer[] {
  if (!Array.isArray(layers)) throw damaged();
  if (layers.length > MAX_TENSORS) throw new UnknownMlxModel("Its manifest lists too many layers.");
  return layers.map((layer: unknown) => {
    if (!isObject(layer)) throw damaged();
    const { mediaType, digest, size, name = "" } = layer;
    if (typeof mediaType !== "string" || typeof digest !== "string" || typeof name !== "string") throw damaged();
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw damaged();
    return { mediaType, digest: normalized(digest), size, name };
  });
}

/** One spelling: Ollama takes "sha256-…" and capitals, too (NormalizeDigest). */
function normalized(digest: string): string {
  return digest
    .trim()
    .toLowerCase()
    .replace(/^sha256-/, "sha256:");
}

function blobName(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
  if (hex === undefined) throw damaged();
  return `sha256-${hex}`;
}

const damaged = () => new UnknownMlxModel("Its manifest is damaged.");
