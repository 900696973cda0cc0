import type { BuildAnswer, InstalledModel, MlxBuilds, PublishedBuild } from "../fit/facts";
import { withSharedTensors } from "../ollama/shared-metadata";
import type { BlobOptions } from "../registry/blob-stream";
import { describeBuild, publishedBuild } from "../registry/describe-build";
import { type BuildSearch, findSmallerBuilds } from "../registry/find-builds";
import { findGguf } from "../registry/find-gguf";
import { findSmallerMlx } from "../registry/find-smaller-mlx";
import type { FirstTag, FoundTag } from "../registry/first-tag";
import { hasSizes } from "./read-descriptions";
import { storedDescription, storeDescription } from "./description-store";
import { getSystem } from "./system";

export type AskOptions = Pick<BlobOptions, "version" | "signal" | "onBytes">;

/** The GGUF build of an MLX model, with what its header tells. It never throws. */
export async function askForGguf(model: InstalledModel, options: AskOptions): Promise<BuildAnswer> {
  const { version, signal } = options;
  return answerOf(await findGguf(getSystem().fetch, model.name, { version, signal }), model, options);
}

/** The MLX builds of a model with fewer bytes of weights than the installed one, with what their files tell. It never throws. */
export async function askForSmallerMlx(
  model: InstalledModel,
  weightBytes: number,
  options: AskOptions,
): Promise<MlxBuilds> {
  const { version, signal } = options;
  const asked = { name: model.name, weightBytes };
  const { found, unchecked } = await findSmallerMlx(getSystem().fetch, asked, { version, signal });
  const published: PublishedBuild[] = [];
  for (const each of found) published.push(await described(each, model, options));
  return { published, unchecked };
}

/**
 * Smaller quantizations of a GGUF model, by name. Their headers are read one by one, the best first, until one is enough:
 * of the others the weights are known. It never throws.
 */
export async function askForSmaller(
  search: BuildSearch,
  isEnough: (quantization: string, build: PublishedBuild) => boolean,
  options: AskOptions,
): Promise<ReadonlyMap<string, BuildAnswer>> {
  const { version, signal } = options;
  const answers = new Map<string, BuildAnswer>();
  const found = await findSmallerBuilds(getSystem().fetch, search, { version, signal });
  let isDone = false;
  for (const quantization of search.quantizations) {
    const first = found.get(quantization);
    if (first === undefined) continue;
    const answer: BuildAnswer = isDone
      ? answerWithoutHeader(first, search.model)
      : await answerOf(first, search.model, options);
    isDone ||= answer.kind === "published" && isEnough(quantization, answer);
    answers.set(quantization, answer);
  }
  return answers;
}

async function answerOf(first: FirstTag, model: InstalledModel, options: AskOptions): Promise<BuildAnswer> {
  return first.kind === "found" ? { kind: "published", ...(await described(first, model, options)) } : first;
}

function answerWithoutHeader(first: FirstTag, model: InstalledModel): BuildAnswer {
  return first.kind === "found" ? { kind: "published", ...publishedBuild(first, model) } : first;
}

/** What was read of a build before counts again: its digest names every byte of it. */
async function described(found: FoundTag, installed: InstalledModel, options: AskOptions): Promise<PublishedBuild> {
  const build = publishedBuild(found, installed);
  const place = new URL(found.tag.repository).origin;
  const stored = storedDescription(build.model, place);
  if (stored !== undefined) return { ...build, description: stored };
  const description = await describeBuild(getSystem().fetch, found.tag, options);
  if (!("kind" in description)) {
    const shared = withSharedTensors(description);
    if (hasSizes(shared)) storeDescription(build.model, place, shared);
    return { ...build, description: shared };
  }
  if (description.kind === "mlx") storeDescription(build.model, place, description);
  return { ...build, description };
}
