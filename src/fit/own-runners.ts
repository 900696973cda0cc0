import type { InstalledModel, LoadedModel } from "./facts";

/** A model and what is loaded now, each loaded model marked where it runs this model's file. */
export interface BesideLoaded {
  readonly model: InstalledModel;
  readonly loaded: readonly LoadedModel[];
}

/**
 * What is loaded of a model's own file, under its name or a variant's: Ollama runs one model a file, so the model's next
 * load takes the place of these.
 */
export function ownRunners({ model, loaded }: BesideLoaded): readonly LoadedModel[] {
  return loaded.filter(({ digest, sharesFile }) => digest === model.digest || sharesFile);
}

/** What is loaded of other files: it stays where it is when the model is loaded, as long as Ollama lets it. */
export function otherRunners(beside: BesideLoaded): readonly LoadedModel[] {
  const own = ownRunners(beside);
  return beside.loaded.filter((resident) => !own.includes(resident));
}
