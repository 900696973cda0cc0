import type { Machine } from "../fit/facts";
import { limitInForce } from "../fit/limit-policy";
import { isInContainer, placeOf } from "../fit/server-origin";
import { readMachine } from "../mac/machine";
import { readMemoryUse } from "../mac/memory-status";
import { parseHost } from "../ollama/host";
import { findListening } from "../ollama/listening-address";
import { readServerIdentity } from "../ollama/server-identity";
import { leaveMacNote } from "./mac-note";
import type { System } from "./system";
import type { Tick, Where } from "./tick";
import { leavePlaceNote } from "./tick-notes";

/** What takes too long for a tick, and is read when somebody looks. */
export interface OpenReading {
  /** With the limit by Metal. */
  readonly machine: Machine;
  /** What the GPU holds in all. */
  readonly gpuAllocatedBytes?: number;
  readonly where: Where;
  /** Where on this Mac Ollama answers, if not at the host in the preferences. */
  readonly other?: string;
}

/**
 * Reads it with a handful of programs, and leaves macOS's default limit and where Ollama runs for the next ticks. Never
 * throws; 15 s at the very worst.
 */
export async function readWhenOpen(system: System, tick: Tick): Promise<OpenReading | undefined> {
  if (system.platform !== "darwin") return undefined;
  const [machine, { gpuAllocatedBytes }, where, other] = await Promise.all([
    readMachine(system),
    readMemoryUse(system),
    readWhere(system, tick),
    readOther(system, tick),
  ]);
  leaveMacNote(machine);
  return { machine, gpuAllocatedBytes, where, other };
}

/** Looks for Ollama elsewhere on this Mac where nothing answers at the host. */
async function readOther(system: System, { url, server }: Tick): Promise<string | undefined> {
  if (url === undefined || server.kind !== "not-running") return undefined;
  return findListening(system, url);
}

/**
 * Where Ollama runs: what listens on this Mac may hand requests on, as Docker does. Where that can't be told, what was
 * known before holds.
 */
async function readWhere(system: System, { url, where: before }: Tick): Promise<Where> {
  const host = url === undefined ? undefined : parseHost(url, system.network());
  if (url === undefined || host?.kind !== "ok" || host.own === undefined) return before;
  const { identity } = await readServerIdentity(system, host.own);
  if (identity.kind === "unknown") return before;
  const isLocal = identity.kind !== "elsewhere";
  const place = isLocal ? undefined : placeOf(identity, url);
  leavePlaceNote(url, { isLocal, place, hasNoGpu: isInContainer(identity) });
  return isLocal ? "here" : "elsewhere";
}

/** A tick with the better figures in it. */
export function withOpenReading(read: Tick, { machine, where, other }: OpenReading): Tick {
  // The place may have been found, and not been kept where nothing can be stored.
  const tick = read.where === "untold" && where === "here" ? { ...read, where, place: undefined } : read;
  const server = tick.server.kind === "not-running" ? { ...tick.server, other } : tick.server;
  const limit = tick.where === "elsewhere" ? tick.limit : limitInForce(machine);
  return { ...tick, machine, server, limit };
}
