import type { InstalledModel, LoadedModel } from "./facts";
import { sameModel } from "./model-name";
import { type ModelRunner, RUNNER_TITLES } from "./model-runner";

/** Which build of a model is meant; without a runner whichever Ollama chooses for the name. */
export interface BuildName {
  readonly name: string;
  readonly runner?: ModelRunner;
}

/** A text that no other listed build has: from 0.40 on names aren't, and copies share a digest. */
export function buildKey({ name, digest }: Pick<InstalledModel, "name" | "digest">): string {
  return `${name}@${digest}`;
}

/** What a list or a dropdown calls a build: its name, where no other build has it. */
export function buildId(model: Pick<InstalledModel, "name" | "digest" | "sharesName">): string {
  return model.sharesName ? buildKey(model) : model.name;
}

/**
 * Whether two runners are the same program: Ollama says `llamacpp` of what is loaded also where the file's manifest says
 * `ggml` (server/sched.go). A runner that isn't told could be either.
 */
export function sameProgram(a: ModelRunner | undefined, b: ModelRunner | undefined): boolean {
  return a === undefined || b === undefined || (a === "mlx") === (b === "mlx");
}

/** Whether both spellings and runners mean one build. */
export function sameBuild(a: BuildName, b: BuildName): boolean {
  return sameModel(a.name, b.name) && sameProgram(a.runner, b.runner);
}

/** Whether a build has this digest, or had it before Ollama converted its file. */
export function isOrWas({ digest, backup }: Pick<InstalledModel, "digest" | "backup">, before: string): boolean {
  return digest === before || backup?.digest === before;
}

/**
 * The listed build that a loaded model is: by digest, of its own name first; else by name and runner, where only one
 * comes into question.
 */
export function buildOf(
  loaded: Pick<LoadedModel, "name" | "digest" | "runner">,
  models: readonly InstalledModel[],
): InstalledModel | undefined {
  const ofDigest = models.filter(({ digest }) => digest === loaded.digest);
  const own = ofDigest.find(({ name }) => sameModel(name, loaded.name)) ?? ofDigest[0];
  if (own !== undefined) return own;
  const [only, ...others] = models.filter((model) => sameBuild(model, loaded));
  return others.length === 0 ? only : undefined;
}

/**
 * What is loaded, under the digests that the list of models has: those of a converted model, or of the manifest list
 * above a build, are matched by name and runner.
 */
export function withListedDigests(
  loaded: readonly LoadedModel[],
  models: readonly InstalledModel[],
): readonly LoadedModel[] {
  return loaded.map((resident) => {
    const digest = buildOf(resident, models)?.digest;
    return digest === undefined || digest === resident.digest ? resident : { ...resident, digest };
  });
}

/** Whether a build is the GGUF one of the name that another build has. */
export function isGgufBuildOf(model: InstalledModel, other: InstalledModel): boolean {
  return model.format === "gguf" && sameModel(model.name, other.name);
}

/** Its name for people, with the runner where the name alone could be another build. */
export function buildTitle({ name, runner, sharesName }: InstalledModel): string {
  return sharesName && runner !== undefined ? `${name} (${RUNNER_TITLES[runner]})` : name;
}

/**
 * What a FROM line or a request has to say so that this very build is meant: its name, or where another build has the
 * same, its digest behind its runner (server/model_resolver.go): a name alone is the MLX build on a Mac.
 */
export function buildReference({ name, digest, runner, sharesName }: InstalledModel): string {
  return sharesName && runner !== undefined ? `${runner}:${digest}` : name;
}
