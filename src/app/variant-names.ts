import type { ModelDescription } from "../fit/facts";
import { modelKey, sameModel, variantName } from "../fit/model-name";
import type { FitRow } from "./judge-rows";

/** Gives a variant of a model at a context its name. */
export type VariantNamer = (source: string, numCtx: number) => string;

/** What is known of a model's file and parameters; undefined where that isn't read. */
export function describedIn({ input }: Pick<FitRow, "input">): ModelDescription | undefined {
  const description = input?.description;
  return description === undefined || "kind" in description ? undefined : description;
}

/** Keys of the names that other models have: a variant takes none of them. One made of the model itself may be replaced. */
export function namesTaken(row: FitRow, rows: readonly FitRow[]): readonly string[] {
  return rows.flatMap((other) => (isMadeOf(other, row) ? [] : [modelKey(other.model.name)]));
}

/** Suggests names for variants: the usual one, else the first with a number that's not taken. */
export function variantNamer(taken: readonly string[]): VariantNamer {
  const keys = new Set(taken);
  return (source, numCtx) => {
    for (let count = 1; ; count += 1) {
      const name = variantName(source, numCtx, count);
      if (!keys.has(modelKey(name))) return name;
    }
  };
}

function isMadeOf(other: FitRow, row: FitRow): boolean {
  const parent = other.model.parentModel ?? describedIn(other)?.parentModel;
  const file = describedIn(row)?.weightsFile;
  return (
    other.model.digest === row.model.digest ||
    (parent !== undefined && sameModel(parent, row.model.name)) ||
    (file !== undefined && file === describedIn(other)?.weightsFile)
  );
}
