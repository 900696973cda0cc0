import { expect, it } from "vitest";
import { badWords } from "../support/banned-words";
import { capPromises, isMlxAlone } from "./support/cap-words";
import { openEach } from "./support/every-screen";
import { playWorld, worldNames, worldPath } from "./support/run-world";
import { readWorld } from "./support/schema";
import { nothingSeen, type Seen, watcher } from "./support/seen";

it.each(worldNames())("%s", async (name) => {
  const opened = nothingSeen();
  const { world, seen, problems } = await playWorld(worldPath(name), {
    // What no command may promise there has to be looked for in each.
    afterwards: async (world, built) => {
      if (isMlxAlone(world)) await openEach(built, watcher(opened));
    },
  });
  expect(shownIn(seen).flatMap(badWords)).toEqual([]);
  if (isMlxAlone(world)) {
    const text = [...new Set([...shownIn(seen), ...shownIn(opened)])].join("\n");
    expect(capPromises(text)).toEqual([]);
    if (world.steps.some((step) => step.includes("Check with a Real Request"))) expect(text).toContain("Prompt Length");
  }
  if (!world.fails) return expect(problems.join("\n\n")).toBe("");
  if (problems.length === 0) {
    throw new Error(`What ${name} expects is met now: remove "fails": true from test/worlds/${name}.json`);
  }
});

it("finds a promised cap, and worlds where none may be", () => {
  expect(capPromises("Use the 32K\ncontext")).toHaveLength(1);
  expect(capPromises("It runs with num_ctx as set.")).toHaveLength(1);
  expect(capPromises("The MLX runner ignores num_ctx.")).toEqual([]);
  expect(worldNames().filter((name) => isMlxAlone(readWorld(worldPath(name)))).length).toBeGreaterThan(8);
});

function shownIn({ views, alerts, toasts, huds }: Seen): string[] {
  return [...views.map(({ text }) => text), ...alerts, ...toasts, ...huds];
}
