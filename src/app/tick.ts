import type { AppleSiliconMac, LoadedModel, Machine } from "../fit/facts";
import type { Watched, WatchedModel } from "../fit/guard/watched";
import { inForceBytes, type GpuLimit, limitInForce, type UnknownGpuLimit } from "../fit/limit-policy";
import { loadedUse, needOf } from "../fit/noted-need";
import { RUNNERS } from "../fit/runners";
import { MIB } from "../fit/units";
import { MACHINE_KEYS, machineOf } from "../mac/machine";
import { type KernelStatus, kernelStatusOf, MEMORY_KEYS } from "../mac/memory-status";
import { readSysctls } from "../mac/sysctl";
import { type Host, parseHost } from "../ollama/host";
import { readLoaded } from "../ollama/light-client";
import { OllamaProblem } from "../ollama/problems";
import { readSettings, type Settings } from "./preferences";
import type { System } from "./system";
import { type DefaultNote, defaultNote, type ServerNotes, serverNotes } from "./tick-notes";

/** For the one program and the one request of a tick, each. */
const TICK_MS = 2_000;

/** What the server says is loaded, or why that isn't known. */
export type TickServer =
  | { readonly kind: "answering"; readonly loaded: readonly WatchedModel[] }
  /** Nothing listens there. At another address of this Mac Ollama may run all the same, which a tick can't look for. */
  | {
      readonly kind: "not-running";
      readonly reason: string;
      /** Where on this Mac it answers instead, as far as somebody has looked. */
      readonly other?: string;
    }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Where the models run. A port of this Mac may lead into a container or to another machine: until a command has looked
 * whose it is, that isn't told, and this Mac's limit says nothing about them.
 */
export type Where = "here" | "elsewhere" | "untold";

/** What the menu bar shows of one moment. Plain data. */
export interface Tick {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly machine: Machine;
  readonly kernel: KernelStatus;
  /** This Mac's, or the one of where the models run elsewhere. */
  readonly limit: GpuLimit | UnknownGpuLimit;
  readonly where: Where;
  /**
   * Where Ollama answers, other than on this Mac itself, for the middle of a sentence: "on studio.local", "in Docker",
   * "at 127.0.0.1:11434".
   */
  readonly place?: string;
  /** A container of this Mac has no GPU. */
  readonly hasNoGpu?: boolean;
  readonly url?: string;
  readonly server: TickServer;
}

/** A tick with what the guard looks at. */
export interface TickReading {
  readonly tick: Tick;
  readonly watched: Watched;
}

/**
 * Reads what a tick of the menu bar shows: at most one program (sysctl) and one request (`/api/ps`), side by side, each
 * given up after 2 s. Starts nothing. Never throws.
 */
export async function readTick(system: System, settings: Settings = readSettings()): Promise<TickReading> {
  const host = parseHost(settings.host, system.network());
  const url = host.kind === "ok" ? host.url : undefined;
  const notes = url === undefined ? undefined : serverNotes(url);
  const [values, answer] = await Promise.all([
    readKernelValues(system),
    host.kind === "invalid" ? ({ kind: "failed", reason: host.reason } as const) : loadedAt(system, host),
  ]);
  const where = whereOf(host, notes, answer.kind);
  const at = system.now().getTime();
  const machine = withDefault(machineOf(system, values), defaultNote());
  const kernel = kernelStatusOf(values);
  const limit = where === "elsewhere" ? limitElsewhere(settings, notes) : limitInForce(machine);
  const server: TickServer =
    answer.kind === "answering"
      ? { kind: "answering", loaded: answer.loaded.map((model) => watchedModel(model, notes)) }
      : answer;
  const place = where === "here" || url === undefined ? undefined : (notes?.place ?? addressOf(where, new URL(url)));
  const tick = { at, machine, kernel, limit, where, place, hasNoGpu: notes?.hasNoGpu, url, server };
  return { tick, watched: watchedOf(tick, notes) };
}

function whereOf(host: Host, notes: ServerNotes | undefined, answer: TickServer["kind"]): Where {
  if (host.kind === "invalid") return "here";
  if (host.own === undefined) return "elsewhere";
  if (notes !== undefined) return notes.isLocal ? "here" : "elsewhere";
  return answer === "not-running" ? "here" : "untold";
}

const addressOf = (where: Where, { host, hostname }: URL): string =>
  where === "untold" ? `at ${host}` : `on ${hostname}`;

async function readKernelValues(system: System): Promise<ReadonlyMap<string, string>> {
  if (system.platform !== "darwin") return new Map();
  return readSysctls(system.run, [...new Set([...MACHINE_KEYS, ...MEMORY_KEYS])], TICK_MS);
}

async function loadedAt(
  system: System,
  { url, own }: Extract<Host, { kind: "ok" }>,
): Promise<Exclude<TickServer, { kind: "answering" }> | { kind: "answering"; loaded: readonly LoadedModel[] }> {
  try {
    return { kind: "answering", loaded: await readLoaded({ url, fetch: system.fetch, timeoutMs: TICK_MS }) };
  } catch (error) {
    const isRefused = error instanceof OllamaProblem && error.kind === "not-running";
    // Another machine's Ollama may run all the same, and listen to that machine alone.
    const kind = isRefused && own !== undefined ? "not-running" : "failed";
    return { kind, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A machine with what was read of its default limit before: asking Metal takes a program of its own. */
function withDefault(machine: Machine, note: DefaultNote | undefined): Machine {
  if (machine.kind !== "apple-silicon" || note === undefined || !isOfThis(note, machine)) return machine;
  const { overrideMib } = machine;
  // Metal gives an override as it is.
  const workingSetBytes = overrideMib ? overrideMib * MIB : note.defaultBytes;
  if (overrideMib === undefined) return machine;
  return { ...machine, metal: { workingSetBytes, maxBufferBytes: note.maxBufferBytes ?? note.defaultBytes * 0.75 } };
}

function isOfThis({ ramBytes, macos }: DefaultNote, mac: AppleSiliconMac): boolean {
  return ramBytes === mac.ramBytes && macos === mac.macos?.text;
}

/** The limit of another machine: what its owner states, else what a command has found out. */
function limitElsewhere({ remoteLimitBytes }: Settings, notes: ServerNotes | undefined): GpuLimit | UnknownGpuLimit {
  const known = (bytes: number, rest: Pick<GpuLimit, "source" | "sourceText" | "isLeast">): GpuLimit => ({
    kind: "known",
    bytes,
    estimated: false,
    ...rest,
  });
  if (notes?.hasNoGpu) return { kind: "unknown", reason: "models run on the CPU" };
  if (remoteLimitBytes !== undefined) {
    return known(remoteLimitBytes, { source: "stated", sourceText: "stated in the preferences" });
  }
  const noted = notes?.remoteLimit;
  return noted === undefined
    ? { kind: "unknown", reason: "The limit of the machine that Ollama runs on isn't known." }
    : known(noted.bytes, { source: "loaded", sourceText: noted.sourceText, isLeast: noted.isLeast });
}

function watchedModel(model: LoadedModel, notes: ServerNotes | undefined): WatchedModel {
  const need = needOf(notes?.needs ?? [], model);
  const engine = model.runner === undefined ? need?.engine : RUNNERS[model.runner].engine;
  return { ...model, use: loadedUse(model, need), engine };
}

function watchedOf(tick: Tick, notes: ServerNotes | undefined): Watched {
  const { at, machine, kernel, where, server } = tick;
  const limit = limitInForce(machine);
  const loaded = server.kind === "answering" ? server.loaded : server.kind === "not-running" ? [] : undefined;
  return {
    at,
    mac:
      machine.kind === "apple-silicon" && limit.kind === "known"
        ? {
            ramBytes: machine.ramBytes,
            overrideMib: machine.overrideMib,
            bootSession: machine.bootSession,
            limit,
          }
        : undefined,
    isLocal: where === "here",
    // A container's models are all on the CPU.
    hasNoGpu: tick.hasNoGpu ?? (where === "untold" && loaded?.every(({ vramBytes }) => vramBytes === 0)),
    pressure: kernel.pressure,
    swapUsedBytes: kernel.swapUsedBytes,
    loaded,
    planned: notes?.planned ?? [],
    server: notes?.server,
  };
}

/** GPU memory that loaded models take, in bytes. */
export interface Used {
  readonly bytes: number;
  readonly isLeast: boolean;
}

/** What all loaded models take together; undefined where the server has no GPU, and where nobody said what is loaded. */
export function usedOf({ server, hasNoGpu }: Tick): Used | undefined {
  if (server.kind !== "answering" || hasNoGpu) return undefined;
  const { loaded } = server;
  return {
    bytes: loaded.reduce((sum, { use }) => sum + use.gpuBytes, 0),
    isLeast: loaded.some(({ use }) => use.isLeast),
  };
}

/** The limit that loaded models are held against. */
export interface LimitInForce {
  readonly bytes: number;
  /** Worked out, not read. */
  readonly isAbout: boolean;
}

/** Undefined where it isn't known, or only that it's at least so much, and where it may not be the models' own. */
export function limitOf({ limit, where }: Tick): LimitInForce | undefined {
  if (where === "untold" || limit.kind === "unknown" || limit.isLeast) return undefined;
  return { bytes: inForceBytes(limit), isAbout: limit.estimated };
}
