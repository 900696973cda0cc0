import { exchange } from "../ollama/bounded-fetch";
import { parseModelName } from "../fit/model-name";
import { MODEL_RUNNERS, modelFormat, type ModelRunner, modelRunner } from "../fit/model-runner";
import { compareVersions, parseVersion } from "../fit/version";
import { isPublicAddress } from "./public-address";
import { OllamaProblem } from "../ollama/problems";

/** What a registry says of a tag. */
export type TagState =
  | {
      readonly kind: "exists";
      /** All layers: what a pull downloads at most. */
      readonly downloadBytes: number;
      /** The files that hold weights: model, projector and draft, or MLX tensors. */
      readonly weightBytes: number;
      readonly format: "gguf" | "safetensors";
      /** Which build of a list it is; absent where the tag stands for one alone. */
      readonly runner?: ModelRunner;
    }
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
/** Real lists have up to three. */
const MOST_CHILDREN = 32;
/** The release to ask as where the server doesn't tell its own: with lists. */
const NEWEST = LISTS_FROM.join(".");
const MOST_BYTES = 1024 * 1024;
const MOST_REDIRECTS = 3;

const mayFollow = (target: URL, followed: number): boolean => followed < MOST_REDIRECTS && isPublicAddress(target);

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
  const headers = {
    Accept: knowsLists(version) ? `${MANIFEST_LIST}, ${MANIFEST}` : MANIFEST,
    "User-Agent": `ollama/${version.replace(/[^\w.+-]/g, "")} (arm64 darwin) Go/go1.26`,
  };
  const ask = (place: string): Promise<unknown> =>
    exchange(fetch, host, { timeoutMs, maxBytes: MOST_BYTES, signal, mayFollow }, async (bounded) => {
      const response = await bounded(`${repository}/${place}`, { headers });
      return response.json();
    });
  try {
    const manifest = await ask(`manifests/${tag}`);
    if (!isObject(manifest) || !Array.isArray(manifest["manifests"])) return stateOf(manifest);
    const child = chosenChild(manifest["manifests"], runners);
    if (child === undefined) return unknown("The registry has no build of it for this Mac.");
    // Ollama takes it from the blobs; which of the two a registry has differs.
    const { digest, runner } = child;
    const built = await ask(`manifests/${digest}`).catch((error: unknown) => {
      if (error instanceof OllamaProblem && error.status !== undefined) return ask(`blobs/${digest}`);
      throw error;
    });
    const state = stateOf(built);
    return state.kind === "exists" ? { ...state, runner } : state;
  } catch (error) {
    if (error instanceof OllamaProblem && error.status === 404) return { kind: "missing" };
    if (error instanceof OllamaProblem && error.status === 412) return { kind: "too-new" };
    if (error instanceof OllamaProblem && error.status !== undefined)
      return unknown(`${host} answered with status ${error.status}.`);
    return unknown(`${host} gave no usable answer.`);
  }
}

function knowsLists(version: string): boolean {
  const parsed = parseVersion(version);
  return parsed === undefined || compareVersions(parsed, LISTS_FROM) >= 0;
}

/** The preferred child of a list; undefined where none of them runs on a Mac, or with these runners. */
function chosenChild(
  children: readonly unknown[],
  runners: readonly ModelRunner[],
): { readonly digest: string; readonly runner: ModelRunner } | undefined {
  const known = children.slice(0, MOST_CHILDREN).flatMap((child) => {
    if (!isObject(child)) return [];
    const { digest, runner, format } = child;
    if (typeof digest !== "string" || !/^sha256:[0-9a-f]{64}$/.test(digest)) return [];
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    return [{ digest, runner: modelRunner(text(runner), modelFormat(text(format))) }];
  });
  for (const preferred of runners) {
    const child = known.find(({ runner }) => runner === preferred);
    if (child !== undefined) return { digest: child.digest, runner: preferred };
  }
  return undefined;
}

const WEIGHTS = /^application\/vnd\.ollama\.image\.(?:model|projector|draft|tensor)$/;

function stateOf(manifest: unknown): TagState {
  const layers = isObject(manifest) ? manifest["layers"] : undefined;
  const config = isObject(manifest) && isObject(manifest["config"]) ? manifest["config"] : {};
  if (!Array.isArray(layers)) return unknown("The registry's answer isn't a manifest.");
  let downloadBytes = bytesOf(config) ?? 0;
  let weightBytes = 0;
  let format: "gguf" | "safetensors" = "gguf";
  for (const layer of layers as readonly unknown[]) {
    const bytes = isObject(layer) ? bytesOf(layer) : undefined;
    const type = isObject(layer) ? layer["mediaType"] : undefined;
    if (bytes === undefined || typeof type !== "string") return unknown("The registry's manifest is damaged.");
    downloadBytes += bytes;
    if (WEIGHTS.test(type)) weightBytes += bytes;
    if (type.endsWith(".tensor")) format = "safetensors";
  }
  // A cloud tag has no weights: there is nothing to pull that would run here.
  return weightBytes > 0
    ? { kind: "exists", downloadBytes, weightBytes, format }
    : unknown("The registry's manifest has no weights.");
}

function bytesOf(layer: Readonly<Record<string, unknown>>): number | undefined {
  const { size } = layer;
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknown(reason: string): TagState {
  return { kind: "unknown", reason };
}
