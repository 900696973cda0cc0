import { modelFiles } from "../../fit/model-files";
import { sameModel, variantName } from "../../fit/model-name";
import { contextOf, type Verdict, type VerdictKind } from "../../fit/verdict";
import type { FitRow } from "../shared/use-fit-list";
import { keysIn } from "../../fit/keys-in";

/** A model with the variants of it that are installed, largest context first. */
export interface ModelGroup {
  readonly row: FitRow;
  readonly variants: readonly FitRow[];
}

/** Places of the sections: what needs help comes first, the nearest to a fit last of them. */
const PLACES: Readonly<Record<VerdictKind, number>> = {
  "wont-load": 0,
  fails: 1,
  over: 2,
  spills: 3,
  "too-big": 4,
  tight: 5,
  unknown: 6,
  fits: 7,
};

/** The sections of the list, in their order. */
export const SECTIONS = keysIn(PLACES).toSorted((a, b) => PLACES[a] - PLACES[b]);

/** Models with their variants below them. A variant runs its parent's file, and has a context of its own. */
export function groupModels(rows: readonly FitRow[]): readonly ModelGroup[] {
  const parents = parentsOf(rows);
  const groups = new Map<FitRow, FitRow[]>();
  for (const row of rows) {
    const root = rootOf(row, parents);
    const others = groups.get(root) ?? [];
    groups.set(root, row === root ? others : [...others, row]);
  }
  return rows.flatMap((row) => {
    const variants = groups.get(row);
    return variants === undefined ? [] : [{ row, variants: variants.toSorted((a, b) => tokensOf(b) - tokensOf(a)) }];
  });
}

/** The variant that runs where its model doesn't: the one that fits with the largest context. */
export function variantInstead({ row, variants }: ModelGroup): FitRow | undefined {
  return isGood(row.verdict) ? undefined : variants.find(({ verdict }) => isGood(verdict));
}

const isGood = (verdict: Verdict | undefined) => verdict?.kind === "fits";

const tokensOf = ({ verdict }: FitRow) => (verdict && contextOf(verdict)?.value) ?? 0;

function parentsOf(rows: readonly FitRow[]): ReadonlyMap<FitRow, FitRow> {
  const described = rows.flatMap((row) => (row.input === undefined ? [] : [{ row, input: row.input }]));
  const files = modelFiles(described.map(({ input }) => input));
  const ofFile = new Map<string, FitRow[]>();
  for (const [index, { row }] of described.entries()) {
    const file = files[index] ?? "";
    const others = ofFile.get(file) ?? [];
    others.push(row);
    ofFile.set(file, others);
  }
  return new Map(
    described.flatMap(({ row, input: { model, description } }, index) => {
      const numCtx = "kind" in description ? undefined : description.parameters.numCtx;
      if ("kind" in description || numCtx === undefined) return [];
      const named = model.parentModel ?? description.parentModel;
      const parent = ofFile
        .get(files[index] ?? "")
        ?.find(
          (other) =>
            other !== row &&
            ((named !== undefined && sameModel(other.model.name, named)) ||
              sameModel(variantName(other.model.name, numCtx), model.name)),
        );
      return parent === undefined ? [] : [[row, parent] as const];
    }),
  );
}

/** A variant of a variant belongs to the model they both come from. */
function rootOf(row: FitRow, parents: ReadonlyMap<FitRow, FitRow>): FitRow {
  const seen = new Set<FitRow>();
  let root = row;
  for (let above = parents.get(root); above !== undefined && !seen.has(above); above = parents.get(root)) {
    seen.add(above);
    root = above;
  }
  return root;
}
