import { createHash } from "node:crypto";
import type { ModelDescription } from "../fit/facts";
import type { ModelMetadata, TensorInfo } from "../memory/metadata";

/** Things that are the same by their text are one object, for as long as something holds it. */
function sharedByText<T extends object>() {
  const all = new Map<string, WeakRef<T>>();
  return (text: string, make: (text: string) => T): T => {
    const key = createHash("sha256").update(text).digest("base64");
    const known = all.get(key)?.deref();
    if (known !== undefined) return known;
    const made = make(text);
    all.set(key, new WeakRef(made));
    return made;
  };
}

/**
 * Metadata by its stored text: models that run the same file have one object, for which all that follows from it is worked
 * out once.
 */
export const sharedMetadata = sharedByText<ModelMetadata>();

const tensorLists = sharedByText<readonly TensorInfo[]>();

/**
 * The same tensors, in a list that is shared by all models that have just these: those that are tuned from one another.
 * A list takes 40 KB, and Raycast ends a command at 100 MB.
 */
export function sharedTensors(tensors: readonly TensorInfo[]): readonly TensorInfo[] {
  const text = tensors.map(({ name, type, shape }) => `${name}\0${type}\0${shape.join()}\n`).join("");
  return tensorLists(text, () => tensors);
}

/** A description whose tensors are shared. It's the same object where no other model has them yet. */
export function withSharedTensors(description: ModelDescription): ModelDescription {
  const { metadata } = description;
  const tensors = sharedTensors(metadata.tensors);
  return tensors === metadata.tensors ? description : { ...description, metadata: { ...metadata, tensors } };
}
