/** Writes the tables of keys into docs/worlds.md: `npm run -s world-docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withKeyTables } from "../test/worlds/support/docs";

const path = fileURLToPath(new URL("../docs/worlds.md", import.meta.url));
writeFileSync(path, withKeyTables(readFileSync(path, "utf8")));
