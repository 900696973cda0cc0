/**
 * The world that the preview shows where there is no Mac: the stand-in Mac and the stand-in Ollama server of the
 * tests, with a home folder that holds nothing but Ollama's log.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIB } from "../../src/fit/units";
import { estimate } from "../../src/memory/estimate";
import type { World } from "../../src/ui/world";
import { createSampleMac } from "../../test/stand-ins/mac";
import { defaultWorkingSet } from "../../test/stand-ins/mac/readings";
import { type Footprint, type StandInModel, startStandInOllama } from "../../test/stand-ins/ollama";

/** Where Ollama listens on a real Mac; here the stand-in answers in its place. */
const OLLAMA_URL = "http://127.0.0.1:11434";
const RAM_GIB = 64;
const MACOS_MAJOR = 26;

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
  const limitBytes = () => (mac.limitMib() > 0 ? mac.limitMib() * MIB : defaultWorkingSet(RAM_GIB, MACOS_MAJOR));
  const server = await startStandInOllama({
    homeFolder,
    totalVramBytes: limitBytes(),
    footprint: (model, numCtx) => footprint(model, numCtx, limitBytes()),
  });

  // Ollama goes down and comes up with its process, and measures the limit anew.
  let change: Promise<void> = Promise.resolve();
  mac.onOllama = (event) => {
    change = change.then(() =>
      event === "stopped" ? server.stop() : server.restart({ totalVramBytes: limitBytes() }),
    );
  };

  const sampleFetch: typeof fetch = async (input, init) => {
    await change;
    const address = input instanceof Request ? input.url : String(input);
    if (!address.startsWith(`${OLLAMA_URL}/`)) {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    }
    const there = server.url + address.slice(OLLAMA_URL.length);
    return fetch(input instanceof Request ? new Request(there, input) : there, init);
  };

  return {
    label: `${RAM_GIB} GB M4 Pro with macOS 26.6.1 and Ollama 0.33.0; nothing here is your machine`,
    world: mac.world({ homeFolder, fetch: sampleFetch }),
    close: async () => {
      await change;
      await server.close();
      await rm(homeFolder, { recursive: true, force: true });
    },
  };
}

/** Memory of a loading model as our own estimate has it; what exceeds the limit goes to the CPU. */
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
  const sizeBytes = memory?.kind === "known" ? memory.total : (model.weights?.bytes ?? 0);
  return { sizeBytes, vramBytes: Math.min(sizeBytes, limit) };
}
