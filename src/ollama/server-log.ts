import type { ServerFacts, Sourced } from "../fit/facts";
import { parseModelName } from "../fit/model-name";
import { GIB, MIB } from "../fit/units";
import { type FileSource, openFileSource } from "./blob-source";
import { present } from "./present";

/** What a server's log says of its settings. */
export type LoggedFacts = Omit<ServerFacts, "version" | "identity" | "runners" | "converting">;

/** The server that a log must be of. */
export interface LoggedServer {
  readonly port: number;
  /** Absent where the server doesn't tell it. */
  readonly version?: string;
}

const CONFIG = "server config";
/** A start writes a few kilobytes. */
const START_BYTES = 256 * 1024;
/** How far back in a log that grows from start to start the last one is looked for. */
const MOST_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;
/** Of a start's line what's before its mark: time, level and place. */
const MOST_HEAD_BYTES = 512;
/** The line with the settings is the longest: a few kilobytes. */
const MOST_LINE_CHARACTERS = 64 * 1024;

/**
 * Settings of the server that answers, from the last server start of its log. The app keeps writing to the same file when
 * only its server ends; Homebrew's grows forever. Undefined where that start wasn't this server's. Never throws.
 */
export function readLoggedFacts(path: string, server: LoggedServer): Promise<LoggedFacts | undefined> {
  return atLastStart(path, ({ text }) => parseServerLog(text, server));
}

/** The variables that the last server start of a log had; undefined where that start wasn't the given server's. Never throws. */
export function readLoggedVariables(
  path: string,
  server: LoggedServer,
): Promise<ReadonlyMap<string, string> | undefined> {
  return atLastStart(path, ({ text }) => {
    const lines = lastStartOf(text);
    return isOf(lines, server) ? variablesOf(lines[0] ?? "") : undefined;
  });
}

/**
 * Models whose files a server began to convert and hasn't ended with, by the lines of its log (compatmigrate/migrate.go,
 * manifest.go); a start of the server ends everything.
 */
export function conversionsIn(log: string): readonly string[] {
  const running = new Set<string>();
  for (const line of log.split("\n")) {
    if (!line.startsWith("time=") || line.length > MOST_LINE_CHARACTERS) continue;
    if (isStart(line)) running.clear();
    const fields = fieldsOf(line);
    const [message = "", model = ""] = [fields.get("msg"), fields.get("model")];
    if (/^starting local compat\b/.test(message) && parseModelName(model) !== undefined) running.add(model);
    else if (
      /^(?:completed|skipping|discarding) local compat|^local compat\w* migration (?:failed|completed)/.test(message)
    )
      running.delete(model);
  }
  return [...running];
}

/** The address that the last server start of a log listened on, as Go prints it: "127.0.0.1:11500", "[::]:11434". Never throws. */
export function readLoggedAddress(path: string): Promise<string | undefined> {
  return atLastStart(path, ({ text }) => listening(lastStartOf(text))?.address);
}

/**
 * The end of a log from its last server start on, at most `mostBytes` of it; undefined where that start wasn't the given
 * server's. Never throws.
 */
export function readSinceStart(path: string, server: LoggedServer, mostBytes: number): Promise<string | undefined> {
  return atLastStart(path, async ({ log, offset, text }) => {
    if (!isOf(lastStartOf(text), server)) return undefined;
    const from = Math.max(offset, log.size - mostBytes);
    const end = new TextDecoder().decode(await log.read(from, log.size - from));
    // What was cut off began in an earlier line.
    return from === offset ? end : end.slice(end.indexOf("\n") + 1);
  });
}

/** Where the last server start of a log is, and what the server wrote then. */
interface LoggedStart {
  readonly log: FileSource;
  readonly offset: number;
  readonly text: string;
}

/** Reads something of the last server start of a log; undefined where it has none or may not be read. */
async function atLastStart<T>(path: string, read: (start: LoggedStart) => T | Promise<T>): Promise<T | undefined> {
  try {
    const log = await openFileSource(path);
    try {
      const offset = await lastStart(log);
      if (offset === undefined) return undefined;
      return await read({ log, offset, text: new TextDecoder().decode(await log.read(offset, START_BYTES)) });
    } finally {
      await log.close();
    }
  } catch {
    return undefined;
  }
}

/** Offset of the last start in the log; undefined where it has none or it lies too far back to be sure. */
async function lastStart(log: FileSource): Promise<number | undefined> {
  const floor = Math.max(0, log.size - MOST_BYTES);
  for (let end = log.size; end > floor; end -= BLOCK_BYTES) {
    const from = Math.max(floor, end - BLOCK_BYTES);
    // The mark may lie across two blocks, and its line begins before it.
    const before = Math.max(floor, from - MOST_HEAD_BYTES);
    const block = Buffer.from(await log.read(before, end - before + CONFIG.length));
    for (let at = block.lastIndexOf(CONFIG); at >= 0; at = at === 0 ? -1 : block.lastIndexOf(CONFIG, at - 1)) {
      // A line that's longer before the mark is no start, and looking for its begin would take the square of it.
      const head = Math.max(0, at - MOST_HEAD_BYTES);
      const end = block.subarray(head, at).lastIndexOf("\n");
      if (end < 0 && before + head > 0) continue;
      const begin = head + end + 1;
      if (isStart(block.toString("utf8", begin, at + 64))) return before + begin;
    }
  }
  return undefined;
}

/** The line with which a server starts: as slog writes it, and as Go's older logger did (up to 0.5). */
function isStart(line: string): boolean {
  return (
    /^time=\S{1,60} level=INFO source=\S{1,80} msg="server config" env=/.test(line) ||
    /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d routes\.go:\d{1,6}: INFO server config env=/.test(line)
  );
}

function lastStartOf(log: string): readonly string[] {
  const lines = log.split("\n").filter((line) => line.length <= MOST_LINE_CHARACTERS);
  return lines.slice(Math.max(0, lines.findLastIndex(isStart)));
}

/**
 * Settings from the last server start of a log: the lines "server config", "inference compute" and "vram-based default
 * context". Undefined where that start wasn't the given server's.
 */
export function parseServerLog(log: string, server: LoggedServer): LoggedFacts | undefined {
  const lines = lastStartOf(log);
  if (!isOf(lines, server)) return undefined;
  const variables = variablesOf(lines[0] ?? "");
  const env = (name: string) => variables.get(name);
  const flash = env("OLLAMA_FLASH_ATTENTION");
  return present({
    contextLength: sourced(whole(env("OLLAMA_CONTEXT_LENGTH"))),
    kvCacheType: sourced(env("OLLAMA_KV_CACHE_TYPE")),
    parallel: sourced(whole(env("OLLAMA_NUM_PARALLEL")) || undefined),
    // The log can't tell "false" from unset, and unset means auto.
    flashAttention: flash === "true" || flash === "1" ? sourced("on" as const) : undefined,
    gpuOverheadBytes: sourced(whole(env("OLLAMA_GPU_OVERHEAD"))),
    fit: sourced(fitSwitch(env("LLAMA_ARG_FIT"))),
    fitTargetMib: sourced(whole(env("LLAMA_ARG_FIT_TARGET"))),
    // 0 is Ollama's own default.
    maxLoadedModels: sourced(whole(env("OLLAMA_MAX_LOADED_MODELS")) || undefined),
    modelsFolder: sourced(absolutePath(env("OLLAMA_MODELS"))),
    ...gpuFacts(lines),
  });
}

function isOf(lines: readonly string[], { port, version }: LoggedServer): boolean {
  const on = listening(lines);
  return on !== undefined && on.address.endsWith(`:${port}`) && (version === undefined || on.version === version);
}

/** Where a start listens and its version: `Listening on 127.0.0.1:11434 (version 0.33.0)`. */
function listening(lines: readonly string[]): { readonly address: string; readonly version: string } | undefined {
  for (const line of lines) {
    const message = line.startsWith("time=") ? fieldsOf(line).get("msg") : undefined;
    const [, address, version] = /^Listening on (\S{1,200}) \(version (\S{1,60})\)$/.exec(message ?? "") ?? [];
    if (address !== undefined && version !== undefined) return { address, version };
  }
  return undefined;
}

/** What a start found of a GPU: none, where it names the CPU alone or a total of 0 B. */
function gpuFacts(lines: readonly string[]): Pick<LoggedFacts, "gpu" | "startupTotalBytes" | "tierNumCtx"> {
  const messages = lines.filter((line) => line.startsWith("time=")).map(fieldsOf);
  const devices = messages.filter((fields) => fields.get("msg") === "inference compute");
  const metal = devices.find((fields) => fields.get("library")?.toLowerCase() === "metal");
  const tier = messages.find((fields) => fields.get("msg") === "vram-based default context");
  const hasNone =
    metal === undefined &&
    (tier?.get("total_vram") === "0 B" || devices.some((fields) => fields.get("library")?.toLowerCase() === "cpu"));
  return present({
    gpu: hasNone ? sourced("none" as const) : metal && sourced("metal" as const),
    startupTotalBytes: sourced(sizeOf(metal?.get("total"))),
    tierNumCtx: sourced(whole(tier?.get("default_num_ctx")) || undefined),
  });
}

/** A whole number of at most 15 digits, and nothing else. */
export function whole(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** LLAMA_ARG_FIT, as llama.cpp reads it. */
export function fitSwitch(value: string | undefined): "on" | "off" | undefined {
  if (/^(?:on|enabled|true|1)$/.test(value ?? "")) return "on";
  return /^(?:off|disabled|false|0)$/.test(value ?? "") ? "off" : undefined;
}

function absolutePath(value: string | undefined): string | undefined {
  return value?.startsWith("/") ? value : undefined;
}

function sourced<T>(value: T | undefined): Sourced<T> | undefined {
  return value === undefined ? undefined : { value, source: "server log" };
}

/** The fields of a line of Go's slog: `key=value` or `key="value"`, in one pass. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const field = /([A-Za-z_][\w.]{0,60})=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?: |$)/y;
  for (let match = field.exec(line); match; match = field.exec(line)) {
    const [, key = "", quoted, bare = ""] = match;
    if (!fields.has(key)) fields.set(key, quoted ?? bare);
  }
  return fields;
}

/** Variables in Go's print of the server's settings: `env="map[A:1 B: C:x]"`. */
function variablesOf(line: string): ReadonlyMap<string, string> {
  const begin = line.indexOf(" env=");
  const body = /^ env="?map\[(.*)\]"?\s*$/.exec(line.slice(Math.max(0, begin)))?.[1] ?? "";
  const variables = new Map<string, string[]>();
  let words: string[] = [];
  // Values may hold spaces; a word that looks like a variable begins the next one.
  for (const word of body.split(" ")) {
    const [, key, value = ""] = /^([A-Za-z][A-Za-z0-9_]{2,60}):(?!\/\/)(.*)$/.exec(word) ?? [];
    if (key === undefined) words.push(word);
    else variables.set(key, (words = [value]));
  }
  return new Map([...variables].map(([key, value]) => [key, value.join(" ").trim()]));
}

/** "51.8 GiB" or "512.0 MiB" in bytes. */
function sizeOf(text: string | undefined): number | undefined {
  const match = /^([\d.]{1,10}) (GiB|MiB)$/.exec(text ?? "");
  const bytes = Number(match?.[1]) * (match?.[2] === "GiB" ? GIB : MIB);
  return bytes > 0 ? bytes : undefined;
}
