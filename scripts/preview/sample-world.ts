/**
 * The world that the preview shows where there is no Mac: the stand-in Mac and the stand-in Ollama server of the
 * tests, with a home folder that holds nothing but Ollama's log.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { System } from "../../src/app/system";
import { footprintOf } from "../../test/stand-ins/footprint";
import { joinOllama } from "../../test/stand-ins/joined";
import { createSampleMac } from "../../test/stand-ins/mac";
import { startStandInOllama } from "../../test/stand-ins/ollama";

/** Where Ollama listens on a real Mac; here the stand-in answers in its place. */
const OLLAMA_URL = "http://127.0.0.1:11434";
const RAM_GIB = 64;

export interface SampleWorld {
  readonly system: System;
  /** What is shown, for people. */
  readonly label: string;
  close(): Promise<void>;
}

/** Builds the sample. Nothing in it reaches the machine it runs on, but for a temporary folder and a loopback port. */
export async function sampleWorld(): Promise<SampleWorld> {
  const homeFolder = await mkdtemp(join(tmpdir(), "gpu-limit-sample-"));
  const mac = createSampleMac();
  const server = await startStandInOllama({
    homeFolder,
    totalVramBytes: mac.limitBytes(),
    footprint: (model, numCtx) => footprintOf(model, numCtx, { limitBytes: mac.limitBytes() }),
  });

  const joined = joinOllama(mac, { server });
  const sampleFetch: typeof fetch = async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    if (!address.startsWith(`${OLLAMA_URL}/`)) {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    }
    const there = server.url + address.slice(OLLAMA_URL.length);
    return joined.fetch(input instanceof Request ? new Request(there, input) : there, init);
  };

  return {
    label: `${RAM_GIB} GB M4 Pro with macOS 26.6.1 and Ollama 0.33.0; nothing here is your machine`,
    system: mac.system({ homeFolder, fetch: sampleFetch }),
    close: async () => {
      await joined.settled();
      await server.close();
      await rm(homeFolder, { recursive: true, force: true });
    },
  };
}
