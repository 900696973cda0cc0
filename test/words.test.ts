import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { everyScreen } from "./worlds/support/every-screen";

/** The list in docs/words.md: a word or a `/pattern/` a line. */
const banned = (/```banned\n([^]*?)```/.exec(readFileSync("docs/words.md", "utf8"))?.[1] ?? "")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => {
    const pattern = /^\/(.*)\/$/.exec(line)?.[1];
    return pattern === undefined
      ? new RegExp(line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i")
      : new RegExp(pattern, "u");
  });

/** The mark of what Raycast would cut off. */
const CUT = /✂/u;

describe("the words on screen", () => {
  it("are none that docs/words.md bans, and none is cut off, on every screen of the sample and the worlds", async () => {
    expect(banned.length).toBeGreaterThan(10);
    const found: string[] = [];
    for await (const { name, text } of everyScreen()) {
      expect(text.length).toBeGreaterThan(0);
      const flat = text.replace(/\s+/g, " ");
      for (const pattern of [...banned, CUT]) {
        const hit = pattern.exec(flat);
        if (hit) found.push(`${name}: …${flat.slice(Math.max(0, hit.index - 40), hit.index + 60)}…`);
      }
    }
    expect(found).toEqual([]);
  }, 600_000);
});
