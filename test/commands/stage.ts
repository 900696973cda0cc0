/** A Mac with an Ollama server on stage, for the tests of the commands that show models. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { System } from "../../src/app/system";
import { footprintOf } from "../stand-ins/footprint";
import { joinOllama } from "../stand-ins/joined";
import { createSampleMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { startStandInOllama, type StandInOllama, type StandInOptions } from "../stand-ins/ollama";
import { setPreferences } from "../support";

export interface Stage {
  readonly ollama: StandInOllama;
  readonly mac: StandInMac;
  readonly system: System;
  readonly homeFolder: string;
}

export interface StageOptions {
  readonly ollama?: StandInOptions;
  readonly mac?: Partial<StandInMacOptions>;
  readonly system?: Partial<System> & { readonly exists?: (path: string) => Promise<boolean> };
  readonly preferences?: Readonly<Record<string, unknown>>;
}

/**
 * A 64 GB M4 Pro whose Ollama app logs its settings; the preferences name the server's address. The server goes down and
 * comes up with its process. Ends with the test.
 */
export async function setStage({ ollama, mac, system, preferences }: StageOptions = {}): Promise<Stage> {
  const homeFolder = await mkdtemp(join(tmpdir(), "gpu-limit-home-"));
  // The limit is the Mac's, which is there once the server's port is known.
  const limitBytes = () => standInMac.limitBytes();
  const server = await startStandInOllama({
    homeFolder,
    footprint: (model, numCtx) =>
      footprintOf(model, numCtx, { limitBytes: limitBytes(), version: ollama?.version, env: ollama?.env }),
    ...ollama,
  });
  onTestFinished(async () => {
    await server.close();
    await rm(homeFolder, { recursive: true, force: true });
  });
  const standInMac: StandInMac = createSampleMac({ homeFolder, ollamaAddress: `127.0.0.1:${server.port}`, ...mac });
  const joined = joinOllama(standInMac, { server, env: ollama?.env });
  // Goes first: a server that still comes up logs into the home folder.
  onTestFinished(joined.settled);
  setPreferences({ ollamaHost: server.url, ...preferences });
  return {
    ollama: server,
    mac: standInMac,
    system: standInMac.system({ homeFolder, fetch: joined.fetch, ...system }),
    homeFolder,
  };
}

/** A stage whose server stands behind a name that is not this Mac's. */
export async function setRemoteStage({ preferences, ...options }: StageOptions = {}): Promise<Stage> {
  const stage = await setStage(options);
  const url = "http://studio.local:11434";
  const toStandIn: typeof fetch = (input, init) =>
    fetch(String(input instanceof Request ? input.url : input).replace(url, stage.ollama.url), init);
  setPreferences({ ollamaHost: url, ...preferences });
  return { ...stage, system: { ...stage.system, fetch: toStandIn } };
}

/** How often a route was asked. */
export function asked(ollama: StandInOllama, route: string): number {
  return ollama.requests.filter((request) => request.route === route).length;
}

/** A command of Ollama's for the stage's server, which isn't at the usual address. */
export function cli({ url }: Pick<StandInOllama, "url">, command: string): string {
  return `OLLAMA_HOST=${url} ollama ${command}`;
}
