import { sameModel } from "../../fit/model-name";
import { isName, isPositive } from "../stored-fields";
import type { ChangeSystem, StepKind } from "./step-kind";

export interface RemoveVariant {
  readonly kind: "remove-variant";
  readonly name: string;
  readonly numCtx: number;
}

/** Deletes a variant that a change has made; only undoing needs it. */
export const removeVariant: StepKind<RemoveVariant> = {
  fields: { name: isName, numCtx: isPositive },
  leavesSomething: true,
  planned: () => [],
  title: ({ name }) => `Deleting ${name}`,
  text: ({ name }) => `Delete the variant ${name}. Its weights stay with the model it was made from.`,
  failedText: () => "The Variant Wasn't Deleted",
  isInEffect,
  run: async (system, step) => {
    const { client } = system;
    // Somebody may have put another model in its place.
    if ((await client.show(step.name)).parameters.numCtx !== step.numCtx) {
      return { kind: "failed", reason: `${step.name} has a different context now, so it was left alone.` };
    }
    await client.remove(step.name);
    return (await isInEffect(system, step))
      ? { kind: "done" }
      : { kind: "failed", reason: `${step.name} is still there.` };
  },
  undo: () => [],
};

async function isInEffect({ client }: ChangeSystem, { name }: RemoveVariant): Promise<boolean> {
  return !(await client.models()).some((model) => sameModel(model.name, name));
}
