import { expect, it } from "vitest";
import { badWords } from "../support/banned-words";
import { playWorld, worldNames, worldPath } from "./support/run-world";

it.each(worldNames())("%s", async (name) => {
  const { world, seen, problems } = await playWorld(worldPath(name));
  const shown = [...seen.views.map(({ text }) => text), ...seen.alerts, ...seen.toasts, ...seen.huds];
  expect(shown.flatMap(badWords)).toEqual([]);
  if (!world.fails) return expect(problems.join("\n\n")).toBe("");
  if (problems.length === 0) {
    throw new Error(`What ${name} expects is met now: remove "fails": true from test/worlds/${name}.json`);
  }
});
