import { exchange } from "../ollama/bounded-fetch";
import { parseModelName } from "../fit/model-name";
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
}

/** Registries that may be asked; a name could otherwise send requests anywhere. */
const REGISTRIES: readonly string[] = ["registry.ollama.ai", "hf.co", "huggingface.co"];
const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const MOST_BYTES = 1024 * 1024;
const MOST_REDIRECTS = 3;

const mayFollow = (target: URL, followed: number): boolean => followed < MOST_REDIRECTS && isPublicAddress(target);

/**
 * Asks the registry for the manifest of a model name, without downloading the model. The registry's protocol is that
 * of `ollama pull` (server/images.go pullModelManifest); HEAD is not supported there. It never throws.
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
  const url = `https://${host.toLowerCase()}/v2/${namespace}/${model}/manifests/${tag}`;
  const { version = "0.33.0", timeoutMs = 5_000, signal } = options;
  const headers = { Accept: MANIFEST, "User-Agent": `ollama/${version.replace(/[^\w.+-]/g, "")} (arm64 darwin)` };
  try {
    const bounds = { timeoutMs, maxBytes: MOST_BYTES, signal, mayFollow };
    const manifest: unknown = await exchange(fetch, host, bounds, async (bounded) => {
      const response = await bounded(url, { headers });
      return response.json();
    });
    return stateOf(manifest);
  } catch (error) {
    if (error instanceof OllamaProblem && error.status === 404) return { kind: "missing" };
    if (error instanceof OllamaProblem && error.status === 412) return { kind: "too-new" };
    if (error instanceof OllamaProblem && error.status !== undefined)
      return unknown(`${host} answered with status ${error.status}.`);
    return unknown(`${host} gave no usable answer.`);
  }
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
