import type { OtherBuild } from "../fit/facts";
import { parseModelName } from "../fit/model-name";
import { readTag, type TagOptions } from "./read-tag";

/** Ends of tags that stand for an MLX build alone; the GGUF build is the tag without it. */
const MLX_TAG = /-(?:mlx(?:-[a-z0-9]+)?|nvfp4|mxfp[48]|int[48])$/i;

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
export async function findGguf(
  fetch: typeof globalThis.fetch,
  name: string,
  options: Omit<TagOptions, "runners"> = {},
): Promise<OtherBuild> {
  let unchecked: string | undefined;
  for (const candidate of possibleGgufNames(name)) {
    if (options.signal?.aborted) return { kind: "unchecked", reason: "stopped" };
    const state = await readTag(fetch, candidate, { ...options, runners: ["llamacpp", "ggml"] });
    switch (state.kind) {
      case "exists": {
        const { format, runner, weightBytes, downloadBytes } = state;
        if (format === "gguf") return { kind: "published", name: candidate, runner, weightBytes, downloadBytes };
        break;
      }
      case "too-new":
        unchecked = `${candidate} asks for a newer Ollama`;
        break;
      case "unknown":
        unchecked = state.reason.replace(/\.$/, "");
        break;
      case "missing":
        break;
    }
  }
  return unchecked === undefined ? { kind: "missing" } : { kind: "unchecked", reason: unchecked };
}
