import { createHash } from "node:crypto";
import { exchange } from "../ollama/bounded-fetch";
import { parseModelName } from "../fit/model-name";
import { MODEL_RUNNERS, modelFormat, type ModelRunner, modelRunner } from "../fit/model-runner";
import { compareVersions, parseVersion } from "../fit/version";
import { isObject } from "../memory/json-object";
import { parseBoundedJson } from "../memory/mlx/bounded-json";
import { UnknownMlxModel } from "../memory/mlx/config";
import { type Layer, readLayers } from "../ollama/manifests";
import { OllamaProblem } from "../ollama/problems";
import { mayFollow } from "./public-address";

/** A tag that a registry has, as its manifest describes it. */
export interface ExistingTag {
  readonly kind: "exists";
  /** Hex SHA-256 of its manifest. */
  readonly digest: string;
  /** The address of the place its files lie in: "https://registry.ollama.ai/v2/library/qwen3". */
  readonly repository: string;
  /** Its files, of which several may be one and the same. */
  readonly layers: readonly Layer[];
  /** What Ollama notes of the model; absent where the manifest names none. */
  readonly config?: Layer;
  /** All layers: what a pull downloads at most. */
  readonly downloadBytes: number;
  /** The files that hold weights: model, projector and draft, or MLX tensors. */
  readonly weightBytes: number;
  readonly format: "gguf" | "safetensors";
  /** Which build of a list it is; absent where the tag stands for one alone. */
  readonly runner?: ModelRunner;
}

/** What a registry says of a tag. */
export type TagState =
  | ExistingTag
  | { readonly kind: "missing" }
  /** It exists, but only for a newer Ollama than the given version. */
  | { readonly kind: "too-new" }
  /** Nobody answered, or not in a way that can be read; the reason is a sentence. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface TagOptions {
  /** Version of the installed Ollama: the registry asks for it. */
  readonly version?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Runners whose builds of a list count, the preferred first. Default: as Ollama on a Mac prefers them. */
  readonly runners?: readonly ModelRunner[];
}

/** Registries that may be asked; a name could otherwise send requests anywhere. */
const REGISTRIES: readonly string[] = ["registry.ollama.ai", "hf.co", "huggingface.co"];
const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const MANIFEST_LIST = "application/vnd.ollama.manifest.list.v2+json";
/** From this release on Ollama asks for lists, too, of which a Mac takes the MLX build first. */
const LISTS_FROM = [0, 40, 0] as const;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Real lists have up to three. */
const MOST_CHILDREN = 32;
/** The release to ask as where the server doesn't tell its own: with lists. */
const NEWEST = LISTS_FROM.join(".");
/** The manifest of an MLX model lists every tensor: some hundred kilobytes, and a hundred thousand values. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_PARTS = 400_000;

/**
 * Asks the registry for the manifest of a model name, without downloading the model, and of a list of manifests for the
 * one that Ollama would pull on this Mac. It asks as the installed release does (server/images.go pullModelManifest,
 * pullSelectedManifest): one before 0.40 doesn't know lists. HEAD is not supported there. It never throws.
 */
export async function readTag(
  fetch: typeof globalThis.fetch,
  name: string,
  options: TagOptions = {},
): Promise<TagState> {
  const parts = parseModelName(name);
  if (!parts) return unknown(`"${name.slice(0, 80)}" isn't a model name.`);
  const { host, namespace, model, tag } = parts;
  if (!REGISTRIES.includes(host.toLowerCase())) return unknown(`${host} isn't asked.`);
  const repository = `https://${host.toLowerCase()}/v2/${namespace}/${model}`;
  const { version = NEWEST, timeoutMs = 5_000, signal, runners = MODEL_RUNNERS } = options;
  const headers = { ...asOllama(version), Accept: knowsLists(version) ? `${MANIFEST_LIST}, ${MANIFEST}` : MANIFEST };
  const ask = (place: string): Promise<Asked> =>
    exchange(fetch, repository, { timeoutMs, maxBytes: MOST_BYTES, signal, mayFollow }, async (bounded) => {
      const response = await bounded(`${repository}/${place}`, { headers });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return {
        manifest: parseBoundedJson(bytes, MOST_PARTS)?.json,
        digest: createHash("sha256").update(bytes).digest("hex"),
      };
    });
  try {
    const asked = await ask(`manifests/${tag}`);
    if (!isObject(asked.manifest) || !Array.isArray(asked.manifest["manifests"])) return stateOf(asked, repository);
    const children = knownChildren(asked.manifest["manifests"]);
    const [child] = runners.flatMap((preferred) => children.find(({ runner }) => runner === preferred) ?? []);
    if (child === undefined && children.length > 0) return { kind: "missing" };
    if (child === undefined) return unknown("The registry has no build of it for this Mac.");
    // Ollama takes it from the blobs; which of the two a registry has differs.
    const { digest, runner } = child;
    const { manifest } = await ask(`manifests/${digest}`).catch((error: unknown) => {
      if (error instanceof OllamaProblem && error.status !== undefined) return ask(`blobs/${digest}`);
      throw error;
    });
    return stateOf({ manifest, digest: digest.replace("sha256:", "") }, repository, runner);
  } catch (error) {
    if (!(error instanceof OllamaProblem)) throw error;
    if (error.status === 404) return { kind: "missing" };
    if (error.status === 412) return { kind: "too-new" };
    // Hugging Face refuses such names itself (huggingface/hub-docs issue 2702).
    if (error.status === 400 && /sharded/i.test(error.message)) {
      return unknown(`${host} has it only in several files, which Ollama can't pull.`);
    }
    if (error.status !== undefined) return unknown(`${host} answered with status ${error.status}.`);
    return unknown(`${host} gave no usable answer.`);
  }
}

interface Asked {
  readonly manifest: unknown;
  readonly digest: string;
}

/** What Ollama tells a registry of itself; a registry refuses some models to others. */
export function asOllama(version = NEWEST): { readonly "User-Agent": string } {
  return { "User-Agent": `ollama/${version.replace(/[^\w.+-]/g, "")} (arm64 darwin) Go/go1.26` };
}

function knowsLists(version: string): boolean {
  const parsed = parseVersion(version);
  return parsed === undefined || compareVersions(parsed, LISTS_FROM) >= 0;
}

interface Child {
  readonly digest: string;
  readonly runner: ModelRunner;
}

/** The builds of a list that Ollama on a Mac has a runner for. */
function knownChildren(children: readonly unknown[]): readonly Child[] {
  return children.slice(0, MOST_CHILDREN).flatMap((child) => {
    if (!isObject(child)) return [];
    const { digest, runner: named, format } = child;
    if (typeof digest !== "string" || !DIGEST.test(digest)) return [];
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    const runner = modelRunner(text(named), modelFormat(text(format)));
    return runner === undefined ? [] : [{ digest, runner }];
  });
}

const WEIGHTS = /^application\/vnd\.ollama\.image\.(?:model|projector|draft|tensor)$/;

function stateOf({ manifest, digest }: Asked, repository: string, runner?: ModelRunner): TagState {
  if (!isObject(manifest) || !Array.isArray(manifest["layers"])) {
    return unknown("The registry's answer isn't a manifest.");
  }
  const layers = soundLayers(manifest["layers"]);
  if (layers === undefined) return unknown("The registry's manifest is damaged.");
  const config = soundLayers([manifest["config"]])?.[0];
  const weights = layers.filter(({ mediaType }) => WEIGHTS.test(mediaType));
  const weightBytes = bytesOf(weights);
  // A cloud tag has no weights: there is nothing to pull that would run here.
  if (weightBytes === 0) return unknown("The registry's manifest has no weights.");
  const downloadBytes = bytesOf(config === undefined ? layers : [...layers, config]);
  if (!Number.isSafeInteger(downloadBytes)) return unknown("The registry's manifest is damaged.");
  const format = weights.some(({ mediaType }) => mediaType.endsWith(".tensor")) ? "safetensors" : "gguf";
  return { kind: "exists", digest, repository, layers, config, downloadBytes, weightBytes, format, runner };
}

/** Layers that each name a file; undefined where one doesn't. */
function soundLayers(layers: readonly unknown[]): readonly Layer[] | undefined {
  try {
    const read = readLayers(layers);
    return read.every(({ digest }) => DIGEST.test(digest)) ? read : undefined;
  } catch (error) {
    if (error instanceof UnknownMlxModel) return undefined;
    throw error;
  }
}

/** Layers of the same bytes are one file, pulled and loaded once. */
function bytesOf(layers: readonly Layer[]): number {
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function unknown(reason: string): TagState {
  return { kind: "unknown", reason };
}
