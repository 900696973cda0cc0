import { sameModel } from "../../fit/model-name";
import { formatContext } from "../../fit/units";
import { createVariant as create, variantOutcomeText } from "../../ollama/variant";
import { isFlag, isName, isPositive } from "../stored-fields";
import type { RemoveVariant } from "./remove-variant";
import type { StepKind, StepsInput } from "./step-kind";

interface CreateVariant {
  readonly kind: "create-variant";
  readonly source: string;
  readonly name: string;
  readonly numCtx: number;
  /** A model of that name, with another context or of another file, is there. */
  readonly replaces: boolean;
}

/** Creates a variant of a model with a smaller context; it shares the weights. */
export const createVariant: StepKind<CreateVariant, RemoveVariant> = {
  fields: { source: isName, name: isName, numCtx: isPositive, replaces: isFlag },
  leavesSomething: true,
  planned: (input) => {
    const { numCtx } = input.option.changes;
    if (numCtx === undefined) return [];
    const name = modelAfter(input);
    const there = input.existing(name);
    // Made earlier of the same file with the very same context: nothing to create.
    if (there?.sharesFile && there.numCtx === numCtx) return [];
    return [{ kind: "create-variant", source: input.model.name, name, numCtx, replaces: there !== undefined }];
  },
  title: ({ name }) => `Creating ${name}`,
  text: ({ name, numCtx, replaces }) =>
    replaces
      ? `Replace ${name}, a different model with this name, with one that has a context of ${formatContext(numCtx)}.`
      : `Create ${name} with a context of ${formatContext(numCtx)}.`,
  failedText: () => "The Variant Wasn't Created",
  isInEffect: async ({ client }, { name, source, numCtx }) => {
    if (!(await client.models()).some((model) => sameModel(model.name, name))) return false;
    // A model of the same name and context could still be one of another file.
    const [variant, parent] = await Promise.all([client.show(name), client.show(source)]);
    return variant.parameters.numCtx === numCtx && variant.weightsFile === parent.weightsFile;
  },
  run: async ({ client, signal }, { source, name, numCtx, replaces }) => {
    const outcome = await create(client, { source, name, numCtx, overwrite: replaces, signal });
    if (outcome.kind === "created") return { kind: "done" };
    const reason = `${variantOutcomeText(outcome)}.`;
    return { kind: outcome.kind === "cancelled" ? "cancelled" : "failed", reason };
  },
  // A variant that was replaced is gone: nothing brings it back.
  undo: ({ name, numCtx, replaces }) => (replaces ? [] : [{ kind: "remove-variant", name, numCtx }]),
};

/** The model that runs once an option is applied: the one it is for, or the variant that is made of it. */
export function modelAfter({ option, model, variantName }: StepsInput): string {
  const { numCtx } = option.changes;
  return numCtx === undefined ? model.name : variantName(model.name, numCtx);
}
