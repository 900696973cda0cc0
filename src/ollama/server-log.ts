import { join } from "node:path";
import type { ServerFacts, Sourced } from "../fit/facts";
import type { ServerOrigin } from "../fit/server-origin";
import { GIB, MIB } from "../fit/units";
import { type FileSource, openFileSource } from "./blob-source";

/** What a server's log says of its settings. */
export type LoggedFacts = Omit<ServerFacts, "version" | "origin" | "runners">;

/** Homebrew's folder on Apple Silicon; under Rosetta it may still be in the Intel folder. */
const BREW_LOGS = ["/opt/homebrew/var/log/ollama.log", "/usr/local/var/log/ollama.log"] as const;

const CONFIG = 'msg="server config"';
/** A start writes a few kilobytes. */
const START_BYTES = 256 * 1024;
/** How far back in a log that grows from start to start the last one is looked for. */
const MOST_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

/**
 * The lines of the last server start in the log of that kind of server; undefined where there is none. The app starts
 * a new log with each server, Homebrew's grows for ever, and a server in a terminal has none.
 */
export async function readStartLog(
  origin: ServerOrigin,
  homeFolder: string,
  brewLogs: readonly string[] = BREW_LOGS,
): Promise<string | undefined> {
  const paths =
    origin === "app" ? [join(homeFolder, ".ollama", "logs", "server.log")] : origin === "homebrew" ? brewLogs : [];
  for (const path of paths) {
    try {
      const log = await openFileSource(path);
      try {
        const start = origin === "app" ? 0 : await lastStart(log);
        if (start !== undefined) return await text(log, start, START_BYTES);
      } finally {
        await log.close();
      }
    } catch {
      // No such log, or none that this user may read.
    }
  }
  return undefined;
}

/** Offset of the last start in the log; undefined where it has none or it lies too far back to be sure. */
async function lastStart(log: FileSource): Promise<number | undefined> {
  const floor = Math.max(0, log.size - MOST_BYTES);
  for (let end = log.size; end > floor; end -= BLOCK_BYTES) {
    const from = Math.max(floor, end - BLOCK_BYTES);
    // The mark may lie across two blocks.
    const block = Buffer.from(await log.read(from, end - from + CONFIG.length));
    const at = block.lastIndexOf(CONFIG);
    if (at >= 0) return from + Math.max(0, block.lastIndexOf("\n", at) + 1);
  }
  return undefined;
}

async function text(log: FileSource, offset: number, length: number): Promise<string> {
  return new TextDecoder().decode(await log.read(offset, length));
}

/**
 * Settings out of the last server start of a log: the lines "server config", "inference compute" and "vram-based
 * default context". Nothing, where the log is known to be of a server of another version than the one that answers.
 */
export function parseServerLog(log: string, version?: string): LoggedFacts {
  const start = Math.max(0, log.lastIndexOf("\n", log.lastIndexOf(CONFIG)) + 1);
  const lines = log.slice(start);
  const logged = /msg="Listening on [^"]{1,200} \(version ([^)"]{1,60})\)"/.exec(lines)?.[1];
  if (version !== undefined && logged !== undefined && logged !== version) return {};
  const env = environment(lines);
  const flash = env("OLLAMA_FLASH_ATTENTION");
  return present({
    contextLength: sourced(whole(env("OLLAMA_CONTEXT_LENGTH"))),
    kvCacheType: sourced(env("OLLAMA_KV_CACHE_TYPE")),
    parallel: sourced(whole(env("OLLAMA_NUM_PARALLEL")) || undefined),
    // The log cannot tell "false" from unset, and unset means auto.
    flashAttention: flash === "true" || flash === "1" ? sourced("on" as const) : undefined,
    gpuOverheadBytes: sourced(whole(env("OLLAMA_GPU_OVERHEAD"))),
    fitTargetMib: sourced(whole(env("LLAMA_ARG_FIT_TARGET"))),
    startupTotalBytes: sourced(metalTotal(lines)),
    tierNumCtx: sourced(
      whole(/msg="vram-based default context"[^\n]*\bdefault_num_ctx=(\d{1,9})/.exec(lines)?.[1]) || undefined,
    ),
  });
}

/** Leaves out what is undefined, so that absent stays absent. */
export function present(values: { readonly [K in keyof LoggedFacts]: LoggedFacts[K] | undefined }): LoggedFacts {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** A whole number of at most 15 digits, and nothing else. */
export function whole(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function sourced<T>(value: T | undefined): Sourced<T> | undefined {
  return value === undefined ? undefined : { value, source: "server log" };
}

/** Looks up variables in Go's print of the server's settings: `env="map[A:1 B: C:x]"`. */
function environment(lines: string): (name: string) => string | undefined {
  const body = /msg="server config" env="?map\[([^\n]{0,65536})\]/.exec(lines)?.[1] ?? "";
  const variables = new Map<string, string>();
  let name = "";
  // Values may hold spaces; a word that looks like a variable begins the next one.
  for (const word of body.split(" ")) {
    const [, key, value = ""] = /^([A-Za-z][A-Za-z0-9_]{2,60}):(?!\/\/)(.*)$/.exec(word) ?? [];
    if (key !== undefined) {
      name = key;
      variables.set(name, value);
    } else if (name !== "") variables.set(name, `${variables.get(name)} ${word}`);
  }
  return (key) => variables.get(key)?.trim();
}

function metalTotal(lines: string): number | undefined {
  const match = /msg="inference compute"[^\n]*\blibrary=Metal\b[^\n]*\btotal="([\d.]{1,10}) (GiB|MiB)"/i.exec(lines);
  const bytes = Number(match?.[1]) * (match?.[2] === "GiB" ? GIB : MIB);
  return bytes > 0 ? bytes : undefined;
}
