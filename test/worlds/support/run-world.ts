import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Cache } from "../../stand-ins/raycast/cache";
import { desk, resetRaycast, setPreferences } from "../../stand-ins/raycast/desk";
import { buildWorld, type BuiltWorld } from "./build";
import { problemsOf } from "./check";
import { COMMAND_NAMES, play } from "./play";
import { readWorld, type World } from "./schema";
import { nothingSeen, type Seen, watcher } from "./seen";
import { parseRequest, type Visit, wordsOf } from "./steps";

const FOLDER = fileURLToPath(new URL("..", import.meta.url));

/** The world files of this folder, by name without ".json". */
export function worldNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.replace(/\.json$/, ""))
    .sort();
}

export function worldPath(name: string): string {
  return join(FOLDER, `${name}.json`);
}

/** The steps of a world file as visits to commands. @throws naming the file for a step that makes no sense. */
export function visitsOf(world: World, path: string): readonly Visit[] {
  try {
    return world.steps.length === 0 ? [] : parseRequest(world.steps.flatMap(wordsOf), COMMAND_NAMES).visits;
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

export interface PlayedWorld {
  readonly world: World;
  readonly seen: Seen;
  /** What is not as the file expects, or why it could not be played to its end. */
  readonly problems: readonly string[];
}

/** Leaves in Raycast what earlier sessions of a world stored there. */
export function furnish({ raycast: { stored, cached, diskFull, storageStuck } }: World): void {
  for (const [key, value] of Object.entries(stored)) desk.localStorage.set(key, value);
  for (const [namespace, entries] of Object.entries(cached)) {
    desk.caches.set(`${Cache.STORAGE_DIRECTORY_NAME}/${namespace}`, new Map(Object.entries(entries)));
  }
  desk.isDiskFull = diskFull;
  desk.isStorageStuck = storageStuck;
}

export interface PlayOptions {
  /** Makes another world of the file's. */
  readonly change?: (world: World) => World;
  /** What's done in it once its steps are done and what it expects was looked at. */
  readonly afterwards?: (world: World, built: BuiltWorld) => Promise<void>;
}

/** Plays a world file in a Raycast that was just installed. @throws where the file itself is broken. */
export async function playWorld(path: string, { change, afterwards }: PlayOptions = {}): Promise<PlayedWorld> {
  const read = readWorld(path);
  const world = change?.(read) ?? read;
  const visits = visitsOf(world, path);
  const built = await buildWorld(world, path);
  const seen = nothingSeen();
  try {
    // What was still being read when the world before ended may have been stored since.
    resetRaycast();
    setPreferences(world.preferences);
    furnish(world);
    const failure = await play(visits, built, watcher(seen)).then(
      () => undefined,
      (error: unknown) => error,
    );
    // What a Mac of ours does not know, no expectation may hide.
    const { unknownCommands } = built.mac;
    if (unknownCommands.length > 0)
      throw new Error(`${path}: the stand-in Mac does not know: ${unknownCommands.join("; ")}`);
    const problems = world.expect === undefined ? [] : problemsOf(world.expect, seen, built);
    if (failure === undefined) await afterwards?.(world, built);
    return {
      world,
      seen,
      problems: failure === undefined ? problems : [failure instanceof Error ? failure.message : String(failure)],
    };
  } finally {
    resetRaycast();
    await built.close();
  }
}
