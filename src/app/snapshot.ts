import type { AppleSiliconMac, InstalledModel, LoadedModel, Machine, ServerFacts } from "../fit/facts";
import {
  adviseLimit,
  type GpuLimit,
  type LimitAdvice,
  limitInForce,
  remoteLimit,
  type UnknownGpuLimit,
} from "../fit/limit-policy";
import { type RamUse, usedByOthers } from "../fit/ram";
import { withListedDigests } from "../fit/model-builds";
import { ownServer, placeOf } from "../fit/server-origin";
import { readMachine } from "../mac/machine";
import { type MemoryUse, readMemoryUse } from "../mac/memory-status";
import { createOllamaClient, type OllamaClient } from "../ollama/client";
import { type Host, parseHost } from "../ollama/host";
import { findInstallation, type Installation } from "../ollama/installation";
import { findForbidden, type ModelsFolder, readModelsFolder } from "../ollama/models-folder";
import { findOtherAddress } from "../ollama/other-addresses";
import { OllamaProblem, type ProblemKind } from "../ollama/problems";
import { readMlxRequests, readServerFacts } from "../ollama/server-facts";
import { localStorage } from "./local-storage";
import { keepRequests, type MlxRequests } from "./mlx-requests";
import type { Settings } from "./preferences";
import type { System } from "./system";

/** The state of the Ollama server, as the empty views explain it. */
export type ServerState =
  | {
      readonly kind: "answering";
      /** Where it has no models: the folder it looks in. */
      readonly modelsFolder?: ModelsFolder;
      /** Where macOS keeps Raycast from their files: their folder. */
      readonly forbiddenFolder?: string;
      /** It has models, but what of them is loaded couldn't be read: that isn't the same as nothing. */
      readonly loadedUnread?: true;
    }
  | { readonly kind: "not-installed" }
  | {
      readonly kind: "not-running";
      readonly installation: Exclude<Installation, { readonly kind: "none" }>;
    }
  /** Nothing answers at the host, but Ollama does at another address of this Mac. */
  | { readonly kind: "elsewhere"; readonly url: string }
  | { readonly kind: "wrong-host"; readonly reason: string }
  | { readonly kind: "failed"; readonly problem?: ProblemKind; readonly reason: string };

/** Everything the screens show, other than the models' own metadata. Plain data, so that it can be cached. */
export interface Snapshot {
  readonly machine: Machine;
  readonly limit: GpuLimit | UnknownGpuLimit;
  /** Absent for a remote host and for machines without a limit of their own. */
  readonly advice?: LimitAdvice;
  /** The RAM that models can have; absent as the advice is. */
  readonly ram?: RamUse;
  /** What is allocated for this Mac's GPU now, in bytes; absent as the advice is, and where it couldn't be read. */
  readonly gpuAllocatedBytes?: number;
  readonly url?: string;
  /** Ollama runs on this Mac itself: its files, its GPU and its limit are this Mac's. Not so in a container. */
  readonly isLocal: boolean;
  readonly state: ServerState;
  readonly server: ServerFacts;
  readonly models: readonly InstalledModel[];
  readonly loaded: readonly LoadedModel[];
  /** What is known of requests to MLX models; absent where the server doesn't run on this Mac. */
  readonly requests?: readonly MlxRequests[];
}

const NO_FACTS: ServerFacts = {
  identity: { kind: "unknown", reason: "Couldn't read the server's process." },
  runners: [],
};

/** The client for the host in the preferences; undefined where that isn't an address. */
export function connect(system: System, settings: Settings): OllamaClient | undefined {
  const host = hostOf(system, settings);
  const { fetch, patientFetch } = system;
  return host.kind === "ok" ? createOllamaClient({ url: host.url, fetch, patientFetch }) : undefined;
}

/** The host in the preferences, as seen from this Mac. */
export function hostOf(system: System, { host }: Settings): Host {
  return parseHost(host, system.network());
}

/** Reads the Mac and the server side by side; what does not answer becomes a state, never an exception. */
export async function readSnapshot(system: System, settings: Settings): Promise<Snapshot> {
  const host = hostOf(system, settings);
  const mac = Promise.all([readMachine(system), system.platform === "darwin" ? readMemoryUse(system) : {}]);
  if (host.kind === "invalid") {
    return assemble(await mac, settings, { isLocal: true, state: { kind: "wrong-host", reason: host.reason } });
  }
  const { url, own } = host;
  const client = createOllamaClient({ url, fetch: system.fetch });
  const [answer, server] = await Promise.all([
    readModels(system, client, own !== undefined),
    // Facts are best effort: without them every setting is taken at its documented default, marked assumed.
    readServerFacts({ system, client, own }).catch(() => NO_FACTS),
  ]);
  const isLocal = own !== undefined && server.identity.kind !== "elsewhere";
  const isOwn = ownServer(server.identity) !== undefined;
  const folder =
    answer.state.kind === "answering" && isOwn ? await readFolder(system, settings, server, answer.models) : undefined;
  const requests = isOwn
    ? await keepRequests(localStorage, await readMlxRequests(system, server, own), answer.models)
    : undefined;
  const state = { ...answer.state, ...folder };
  return assemble(await mac, settings, { isLocal, url, server, ...answer, state, requests });
}

/** What there is to say of the folder that the models lie in, or should. */
async function readFolder(
  system: System,
  settings: Settings,
  server: ServerFacts,
  models: readonly InstalledModel[],
): Promise<Pick<Extract<ServerState, { kind: "answering" }>, "modelsFolder" | "forbiddenFolder">> {
  if (models.length === 0) return { modelsFolder: await readModelsFolder(system, server).catch(() => undefined) };
  return { forbiddenFolder: await findForbidden(system, server, settings.modelsFolder) };
}

/** The Mac of a snapshot, where it is one with a GPU limit. */
export function appleSilicon(machine: Machine): AppleSiliconMac | undefined {
  return machine.kind === "apple-silicon" ? machine : undefined;
}

/** Where an Ollama that isn't this Mac's runs, for the middle of a sentence: "on studio.local", "in Docker". */
export const hostPlace = ({ url, server }: Snapshot): string => placeOf(server.identity, url);

function assemble(
  [machine, { usedBytes, gpuAllocatedBytes }]: readonly [Machine, MemoryUse],
  settings: Settings,
  rest: Pick<Snapshot, "isLocal" | "state"> & Partial<Snapshot>,
): Snapshot {
  const mac = appleSilicon(machine);
  const advice = rest.isLocal && mac ? adviseLimit(mac, settings.reserveBytes) : undefined;
  return {
    server: NO_FACTS,
    models: [],
    loaded: [],
    ...rest,
    machine,
    limit: rest.isLocal
      ? limitInForce(machine, rest.server?.startupTotalBytes?.value)
      : remoteLimit(rest.server?.identity, settings.remoteLimitBytes, {
          loaded: rest.loaded ?? [],
          models: rest.models ?? [],
          version: rest.server?.version,
        }),
    advice,
    ram:
      mac && advice
        ? {
            ramBytes: mac.ramBytes,
            reserveBytes: advice.reserveBytes,
            othersBytes: usedBytes === undefined ? undefined : usedByOthers(usedBytes, rest.loaded ?? []),
          }
        : undefined,
    gpuAllocatedBytes: advice && gpuAllocatedBytes,
  };
}

/** Whether it was read which models are loaded: an empty list alone doesn't say so. */
export function isLoadedKnown({ state }: Pick<Snapshot, "state">): boolean {
  return state.kind === "answering" && !state.loadedUnread;
}

async function readModels(
  system: System,
  client: OllamaClient,
  isOwn: boolean,
): Promise<Pick<Snapshot, "state" | "models" | "loaded">> {
  try {
    const [models, loaded] = await Promise.all([client.models(), client.loaded().catch(() => undefined)]);
    if (loaded === undefined) return { state: { kind: "answering", loadedUnread: true }, models, loaded: [] };
    return { state: { kind: "answering" }, models, loaded: withListedDigests(loaded, models) };
  } catch (error) {
    return { state: await stateAfter(error, system, client.url, isOwn), models: [], loaded: [] };
  }
}

async function stateAfter(error: unknown, system: System, url: string, isOwn: boolean): Promise<ServerState> {
  if (!(error instanceof OllamaProblem)) return { kind: "failed", reason: String(error) };
  const { kind: problem, message: reason } = error;
  // Every Ollama has a list of models: a server without one is another.
  if (problem === "not-found") return { kind: "wrong-host", reason: "What answers there has no list of models." };
  if (problem === "not-ollama") return { kind: "wrong-host", reason };
  if (problem !== "not-running" || !isOwn) return { kind: "failed", problem, reason };
  const other = await findOtherAddress(system, url).catch(() => undefined);
  if (other !== undefined) return { kind: "elsewhere", url: other };
  const installation = await findInstallation(system);
  return installation.kind === "none" ? { kind: "not-installed" } : { kind: "not-running", installation };
}
