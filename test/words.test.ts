import { expect, it } from "vitest";
import { badWords } from "./support/banned-words";
import { everyScreen } from "./worlds/support/every-screen";

it("finds what docs/words.md bans, and what Raycast would cut off", () => {
  expect(badWords("The change was left half-way.")).toHaveLength(1);
  expect(badWords("GPU Limit Is 56.0 GiB: Reload a model to… ✂ 47 more")).toHaveLength(1);
  expect(badWords("Fits with 592 MiB to spare.")).toEqual([]);
});

// What the other worlds show is held against the list where they're played (worlds.test.ts).
it("no screen of the sample shows a banned word, and none is cut off", async () => {
  const found: string[] = [];
  for await (const { name, text } of everyScreen(["sample"])) {
    expect(text.length).toBeGreaterThan(0);
    found.push(...badWords(text).map((place) => `${name}: ${place}`));
  }
  expect(found).toEqual([]);
}, 600_000);
