import { onTestFinished } from "vitest";
import { setSystem } from "../../src/app/system";
import { setPreferences } from "../support";
import { buildWorld, type BuiltWorld } from "../worlds/support/build";
import { worldPath } from "../worlds/support/run-world";
import { readWorld } from "../worlds/support/schema";

/** Puts a world up for the tools until the test ends. */
export async function inWorld(name: string): Promise<BuiltWorld> {
  const path = worldPath(name);
  const world = readWorld(path);
  const built = await buildWorld(world, path);
  onTestFinished(() => built.close());
  setPreferences(world.preferences);
  setSystem(built.system);
  return built;
}

/** What a tool answers, as an assistant gets it. */
export const asJson = (answer: unknown): Record<string, unknown> =>
  JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
