import { sameBuild } from "../../fit/model-builds";
import { sameModel } from "../../fit/model-name";
import type { ModelRunner } from "../../fit/model-runner";
import { type BesideLoaded, ownRunners } from "../../fit/own-runners";
import { isAbsentOr, isName, isRunner } from "../stored-fields";
import type { StepKind, StepsInput } from "./step-kind";

interface Unload {
  readonly kind: "unload";
  readonly name: string;
  /** Which build of the name; absent where nothing tells. */
  readonly runner?: ModelRunner;
}

/** Unloads a model. It loads again when it's used, so there's nothing to take back. */
export const unload: StepKind<Unload> = {
  fields: { name: isName, runner: isAbsentOr(isRunner) },
  leaves: "nothing",
  planned: (input) => {
    const loaded = input.loaded ?? [];
    const leaving = [...(input.option.changes.unload ?? []), ...staleNames({ ...input, loaded })];
    return [...new Set(leaving)].flatMap((name) => {
      const builds = loaded.filter((resident) => sameModel(resident.name, name));
      return builds.length === 0
        ? [{ kind: "unload", name }]
        : builds.map(({ runner }) => ({ kind: "unload", name, runner }));
    });
  },
  title: ({ name }) => `Unloading ${name}`,
  text: ({ name }) => `Unload ${name}.`,
  failedText: ({ name }) => `${name} Wasn't Unloaded`,
  look: async ({ client }, step) =>
    (await client.loaded()).some((resident) => sameBuild(resident, step))
      ? { kind: "as-planned" }
      : { kind: "in-effect", undo: [] },
  run: async ({ client, signal }, { name, runner }) => {
    await client.unload(name, { runner, signal });
    return { kind: "done" };
  },
  undoUnseen: () => [],
};

/** What runs the model's own file sees a new limit only once it's reloaded; a restart unloads it anyway. */
function staleNames({ option, ...beside }: BesideLoaded & Pick<StepsInput, "option">): readonly string[] {
  const { limitMib, kvCacheType } = option.changes;
  if (limitMib === undefined || kvCacheType !== undefined) return [];
  return ownRunners(beside).map(({ name }) => name);
}
