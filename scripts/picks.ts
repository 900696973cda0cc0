/** Writes src/fit/picks/picks-table.ts: `npm run picks`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATE, pickRows } from "./pick-rows";

const text = [
  'import type { PickRow } from "./pick-row";',
  "",
  "/** When the models below were chosen. */",
  `export const PICKS_DATE = ${JSON.stringify(DATE)};`,
  "",
  "/** What may be recommended, the best first. Written by `npm run picks`. */",
  `export const PICKS: readonly PickRow[] = ${JSON.stringify(pickRows())};`,
  "",
].join("\n");
writeFileSync(join(process.cwd(), "src", "fit", "picks", "picks-table.ts"), text);
