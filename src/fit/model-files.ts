import type { DescriptionResult, InstalledModel, LoadedModel } from "./facts";
import { modelKey } from "./model-name";
import type { JudgeInput } from "./verdict";

/**
 * A name for the file of each model, equal where two may run the same one. The file itself says it; where a server does
 * not name it, the parent stands for it.
 */
export function modelFiles(inputs: readonly Pick<JudgeInput, "model" | "description">[]): readonly string[] {
  const labels = inputs.map(({ model, description }) => {
    // Two builds of one name are two files; what was made from a name has the format of its own build.
    const program = model.format === "safetensors" ? "MLX model" : "model";
    const own = `${program} ${modelKey(model.name)}`;
    const file = "kind" in description ? undefined : description.weightsFile;
    const parent = model.parentModel ?? ("kind" in description ? undefined : description.parentModel);
    const origin = parent === undefined ? own : `${program} ${modelKey(parent)}`;
    return [own, `digest ${model.digest}`, file === undefined ? origin : `file ${file}`];
  });
  // Whoever shares a label shares the file, also by way of a third.
  const leader = labels.map((_, index) => index);
  const leaderOf = (index: number): number => {
    const above = leader[index] ?? index;
    return above === index ? index : leaderOf(above);
  };
  const holders = new Map<string, number>();
  for (const [index, own] of labels.entries()) {
    for (const label of own) {
      const holder = holders.get(label);
      if (holder === undefined) holders.set(label, index);
      else leader[leaderOf(index)] = leaderOf(holder);
    }
  }
  return labels.map((_, index) => String(leaderOf(index)));
}

/**
 * What is loaded, as each model sees it: marked where it runs that model's own file. A model without a description yet
 * isn't marked.
 */
export function loadedBeside(
  loaded: readonly LoadedModel[],
  models: readonly { readonly model: InstalledModel; readonly description: DescriptionResult | undefined }[],
): (model: InstalledModel) => readonly LoadedModel[] {
  if (loaded.length === 0) return () => loaded;
  const known = models.flatMap(({ model, description }) => (description === undefined ? [] : [{ model, description }]));
  const labels = modelFiles(known);
  const files = new Map(known.map(({ model }, index) => [model.digest, labels[index]]));
  return ({ digest }) =>
    loaded.map((resident) =>
      resident.digest !== digest && files.has(digest) && files.get(resident.digest) === files.get(digest)
        ? { ...resident, sharesFile: true }
        : resident,
    );
}
