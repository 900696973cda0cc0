import type { JudgeInput } from "./verdict";

/**
 * A name for the file of each model, equal where two may run the same one. The file itself says it; where a server does
 * not name it, the parent stands for it.
 */
export function modelFiles(inputs: readonly Pick<JudgeInput, "model" | "description">[]): readonly string[] {
  const labels = inputs.map(({ model, description }) => {
    const own = `model ${fullName(model.name)}`;
    const file = "kind" in description ? undefined : description.weightsFile;
    const parent = model.parentModel ?? ("kind" in description ? undefined : description.parentModel);
    const origin = parent === undefined ? own : `model ${fullName(parent)}`;
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

/** As Ollama compares names: without case, "latest" where no tag is given. */
function fullName(name: string): string {
  return (/:[^/]*$/.test(name) ? name : `${name}:latest`).toLowerCase();
}
