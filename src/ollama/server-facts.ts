import { join } from "node:path";
import type { RunnerCommandLine, ServerFacts, Sourced } from "../fit/facts";
import type { MlxCut, MlxPeak } from "../fit/mlx-peaks";
import { type OwnServer, ownServer } from "../fit/server-origin";
import { readJobLog } from "../mac/launchd-jobs";
import { readLaunchctlEnv } from "../mac/ollama-service";
import { parseRunnerCommandLines, type ProcessLine } from "../mac/processes";
import type { LaidOut } from "../fit/laid-out";
import { parseBuffers } from "./buffer-log";
import type { OllamaClient } from "./client";
import type { OwnAddress } from "./host";
import { type IdentitySystem, readServerIdentity } from "./server-identity";
import { parseCuts, parsePeaks, parseProgress, type PromptProgress } from "./mlx-peak-log";
import { present } from "./present";
import {
  conversionsIn,
  fitSwitch,
  type LoggedFacts,
  type LoggedServer,
  readLoggedFacts,
  readLoggedVariables,
  readSinceStart,
  whole,
} from "./server-log";

export interface ServerFactsInput {
  readonly system: IdentitySystem;
  readonly client: Pick<OllamaClient, "version">;
  /** Where the server is asked, if that is this Mac. */
  readonly own?: OwnAddress;
}

/**
 * Settings of the server that answers, best source first: its own start-up log, the command line of a llama-server that
 * it runs, then, marked as likely, the launchd session for what the log doesn't tell. All of it is read of the very
 * process that listens there; where that can't be told, and of another machine, only the version is known. Never throws.
 */
export async function readServerFacts({ system, client, own }: ServerFactsInput): Promise<ServerFacts> {
  const [version, found] = await Promise.all([
    client.version().catch(() => undefined),
    own && readServerIdentity(system, own),
  ]);
  const identity = found?.identity ?? { kind: "remote" };
  const server = ownServer(identity);
  if (own === undefined || found === undefined || server === undefined) return { version, identity, runners: [] };
  const path = await logPath(system, server);
  const logged = { port: own.port, version };
  const log = path === undefined ? undefined : await readLoggedFacts(path, logged);
  const recent = path === undefined ? undefined : await readSinceStart(path, logged, RECENT_LOG_BYTES);
  const converting = conversionsIn(recent ?? "");
  const session = hasSession(server) ? await readSession(system) : {};
  const runners = runnersOf(server, found.processes, log?.modelsFolder?.value);
  const likely = log === undefined ? session : besideLog(session);
  const facts = { version, ...likely, ...fromRunners(runners), ...log, identity, runners };
  return converting.length === 0 ? facts : { ...facts, converting };
}

/** Bytes at the end of a log that are looked through for what takes minutes: conversions, and prompts being read. */
const RECENT_LOG_BYTES = 256 * 1024;
/** Bytes at the end of a log that are looked through for requests: those of some days. */
const MOST_LOG_BYTES = 4 * 1024 * 1024;

/** What the log of the server that answers tells of requests to MLX models; empty where none is its own. Never throws. */
export async function readMlxRequests(
  system: IdentitySystem,
  facts: ServerFacts,
  own: OwnAddress | undefined,
): Promise<MlxLog> {
  const log = await fromOwnLog(system, facts, own, (path, of) => readSinceStart(path, of, MOST_LOG_BYTES));
  return log === undefined ? NO_REQUESTS : { peaks: parsePeaks(log), cuts: parseCuts(log) };
}

/** How far an MLX runner of the server that answers has read a prompt, by its own log. Never throws. */
export async function readPromptProgress(
  system: IdentitySystem,
  facts: ServerFacts,
  own: OwnAddress | undefined,
): Promise<PromptProgress | undefined> {
  const log = await fromOwnLog(system, facts, own, (path, of) => readSinceStart(path, of, RECENT_LOG_BYTES));
  return log === undefined ? undefined : parseProgress(log);
}

/**
 * The variables that the server that answers was started with, by its log, where Ollama writes them out; undefined where it
 * has none that tells. Never throws.
 */
export function readStartVariables(
  system: IdentitySystem,
  facts: ServerFacts,
  own: OwnAddress | undefined,
): Promise<ReadonlyMap<string, string> | undefined> {
  return fromOwnLog(system, facts, own, readLoggedVariables);
}

/**
 * What llama-server laid out for a file of the server that answers, by that server's own log; undefined where it has none
 * that tells. Never throws.
 *
 * @param weightsFile the file, as show names it
 */
export async function readLaidOut(
  system: IdentitySystem,
  facts: ServerFacts,
  own: OwnAddress | undefined,
  weightsFile: string,
): Promise<LaidOut | undefined> {
  const blob = /sha256-[0-9a-f]{64}$/.exec(weightsFile)?.[0];
  if (blob === undefined) return undefined;
  const log = await fromOwnLog(system, facts, own, (path, of) => readSinceStart(path, of, MOST_LOG_BYTES));
  return log === undefined ? undefined : parseBuffers(log, blob);
}

/** Reads something out of the log of the server that answers; undefined where it has none of its own, or it can't be read. */
async function fromOwnLog<T>(
  system: IdentitySystem,
  { identity, version }: ServerFacts,
  own: OwnAddress | undefined,
  read: (path: string, of: LoggedServer) => Promise<T | undefined>,
): Promise<T | undefined> {
  const server = ownServer(identity);
  if (server === undefined || own === undefined) return undefined;
  try {
    const path = await logPath(system, server);
    return path === undefined ? undefined : await read(path, { port: own.port, version });
  } catch {
    return undefined;
  }
}

/** What a log tells of requests to MLX models. */
export interface MlxLog {
  readonly peaks: readonly MlxPeak[];
  readonly cuts: readonly MlxCut[];
}

const NO_REQUESTS: MlxLog = { peaks: [], cuts: [] };

/** Where a server logs: the app in the home folder, a job of launchd where its property list says; undefined for others. */
async function logPath(system: IdentitySystem, server: OwnServer): Promise<string | undefined> {
  switch (server.kind) {
    case "app":
      return appLog(system.homeFolder);
    case "homebrew":
    case "agent":
      return readJobLog(system, system.userId, server);
    case "terminal":
    case "program":
      return undefined;
  }
}

/** The log of the app's server. */
export function appLog(homeFolder: string): string {
  return join(homeFolder, ".ollama", "logs", "server.log");
}

/** A job of the Mac as a whole knows nothing of the user's session. */
function hasSession(server: OwnServer): boolean {
  return !("domain" in server && server.domain === "system");
}

/** The llama-servers that this server runs: its children, with a model out of its own folder. */
export function runnersOf(
  { pid }: OwnServer,
  processes: readonly ProcessLine[],
  modelsFolder: string | undefined,
): readonly RunnerCommandLine[] {
  const children = processes.filter(({ parentPid }) => parentPid === pid);
  return parseRunnerCommandLines(children).filter(({ modelPath = "" }) =>
    modelsFolder === undefined
      ? /\/blobs\/sha256-[0-9a-f]+$/.test(modelPath)
      : modelPath.startsWith(join(modelsFolder, "blobs", "/")),
  );
}

/** What a running llama-server shows of the settings that are the same for all models. */
function fromRunners(runners: readonly RunnerCommandLine[]): LoggedFacts {
  const source = "command line of the running model";
  const runner = runners[0];
  if (runner === undefined) return {};
  const { flashAttention } = runner;
  // Some architectures get one slot whatever is set, so only more than one says something of the server.
  const parallel = runners.find((one) => (one.parallel ?? 1) > 1)?.parallel;
  return present<LoggedFacts>({
    // Ollama passes a type only where one is set.
    kvCacheType: { value: runner.kvCacheType ?? "", source },
    flashAttention: flashAttention && { value: flashAttention, source },
    parallel: parallel === undefined ? undefined : { value: parallel, source },
  });
}

/** What the session tells of a server that has a log, because the log doesn't. */
function besideLog(session: LoggedFacts): LoggedFacts {
  return present<LoggedFacts>({
    flashAttention: flashBesideLog(session),
    promptCacheMib: session.promptCacheMib,
  });
}

/** Ollama logs "false" for a variable that is off and for one that isn't set; the session tells them apart. */
function flashBesideLog({ flashAttention }: LoggedFacts): LoggedFacts["flashAttention"] {
  if (flashAttention?.value !== "off") return undefined;
  return { value: "off", source: "the server log says off, and launchctl sets it so", likely: true };
}

/** The variables of the launchd session: what a server got that was started after they were set. */
async function readSession(system: IdentitySystem): Promise<LoggedFacts> {
  const source = "launchctl, if Ollama was started after it was set";
  const read = (name: string) => readLaunchctlEnv(system, name);
  const likely = <T>(value: T | undefined): Sourced<T> | undefined =>
    value === undefined ? undefined : { value, source, likely: true };
  const [contextLength, parallel, overhead, fit, fitTarget, promptCache, most, type, flash] = await Promise.all([
    read("OLLAMA_CONTEXT_LENGTH"),
    read("OLLAMA_NUM_PARALLEL"),
    read("OLLAMA_GPU_OVERHEAD"),
    read("LLAMA_ARG_FIT"),
    read("LLAMA_ARG_FIT_TARGET"),
    read("LLAMA_ARG_CACHE_RAM"),
    read("OLLAMA_MAX_LOADED_MODELS"),
    read("OLLAMA_KV_CACHE_TYPE"),
    read("OLLAMA_FLASH_ATTENTION"),
  ]);
  return present<LoggedFacts>({
    contextLength: likely(whole(contextLength)),
    parallel: likely(whole(parallel) || undefined),
    gpuOverheadBytes: likely(whole(overhead)),
    fit: likely(fitSwitch(fit)),
    fitTargetMib: likely(whole(fitTarget)),
    promptCacheMib: likely(whole(promptCache)),
    maxLoadedModels: likely(whole(most) || undefined),
    kvCacheType: likely(type),
    flashAttention: likely(flash === undefined ? undefined : isFalse(flash) ? "off" : "on"),
  });
}

/** What Go takes for false; all else that is set counts as true (ollama's envconfig). */
function isFalse(value: string): boolean {
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value.trim());
}
