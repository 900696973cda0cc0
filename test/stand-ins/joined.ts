import type { MacProcess, MacServer, StandInMac } from "./mac";
import type { StandInOllama } from "./ollama";

/** A server that answers, and its own variables: those of the session go over them where the app hands them on. */
export interface JoinedServer {
  readonly server: StandInOllama;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Joined {
  /** As fetch, but a request waits until the server is as down or up as its process. */
  readonly fetch: typeof fetch;
  /** Resolves when the servers have followed their processes. */
  readonly settled: () => Promise<void>;
  /** What has grown since it was loaded takes that much of the Mac's memory from now on. */
  readonly remeasure: () => void;
}

/**
 * Makes servers go down and come up with the `ollama serve` processes of the Mac, the first with the first one started
 * and so on. Each time one comes up it measures the limit of the Mac anew and reads its variables; what it loads runs as
 * its children, with their memory.
 */
export function joinOllama(mac: StandInMac, ...joined: readonly JoinedServer[]): Joined {
  let change: Promise<void> = Promise.resolve();
  const envs = joined.map(({ env = {} }) => env);
  mac.onOllama = (event, process) => {
    const index = mac.servers.indexOf(process);
    const found = joined[index];
    if (found === undefined) return;
    // What is started gets the variables of the session, which go over its own; what an app starts again, the app's.
    if (event === "started") envs[index] = { ...found.env, ...Object.fromEntries(mac.launchctlEnv) };
    const changes = { totalVramBytes: mac.limitBytes(), sameLog: event === "respawned", env: envs[index] };
    change = change.then(() => (event === "stopped" ? found.server.stop() : found.server.restart(changes)));
  };
  for (const [index, { server }] of joined.entries()) {
    server.freeRamBytes = () => mac.freeRamBytes();
    server.onLoaded = () => {
      const process = mac.servers[index];
      if (process !== undefined) mac.setRunners(process, runnersOf(process, server, envs[index] ?? {}));
    };
    server.onLoaded();
  }
  const settled = () => change;
  return {
    fetch: async (input, init) => {
      await settled();
      return fetch(input, init);
    },
    settled,
    remeasure: () => joined.forEach(({ server }) => server.onLoaded?.()),
  };
}

const MIB = 1024 ** 2;

/** The processes in which what is loaded runs. */
function runnersOf(
  { way }: MacServer,
  server: StandInOllama,
  env: Readonly<Record<string, string>>,
): readonly (Partial<MacProcess> & Pick<MacProcess, "path">)[] {
  return server.loaded().map((resident) => {
    const { model, numCtx, realBytes, gpuBytes } = resident;
    const grown = server.grownBy(resident);
    const memory = { footprintMib: (realBytes + grown) / MIB, gpuMib: (gpuBytes + grown) / MIB };
    if (model.format === "safetensors") {
      const path = way.program;
      return { path, command: `${path} runner --mlx-engine --model ${model.name} --port 51234`, ...memory };
    }
    const path = `${way.library}/llama-server`;
    const slots = Number(env["OLLAMA_NUM_PARALLEL"]) || 1;
    const type = env["OLLAMA_KV_CACHE_TYPE"];
    const words = [
      path,
      `--model ${server.modelsFolder}/blobs/sha256-${model.weights?.digest}`,
      "--port 51234 --host 127.0.0.1 --no-webui --offline",
      `-c ${numCtx * slots} -np ${slots} --log-verbosity 4`,
      ...(type ? [`--cache-type-k ${type} --cache-type-v ${type}`] : []),
      "--flash-attn auto",
    ];
    return { path, command: words.join(" "), ...memory };
  });
}
