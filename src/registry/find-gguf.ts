import { parseModelName } from "../fit/model-name";
import { type FirstTag, firstTag } from "./first-tag";
import type { TagOptions } from "./read-tag";

/** Ends of tags that stand for an MLX build alone; the GGUF build is the tag without it. */
export const MLX_TAG = /-(?:mlx(?:-[a-z0-9]+)?|nvfp4|mxfp[48]|int[48])$/i;

/**
 * Names under which the GGUF build of an MLX model could be published: its own, where that stands for several builds, and
 * its tag without what says MLX. None is known to exist.
 */
export function possibleGgufNames(name: string): readonly string[] {
  const parts = parseModelName(name);
  if (parts === undefined) return [];
  const plain = parts.tag.replace(MLX_TAG, "");
  return plain === parts.tag || plain === "" ? [name] : [name, `${name.slice(0, -parts.tag.length)}${plain}`];
}

/** Asks the registry for the GGUF build of an MLX model. Only names of the model go out. It never throws. */
export function findGguf(
  fetch: typeof globalThis.fetch,
  name: string,
  options: Omit<TagOptions, "runners"> = {},
): Promise<FirstTag> {
  const runners = ["llamacpp", "ggml"] as const;
  return firstTag(fetch, possibleGgufNames(name), { ...options, runners }, ({ format }) => format === "gguf");
}
