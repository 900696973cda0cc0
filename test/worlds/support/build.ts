/** Puts up the world of a file: a stand-in Mac, stand-in servers that answer at their addresses, and a home folder. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { System } from "../../../src/app/system";
import { footprintOf, loadErrorOf, type Placing, promptMemoryOf } from "../../stand-ins/footprint";
import { withHeadersLimit } from "../../stand-ins/headers-limit";
import { joinOllama } from "../../stand-ins/joined";
import { createStandInMac, type OllamaStart, type StandInMac } from "../../stand-ins/mac";
import { ollamaWay } from "../../stand-ins/mac/ollama-servers";
import { type Fault, type Footprint, type Route, type StandInOllama, startStandInOllama } from "../../stand-ins/ollama";
import { startStandInRegistry, type StandInRegistry } from "../../stand-ins/registry";
import { modelOf } from "./models";
import { type Addressed, worldFetch } from "./network";
import type { Place } from "./play";
import type { World, WorldProcess, WorldServer } from "./schema";
import type { Event } from "./steps";

const GIB = 1024 ** 3;
const MIB_PER_GIB = 1024;

export interface BuiltWorld extends Place {
  readonly system: System;
  readonly mac: StandInMac;
  /** By address, in the order of the file. */
  readonly servers: ReadonlyMap<string, StandInOllama>;
  /** How often each server was started, by address. */
  readonly starts: ReadonlyMap<string, number>;
  /** Shown for the home folder in its place. */
  readonly homeFolder: string;
  close(): Promise<void>;
}

/**
 * Builds a world. Nothing in it reaches the machine it runs on, but for a temporary folder and loopback ports. `path` is
 * the world's file: other files are named from there.
 */
export async function buildWorld(given: World, path: string): Promise<BuiltWorld> {
  const homeFolder = await mkdtemp(join(tmpdir(), "gpu-limit-world-"));
  const world = withHome(given, homeFolder);
  const closing: (() => Promise<unknown>)[] = [() => rm(homeFolder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const mac = await buildMac(world, homeFolder);
    const servers = new Map<string, StandInOllama>();
    const starts = new Map<string, number>();
    for (const server of world.servers) {
      const started = await startServer(server, mac, { homeFolder, path });
      closing.push(() => started.close());
      if (servers.has(server.address)) throw new Error(`${path}: two servers listen on ${server.address}`);
      servers.set(server.address, started);
    }
    const own = world.servers.filter(isOnMac);
    for (const { start, address } of own) {
      mac.startOllama(start, address);
      starts.set(address, 1);
    }
    const joined = joinOllama(
      mac,
      ...own.map(({ address, env }) => ({ server: servers.get(address) as StandInOllama, env })),
    );
    const follow = mac.onOllama;
    mac.onOllama = (event, server) => {
      if (event !== "stopped") starts.set(server.address, (starts.get(server.address) ?? 0) + 1);
      follow?.(event, server);
    };
    closing.push(() => joined.settled());
    const addressed = world.servers.map((server): Addressed => ({
      ...server,
      url: servers.get(server.address)?.url ?? "",
    }));
    for (const server of world.servers) await loadModels(server, servers.get(server.address) as StandInOllama);
    mac.faults = world.mac.faults;
    const { name, addresses } = world.mac;
    const registry = world.registry && (await startRegistry(world.registry, dirname(path)));
    if (registry) closing.push(() => registry.close());
    const system = mac.system({
      network: () => ({ hostname: name, addresses: ["127.0.0.1", "::1", ...addresses] }),
      fetch: worldFetch({
        servers: addressed,
        mac: world.mac,
        network: world.network,
        fetch: withHeaders(joined.fetch, world, servers),
        registry,
      }),
      later: (milliseconds, work) => {
        let isOff = false;
        mac.clock.after(milliseconds, () => {
          if (!isOff) work();
        });
        return () => {
          isOff = true;
        };
      },
    });
    return {
      system: Object.assign(system, {
        // Looks for Ollama where the file puts it, not on the machine this runs on.
        exists: async (file: string) => mac.exists(file),
        openFolder: async (folder: string) => {
          if (!mac.faults.forbiddenFolders?.includes(folder)) return;
          throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM" });
        },
      }),
      mac,
      servers,
      starts,
      homeFolder,
      happen: async (event) => {
        await happen(event, mac, servers);
        joined.remeasure();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function happen(event: Event, mac: StandInMac, servers: BuiltWorld["servers"]): Promise<void> {
  switch (event.kind) {
    case "wait":
      return mac.clock.advance(event.seconds * 1000);
    case "restart-mac":
      return mac.reboot();
    case "sysctl":
      mac.sysctls.set(event.name, event.value);
      return;
    case "client": {
      const server = [...servers.values()].find((one) => one.models().some(({ name }) => name === event.model));
      if (server === undefined) throw new Error(`No server has a model named ${event.model}`);
      return generate(server, event);
    }
  }
}

function startRegistry({ published, fault }: NonNullable<World["registry"]>, folder: string): Promise<StandInRegistry> {
  return startStandInRegistry({ published: published.map((model) => modelOf(model, folder)), fault });
}

/** `~` in what the world consists of is its home folder. */
function withHome(world: World, homeFolder: string): World {
  const { mac, servers, preferences, ...rest } = world;
  const text = JSON.stringify({ mac, servers, preferences });
  const filled = JSON.parse(text.replace(/(?<=[" =:])~(?=[/"])/g, homeFolder)) as Pick<
    World,
    "mac" | "servers" | "preferences"
  >;
  return { ...rest, ...filled };
}

async function buildMac({ mac, servers }: World, homeFolder: string): Promise<StandInMac> {
  const elsewhere: Record<string, string> = {};
  for (const [path, text] of Object.entries(mac.files)) {
    if (!path.startsWith(`${homeFolder}/`)) elsewhere[path] = text;
    else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }
  const daemons = Object.entries(mac.launchDaemons);
  const labels = (of: (daemon: World["mac"]["launchDaemons"][string]) => boolean) =>
    daemons.filter(([, daemon]) => of(daemon)).map(([label]) => label);
  const standIn = createStandInMac({
    ramGib: mac.ramGib,
    macos: mac.macos,
    chip: mac.chip,
    intel: mac.kind === "intel",
    vm: mac.kind === "virtual-machine",
    overrideMib: mac.limitMib === 0 ? undefined : mac.limitMib,
    ollama: "none",
    installed: mac.installed ?? installedFor(servers, homeFolder),
    homeFolder,
    logRoot: homeFolder,
    startsAt: new Date(mac.time),
    ollamaEndSeconds: mac.ollamaEndSeconds,
    launchctlEnv: mac.launchctl,
    sysctlConf: mac.sysctlConf,
    files: elsewhere,
    daemons: Object.fromEntries(daemons.map(([label, { program }]) => [`${label}.plist`, plist(label, program)])),
    loadedDaemons: labels(({ loaded, disabled }) => loaded && !disabled),
    disabledDaemons: labels(({ disabled }) => disabled),
    disabledAgents: mac.loginItemsOff,
  });
  for (const [key, value] of Object.entries(mac.sysctls)) standIn.sysctls.set(key, value);
  if (mac.quiet) {
    const left = standIn.processes.filter(({ path }) => !/\/(?:Firefox|Xcode)\.app\//.test(path));
    standIn.processes.splice(0, standIn.processes.length, ...left);
  }
  for (const process of mac.processes) addProcess(standIn, process);
  for (const { through, address } of servers) {
    if (through) addProcess(standIn, { ...through, listens: [...through.listens, address] });
  }
  return standIn;
}

function installedFor(servers: readonly WorldServer[], homeFolder: string): readonly string[] {
  return servers.filter(isOnMac).map(({ start }) => ollamaWay(start, homeFolder).installed);
}

function addProcess(mac: StandInMac, process: WorldProcess, parentPid = 1): void {
  const { path, arguments: args, uid, footprintGib, gpuGib, listens, children } = process;
  const { pid } = mac.addProcess({
    path,
    command: args === "" ? path : `${path} ${args}`,
    uid,
    parentPid,
    footprintMib: footprintGib * MIB_PER_GIB,
    gpuMib: gpuGib * MIB_PER_GIB,
    listens,
  });
  for (const child of children) addProcess(mac, child, pid);
}

function plist(label: string, program: readonly string[]): string {
  const words = program.map((word) => `<string>${word}</string>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>Label</key><string>${label}</string>
<key>ProgramArguments</key><array>${words}</array>
<key>RunAtLoad</key><true/>
</dict></plist>
`;
}

type ServerOnMac = WorldServer & { readonly start: OllamaStart };

function isOnMac(server: WorldServer): server is ServerOnMac {
  return server.start !== "behind" && server.start !== "remote";
}

/** The GPU memory that a server has: the Mac's, unless its file says otherwise. */
function limitOf(server: WorldServer, mac: StandInMac): number {
  if (isOnMac(server)) return server.limitGib === 0 ? 0 : mac.limitBytes();
  return (server.limitGib ?? 0) * GIB;
}

async function startServer(
  server: WorldServer,
  mac: StandInMac,
  { homeFolder, path }: { readonly homeFolder: string; readonly path: string },
): Promise<StandInOllama> {
  const placing = (): Placing => ({
    limitBytes: limitOf(server, mac),
    version: server.version,
    env: server.env,
    countsOneCache: server.countsOneCache,
  });
  const given = new Map(server.loaded.map((loaded) => [loaded.model, loaded]));
  const models = server.models?.map((model) => modelOf(model, dirname(path)));
  const peakFactors = new Map(
    server.models?.map((model, index) => [
      models?.[index]?.name ?? "",
      typeof model === "string" ? 1 : model.peakFactor,
    ]),
  );
  const started = await startStandInOllama({
    version: server.version,
    models,
    env: server.env,
    homeFolder,
    logPath: logPathOf(server, homeFolder),
    logText: await logTextOf(server, path),
    files: server.modelFiles || (isOnMac(server) ? undefined : false),
    address: server.address,
    loadMs: server.loadMs,
    chunkMs: server.chunkMs,
    promptMemory: (model, tokens) => {
      const own = promptMemoryOf(model, tokens);
      const { bytes = 0 } = model.weights ?? {};
      const factor = peakFactors.get(model.name) ?? 1;
      return own && { ...own, peakBytes: bytes + (own.peakBytes - bytes) * factor, limitBytes: limitOf(server, mac) };
    },
    totalVramBytes: server.limitGib === undefined ? limitOf(server, mac) : server.limitGib * GIB,
    now: () => mac.clock.now(),
    growth: (model, seconds) => ((given.get(model.name)?.gibPerMinute ?? 0) * GIB * seconds) / 60,
    loadError: (model, numCtx) => loadErrorOf(model, numCtx, placing()),
    footprint: (model, numCtx) => {
      const own = footprintOf(model, numCtx, placing());
      const said = given.get(model.name);
      return said?.sizeGib === undefined ? own : counted(said.sizeGib, said.gpuGib);
    },
  });
  for (const [route, fault] of Object.entries(server.faults)) started.fault(route as Route | "*", faultOf(fault));
  return started;
}

/** Fetch that gives up on the headers of those servers of which the file says so. */
function withHeaders(inner: typeof fetch, world: World, servers: ReadonlyMap<string, StandInOllama>): typeof fetch {
  return world.servers.reduce((before, { headersMs, address }) => {
    const url = servers.get(address)?.url;
    if (headersMs === undefined || url === undefined) return before;
    const impatient = withHeadersLimit(before, headersMs);
    return (input, init) => (String(input).startsWith(url) ? impatient : before)(input, init);
  }, inner);
}

function counted(sizeGib: number, gpuGib = sizeGib): Footprint {
  return { sizeBytes: Math.round(sizeGib * GIB), vramBytes: Math.round(gpuGib * GIB) };
}

/** Where the log lies. Outside the home folder there is none: it would be a file of the machine this runs on. */
function logPathOf(server: WorldServer, homeFolder: string): string {
  if (server.log === false || !isOnMac(server)) return "none";
  const { log } = ollamaWay(server.start, homeFolder, homeFolder);
  return log?.startsWith(`${homeFolder}/`) ? log : "none";
}

async function logTextOf({ log, logFrom }: WorldServer, path: string): Promise<string | undefined> {
  if (logFrom !== undefined) {
    // The first line of the fixtures says where they come from.
    return (await readFile(join(dirname(path), logFrom), "utf8")).replace(/^#.*\n/, "");
  }
  if (typeof log === "boolean") return undefined;
  if (typeof log === "string") return log;
  return log.map((line) => (typeof line === "string" ? `${line}\n` : `${line.line}\n`.repeat(line.times))).join("");
}

function faultOf(fault: NonNullable<WorldServer["faults"][Route]>): Fault {
  if (typeof fault === "string") return { kind: fault };
  return "slowMs" in fault ? { kind: "slow", ms: fault.slowMs } : { kind: "answer", ...fault };
}

/** Loads what is loaded, the first one last, as the server lists it first. */
async function loadModels({ loaded }: WorldServer, server: StandInOllama): Promise<void> {
  for (const each of loaded.toReversed()) await generate(server, each);
  server.requests.length = 0;
}

/** A request of another program, which loads the model where that isn't loaded as it's asked for. */
async function generate(
  server: StandInOllama,
  { model, runner, context, keepAlive }: Partial<WorldServer["loaded"][number]>,
): Promise<void> {
  const asked = server.models().find(({ name }) => name === model);
  const path = asked?.capabilities.includes("embedding") ? "embed" : "generate";
  const response = await fetch(`${server.url}/api/${path}`, {
    method: "POST",
    body: JSON.stringify({
      model,
      runner,
      keep_alive: keepAlive,
      options: context === undefined ? {} : { num_ctx: context },
    }),
  });
  if (!response.ok) throw new Error(`${model} can't be loaded: ${await response.text()}`);
}
