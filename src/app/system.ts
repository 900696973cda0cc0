import { homedir } from "node:os";
import { execaRunner } from "../mac/execa-runner";
import type { Runner } from "../mac/runner";

/** Everything a command reaches outside itself. Tests and the preview put their own in its place. */
export interface World {
  readonly run: Runner;
  readonly fetch: typeof fetch;
  /** As `process.platform` and `process.arch` name them. */
  readonly platform: string;
  readonly arch: string;
  readonly homeFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Does some work once after a while; what it gives back takes that back. Default: a timer. */
  readonly later?: (milliseconds: number, work: () => void) => () => void;
}

let world: World | undefined;

/** The world the commands act on: this Mac, unless {@link setWorld} put another in its place. */
export function getWorld(): World {
  world ??= {
    run: execaRunner,
    fetch: globalThis.fetch,
    platform: process.platform,
    arch: process.arch,
    homeFolder: homedir(),
    env: process.env,
    now: () => new Date(),
  };
  return world;
}

/** Does some work once after a while, by the world's clock where it has one; the answer takes it back. */
export function later({ later: own }: World, milliseconds: number, work: () => void): () => void {
  if (own) return own(milliseconds, work);
  const timer = setTimeout(work, milliseconds);
  return () => clearTimeout(timer);
}

/** Puts another world in place, or with undefined this Mac again. */
export function setWorld(other: World | undefined): void {
  world = other;
}
