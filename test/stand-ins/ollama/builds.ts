import type { Abilities } from "./abilities";
import { digestOf, type StandInModel } from "./model";
import { keyOf } from "./names";

export type Runner = "mlx" | "llamacpp" | "ggml";

/** As a Mac prefers them. */
const PREFERENCE: readonly Runner[] = ["mlx", "llamacpp", "ggml"];

/** The runner of a build: of its manifest, else as its format says. */
export function runnerOf(model: StandInModel): Runner | undefined {
  if (model.runner !== undefined) return model.runner;
  if (model.format === "safetensors") return "mlx";
  return model.format === "gguf" ? "ggml" : undefined;
}

/** All builds of a name, the one that a Mac would choose first. */
export function buildsOf(models: Iterable<StandInModel>, name: string): readonly StandInModel[] {
  const rank = (model: StandInModel) => PREFERENCE.indexOf(runnerOf(model) ?? "ggml");
  return [...models].filter((model) => keyOf(model.name) === keyOf(name)).sort((a, b) => rank(a) - rank(b));
}

/** The build that a digest names, alone or behind its runner; undefined where that's no digest. */
export function byDigest(models: Iterable<StandInModel>, reference: string): StandInModel | undefined {
  const hex = /^(?:(?:mlx|llamacpp|ggml):|sha256[:-])?([0-9a-f]{12,64})$/.exec(reference)?.[1];
  return hex === undefined ? undefined : [...models].find((model) => digestOf(model).startsWith(hex));
}

/** Rows of `/api/tags`: names and builds, what was converted also under its second name, or only the newer of two. */
export function listedBuilds(models: readonly StandInModel[], can: Abilities): readonly StandInModel[] {
  const isConverted = (model: StandInModel) =>
    runnerOf(model) === "llamacpp" && buildsOf(models, model.name).some((other) => runnerOf(other) === "ggml");
  const isBackup = (model: StandInModel) =>
    runnerOf(model) === "ggml" && buildsOf(models, model.name).some((other) => runnerOf(other) === "llamacpp");
  if (!can.runners) return models;
  if (can.hidesBackups) return models.filter((model) => !isBackup(model));
  const shadows = models.filter(isConverted).map((model) => ({ ...model, shownAs: `llamacpp:${digestOf(model)}` }));
  return [...shadows, ...models];
}

/** `manifests` of show: only where there's a choice. */
export function manifestSummaries(builds: readonly StandInModel[], selected: StandInModel): readonly object[] {
  if (builds.length < 2) return [];
  return builds.map((build) => ({
    digest: `sha256:${digestOf(build)}`,
    runner: runnerOf(build),
    format: build.format,
    ...(build === selected ? { selected: true } : {}),
  }));
}
