import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WORDS = fileURLToPath(new URL("../../docs/words.md", import.meta.url));

/** The list in docs/words.md: a word or a `/pattern/` a line. */
const BANNED = (/```banned\n([^]*?)```/.exec(readFileSync(WORDS, "utf8"))?.[1] ?? "")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => {
    const pattern = /^\/(.*)\/$/.exec(line)?.[1];
    return pattern === undefined
      ? new RegExp(line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i")
      : new RegExp(pattern, "u");
  });
if (BANNED.length < 10) throw new Error("docs/words.md has lost its list of banned words.");

/** The mark of what Raycast would cut off. */
const CUT = /✂/u;

/** Where a text holds words that docs/words.md bans, or is cut off: the places, with what's around them. */
export function badWords(text: string): readonly string[] {
  const flat = text.replace(/\s+/g, " ");
  return [...BANNED, CUT].flatMap((pattern) => {
    const hit = pattern.exec(flat);
    return hit ? [`…${flat.slice(Math.max(0, hit.index - 40), hit.index + 60)}…`] : [];
  });
}
