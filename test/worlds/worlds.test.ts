import { expect, it } from "vitest";
import { playWorld, worldNames, worldPath } from "./support/run-world";

it.each(worldNames())("%s", async (name) => {
  const { world, problems } = await playWorld(worldPath(name));
  if (!world.fails) return expect(problems.join("\n\n")).toBe("");
  if (problems.length === 0) {
    throw new Error(`What ${name} expects is met now: remove "fails": true from test/worlds/${name}.json`);
  }
});
