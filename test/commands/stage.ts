/** A Mac with an Ollama server on stage, for the tests of the commands that show models. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { World } from "../../src/ui/world";
import { createSampleMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { startStandInOllama, type StandInOllama, type StandInOptions } from "../stand-ins/ollama";
import { setPreferences } from "../support";

export interface Stage {
  readonly ollama: StandInOllama;
  readonly mac: StandInMac;
  readonly world: World;
  readonly homeFolder: string;
}

export interface StageOptions {
  readonly ollama?: StandInOptions;
  readonly mac?: Partial<StandInMacOptions>;
  readonly world?: Partial<World> & { readonly exists?: (path: string) => Promise<boolean> };
  readonly preferences?: Readonly<Record<string, unknown>>;
}

/** A 64 GB M4 Pro whose Ollama app logs its settings; the preferences name the server's address. Ends with the test. */
export async function setStage({ ollama, mac, world, preferences }: StageOptions = {}): Promise<Stage> {
  const homeFolder = await mkdtemp(join(tmpdir(), "gpu-limit-home-"));
  const server = await startStandInOllama({ homeFolder, ...ollama });
  onTestFinished(async () => {
    await server.close();
    await rm(homeFolder, { recursive: true, force: true });
  });
  const standInMac = createSampleMac(mac);
  setPreferences({ ollamaHost: server.url, ...preferences });
  return { ollama: server, mac: standInMac, world: standInMac.world({ homeFolder, ...world }), homeFolder };
}

/** How often a route was asked. */
export function asked(ollama: StandInOllama, route: string): number {
  return ollama.requests.filter((request) => request.route === route).length;
}
