/** Writes every screen as text, for reading aloud: `npm run -s screens -- [FOLDER] [WORLD...]`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { badWords } from "../test/support/banned-words";
import { everyScreen } from "../test/worlds/support/every-screen";

const [folder = "dist/screens", ...worlds] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
let count = 0;
const found: string[] = [];
for await (const { name, text } of everyScreen(worlds.length > 0 ? worlds : undefined)) {
  writeFileSync(join(folder, `${name.replaceAll(" ", "-")}.txt`), `${text}\n`);
  found.push(...badWords(text).map((place) => `${name}: ${place}\n`));
  count += 1;
}
process.stdout.write(`${count} files in ${folder}\n`);
if (found.length > 0) {
  process.stdout.write(`Words that docs/words.md bans, or texts that Raycast would cut off:\n${found.join("")}`);
  process.exitCode = 1;
}
