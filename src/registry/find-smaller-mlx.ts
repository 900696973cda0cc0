import { parseModelName } from "../fit/model-name";
import { MLX_TAG } from "./find-gguf";
import { firstTag, type FoundTag } from "./first-tag";
import type { ExistingTag, TagOptions } from "./read-tag";
import { sideBySide } from "../memory/side-by-side";

/** How Ollama's library ends tags of MLX builds, those of fewer bits last. */
const ENDINGS = ["-mlx-bf16", "-mxfp8", "-int8", "-mlx", "-nvfp4", "-mxfp4", "-int4"] as const;

/** What was found, and why there may be more. */
export interface FoundMlxBuilds {
  /** The largest first. */
  readonly found: readonly FoundTag[];
  readonly unchecked?: string;
}

/** Names under which other MLX builds of a model could be published. None is known to exist. */
export function possibleMlxNames(name: string): readonly string[] {
  const parts = parseModelName(name);
  // Of Hugging Face's files Ollama takes GGUF alone.
  if (parts === undefined || parts.host !== "registry.ollama.ai") return [];
  const { tag } = parts;
  const stem = tag.replace(MLX_TAG, "");
  const base = name.endsWith(`:${tag}`) ? name.slice(0, -tag.length) : `${name}:`;
  const tags = stem === "" || stem === "latest" ? ENDINGS.map((end) => end.slice(1)) : ENDINGS.map((end) => stem + end);
  return [...tags, ...(stem === "" ? [] : [stem])].filter((each) => each !== tag).map((each) => base + each);
}

/**
 * Asks the registry which MLX builds of a model with fewer bytes of weights are published. Only names of the model go
 * out. It never throws.
 *
 * @param weightBytes of the installed build
 */
export async function findSmallerMlx(
  fetch: typeof globalThis.fetch,
  { name, weightBytes }: { readonly name: string; readonly weightBytes: number },
  options: Omit<TagOptions, "runners"> = {},
): Promise<FoundMlxBuilds> {
  const names = possibleMlxNames(name);
  const isSmaller = (tag: ExistingTag) => tag.format === "safetensors" && tag.weightBytes < weightBytes;
  const answers = await sideBySide(names, (possible) =>
    firstTag(fetch, [possible], { ...options, runners: ["mlx"] }, isSmaller),
  );
  // Two names of one build count as the first.
  const found = answers.filter((answer) => answer.kind === "found");
  const distinct = found.filter(
    ({ tag }, index) => found.findIndex((other) => other.tag.digest === tag.digest) === index,
  );
  return {
    found: distinct.toSorted((a, b) => b.tag.weightBytes - a.tag.weightBytes),
    unchecked: answers.find((answer) => answer.kind === "unchecked")?.reason,
  };
}
