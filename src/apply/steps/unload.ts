import { sameModel } from "../../fit/model-name";
import { ownRunners } from "../../fit/own-runners";
import { isName } from "../stored-fields";
import type { StepKind, StepsInput } from "./step-kind";

interface Unload {
  readonly kind: "unload";
  readonly name: string;
}

/** Unloads a model. It loads again by itself when it is used, so that there is nothing to take back. */
export const unload: StepKind<Unload> = {
  fields: { name: isName },
  leaves: "nothing",
  planned: (input) => {
    const leaving = [...(input.option.changes.unload ?? []), ...staleNames(input)];
    return [...new Set(leaving)].map((name) => ({ kind: "unload", name }));
  },
  title: ({ name }) => `Unloading ${name}`,
  text: ({ name }) => `Unload ${name}.`,
  failedText: ({ name }) => `${name} Wasn't Unloaded`,
  look: async ({ client }, step) =>
    (await client.loaded()).some(({ name }) => sameModel(name, step.name))
      ? { kind: "as-planned" }
      : { kind: "in-effect", undo: [] },
  run: async ({ client, signal }, { name }) => {
    await client.unload(name, { signal });
    return { kind: "done" };
  },
  undoUnseen: () => [],
};

/** What runs the model's own file sees a new limit only once it's reloaded; a restart unloads it anyway. */
function staleNames(input: StepsInput): readonly string[] {
  const { limitMib, kvCacheType } = input.option.changes;
  if (limitMib === undefined || kvCacheType !== undefined) return [];
  return ownRunners(input).map(({ name }) => name);
}
