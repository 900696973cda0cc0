import { type ExistingTag, readTag, type TagOptions } from "./read-tag";

/** A tag that stands for what was looked for, and its name. */
export interface FoundTag {
  readonly kind: "found";
  readonly name: string;
  readonly tag: ExistingTag;
}

/** The first of some names that stands for what was looked for; "unchecked" where a registry didn't say. */
export type FirstTag =
  FoundTag | { readonly kind: "missing" } | { readonly kind: "unchecked"; readonly reason: string };

/** Asks for each name in turn until one exists and is accepted. It never throws. */
export async function firstTag(
  fetch: typeof globalThis.fetch,
  names: readonly string[],
  options: TagOptions,
  accepts: (tag: ExistingTag) => boolean,
): Promise<FirstTag> {
  let unchecked: string | undefined;
  for (const name of names) {
    if (options.signal?.aborted) return { kind: "unchecked", reason: "stopped" };
    const state = await readTag(fetch, name, options);
    switch (state.kind) {
      case "exists":
        if (accepts(state)) return { kind: "found", name, tag: state };
        break;
      case "too-new":
        unchecked = `${name} asks for a newer Ollama`;
        break;
      case "unknown":
        unchecked = state.reason.replace(/\.$/, "");
        break;
      case "missing":
        break;
    }
  }
  return unchecked === undefined ? { kind: "missing" } : { kind: "unchecked", reason: unchecked };
}
