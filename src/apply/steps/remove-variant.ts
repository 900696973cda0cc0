import { findVariant, type MadeVariant, removeVariant as remove } from "../../ollama/variant";
import { type Check, isAbsentOr, isName, isPositive, isRunner, isShape } from "../stored-fields";
import type { StepKind } from "./step-kind";

export interface RemoveVariant {
  readonly kind: "remove-variant";
  readonly name: string;
  readonly made: MadeVariant;
}

const isDigest = isShape<Extract<MadeVariant, { digest: string }>>({ digest: isName });
const isRequest = isShape<Extract<MadeVariant, { source: string }>>({
  source: isName,
  sourceRunner: isAbsentOr(isRunner),
  numCtx: isPositive,
});
const isMade: Check<MadeVariant> = (value): value is MadeVariant => isDigest(value) || isRequest(value);

/** Deletes a variant that a change has made, and nothing else; only undoing needs it. */
export const removeVariant: StepKind<RemoveVariant> = {
  fields: { name: isName, made: isMade },
  leaves: {
    unsureText: () => "The Variant May Have Been Deleted",
    doneText: ({ name }) => `${name} is deleted.`,
  },
  planned: () => [],
  title: ({ name }) => `Deleting ${name}`,
  text: ({ name }) => `Delete the variant ${name}. Its weights stay with the model it was made from.`,
  failedText: () => "The Variant Wasn't Deleted",
  look: async ({ client }, { name, made }) => {
    const found = await findVariant(client, name, made);
    switch (found) {
      case "gone":
        return { kind: "in-effect", undo: [] };
      case "made":
        return { kind: "as-planned" };
      case "another":
        return { kind: "other", reason: `${name} was changed since, or Ollama converted it: left alone.`, undo: [] };
    }
  },
  run: async ({ client, pause }, { name, made }) => {
    const outcome = await remove(client, name, made, { pause });
    if (outcome.kind === "failed") return outcome;
    return outcome.kind === "another"
      ? { kind: "failed", reason: `${name} was changed at this moment, so it was left alone.`, isHarmless: true }
      : { kind: "done" };
  },
  undoUnseen: () => [],
};
