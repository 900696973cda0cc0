import type { ModelRunner } from "../../fit/model-runner";
import { formatContext } from "../../fit/units";
import { createVariant as create, lookForVariant, variantOutcomeText } from "../../ollama/variant";
import { isAbsentOr, isName, isPositive, isRunner } from "../stored-fields";
import type { RemoveVariant } from "./remove-variant";
import { installedAfter } from "../../fit/plan/changes";
import type { StepKind, StepsInput } from "./step-kind";

interface CreateVariant {
  readonly kind: "create-variant";
  readonly source: string;
  /** Which build of the source's name; absent where nothing tells. */
  readonly sourceRunner?: ModelRunner;
  readonly name: string;
  readonly numCtx: number;
  /** Digest of the model of that name, with another context or of another file, that it takes the place of. */
  readonly replaces?: string;
}

/** Creates a variant of a model with a smaller context; it shares the weights. */
export const createVariant: StepKind<CreateVariant, RemoveVariant> = {
  fields: {
    source: isName,
    sourceRunner: isAbsentOr(isRunner),
    name: isName,
    numCtx: isPositive,
    replaces: isAbsentOr(isName),
  },
  leaves: {
    unsureText: () => "The Variant May Have Been Created",
    doneText: ({ source, name, numCtx }) =>
      `${name} has a context of ${formatContext(numCtx)} and shares the weights of ${source}.`,
  },
  planned: (input) => {
    const { numCtx } = input.option.changes;
    if (numCtx === undefined) return [];
    const name = modelAfter(input);
    const there = input.existing(name);
    // Made earlier of the same file with the very same context: nothing to create.
    if (there?.sharesFile && there.numCtx === numCtx) return [];
    const { name: source, runner: sourceRunner } = installedAfter(input.option.changes, input.model);
    return [{ kind: "create-variant", source, sourceRunner, name, numCtx, replaces: there?.digest }];
  },
  title: ({ name }) => `Creating ${name}`,
  text: ({ name, numCtx, replaces }) =>
    replaces === undefined
      ? `Create ${name} with a context of ${formatContext(numCtx)}.`
      : `Replace ${name}, made earlier of the same model, with one that has a context of ${formatContext(numCtx)}.`,
  failedText: () => "The Variant Wasn't Created",
  look: async ({ client }, step) => {
    const { name, replaces } = step;
    const seen = await lookForVariant(client, step);
    switch (seen.kind) {
      case "absent":
        return { kind: "as-planned" };
      case "as-asked":
        return { kind: "in-effect", undo: back(step, { digest: seen.digest }) };
      case "another": {
        if (seen.digest === replaces) return { kind: "as-planned" };
        const undo = seen.sharesFile ? back(step, { digest: seen.digest }) : [];
        return { kind: "other", reason: `By now ${name} is another model, so it was left alone.`, undo };
      }
    }
  },
  run: async ({ client, signal, pause }, step) => {
    const outcome = await create(client, { ...step, signal, pause });
    if (outcome.kind === "created") return { kind: "done" };
    const reason = outcome.kind === "unclear" ? outcome.reason : `${variantOutcomeText(outcome)}.`;
    return { kind: outcome.kind === "cancelled" ? "cancelled" : "failed", reason };
  },
  undoUnseen: (step) => {
    const { source, sourceRunner, numCtx } = step;
    return back(step, { source, sourceRunner, numCtx });
  },
};

/** A model that was replaced is gone: nothing brings it back. */
function back({ name, replaces }: CreateVariant, made: RemoveVariant["made"]): readonly RemoveVariant[] {
  return replaces === undefined ? [{ kind: "remove-variant", name, made }] : [];
}

/** The model that runs once an option is applied: the one it is for, or the variant that is made of it. */
export function modelAfter(input: StepsInput): string {
  const { numCtx } = input.option.changes;
  const { name } = installedAfter(input.option.changes, input.model);
  return numCtx === undefined ? name : input.variantName(name, numCtx);
}
