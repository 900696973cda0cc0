import { CHANGE_ROWS } from "./changes";
import type { FaultRow } from "./mutant";
import { STORE_ROWS } from "./stores";
import { WIRE_ROWS } from "./wire";

/** Rows 15 and 16 are figures, which the bench has: how many programs run, how long a plan blocks. */
type Row = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 17;

/**
 * What the product did wrong when it was broken on purpose (November 2026), with each mend and the test that failed before
 * it. A row that's forgotten is a type error.
 */
export const FAULTS: { readonly [R in Row]: FaultRow } = {
  ...CHANGE_ROWS,
  ...STORE_ROWS,
  ...WIRE_ROWS,
};
