/** Writes the tables of docs/worlds.md and docs/faults.md: `npm run -s world-docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withKeyTables } from "../test/worlds/support/docs";
import { withFaultTable } from "../test/worlds/support/faults";

for (const [page, renew] of [
  ["worlds", withKeyTables],
  ["faults", withFaultTable],
] as const) {
  const path = fileURLToPath(new URL(`../docs/${page}.md`, import.meta.url));
  writeFileSync(path, renew(readFileSync(path, "utf8")));
}
