/**
 * The world that the preview shows where there is no Mac: the stand-in Mac and the stand-in Ollama server of the
 * tests, with a home folder that holds nothing but Ollama's log.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIB } from "../../src/fit/units";
import { expectedReport } from "../../src/fit/verdict";
import { estimate } from "../../src/memory/estimate";
import type { World } from "../../src/ui/world";
import { joinOllama } from "../../test/stand-ins/joined";
import { createSampleMac } from "../../test/stand-ins/mac";
import { type Footprint, type StandInModel, startStandInOllama } from "../../test/stand-ins/ollama";

/** Where Ollama listens on a real Mac; here the stand-in answers in its place. */
const OLLAMA_URL = "http://127.0.0.1:11434";
const RAM_GIB = 64;

export interface SampleWorld {
  readonly world: World;
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
    footprint: (model, numCtx) => footprint(model, numCtx, mac.limitBytes()),
  });

  const joined = joinOllama(mac, server);
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
    world: mac.world({ homeFolder, fetch: sampleFetch }),
    close: async () => {
      await joined.settled();
      await server.close();
      await rm(homeFolder, { recursive: true, force: true });
    },
  };
}

/** Memory of a loading model as our own estimate has it; what llama.cpp does not find room for goes to the CPU. */
function footprint(model: StandInModel, numCtx: number, limit: number): Footprint {
  const metadata = model.weights?.metadata;
  const memory =
    metadata &&
    estimate(metadata, {
      numCtx: Math.min(numCtx, model.contextLength ?? numCtx),
      parallel: 1,
      kvCacheType: "f16",
      flashAttention: "auto",
      batch: 512,
      runtime: "b10488",
    });
  const sizeBytes = memory?.kind === "known" ? expectedReport(memory) : (model.weights?.bytes ?? 0);
  return { sizeBytes, vramBytes: Math.min(sizeBytes, limit - GIB) };
}
