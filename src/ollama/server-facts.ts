import { open } from "node:fs/promises";
import { join } from "node:path";
import type { RunnerCommandLine, ServerFacts, ServerOrigin, Sourced } from "../fit/facts";
import { GIB, MIB } from "../fit/units";
import type { OllamaClient } from "./client";

export interface ServerFactsInput {
  readonly client: OllamaClient;
  readonly isLocal: boolean;
  readonly origin: ServerOrigin;
  readonly homeFolder: string;
  readonly runners: readonly RunnerCommandLine[];
  /** A variable of the user's launchd session: what a future launch gets. */
  readonly launchctlEnv: (name: string) => Promise<string | undefined>;
}

const MOST_LOG_BYTES = 512 * 1024;

type Detected = Omit<ServerFacts, "version" | "origin" | "runners">;

/**
 * Settings of the running server, best source first: its own start-up log, then the command line of a running
 * llama-server, then (marked as only likely) the launchd session. A remote server tells nothing but its version.
 */
export async function readServerFacts(input: ServerFactsInput): Promise<ServerFacts> {
  const version = await input.client.version().catch(() => undefined);
  const base = version === undefined ? {} : { version };
  if (!input.isLocal) return { ...base, origin: "remote", runners: [] };
  const log = await readFirst(logPaths(input));
  const logged = log === undefined ? {} : parseServerLog(log);
  return {
    ...base,
    ...(log === undefined ? await fromSession(input.launchctlEnv) : {}),
    ...fromRunners(input.runners),
    ...logged,
    origin: input.origin,
    runners: input.runners,
  };
}

/** A log belongs to the running server only if that kind of server is the one that runs. */
function logPaths({ origin, homeFolder }: ServerFactsInput): readonly string[] {
  switch (origin) {
    case "app":
      return [join(homeFolder, ".ollama", "logs", "server.log")];
    case "homebrew":
      return ["/opt/homebrew/var/log/ollama.log", "/usr/local/var/log/ollama.log"];
    case "terminal":
    case "remote":
    case "unknown":
      return [];
  }
}

/** The app starts a new log with every server, so its head counts; Homebrew appends, so its tail does. */
async function readFirst(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      const file = await open(path, "r");
      try {
        const { size } = await file.stat();
        const read = async (position: number) => {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_LOG_BYTES), 0, MOST_LOG_BYTES, position);
          return buffer.subarray(0, bytesRead).toString("utf8");
        };
        const head = await read(0);
        return size <= MOST_LOG_BYTES ? head : `${head}\n${await read(size - MOST_LOG_BYTES)}`;
      } finally {
        await file.close();
      }
    } catch {
      continue;
    }
  }
  return undefined;
}

const LOG = "server log";

/** Facts of the last server start in a log (lines "server config", "inference compute", "vram-based default context"). */
export function parseServerLog(log: string): Detected {
  const config = lastLine(log, 'msg="server config"');
  const start = config?.index ?? 0;
  const rest = log.slice(start);
  const env = (name: string): string | undefined => {
    const body = /env="?map\[(.*)\]/.exec(config?.line ?? "")?.[1];
    return body === undefined
      ? undefined
      : new RegExp(`(?:^|\\s)${name}:(.*?)(?=\\s[A-Z][A-Z_]+:|$)`).exec(body)?.[1]?.trim();
  };
  const sourced = <T>(value: T | undefined): Sourced<T> | undefined =>
    value === undefined ? undefined : { value, source: LOG };
  const flash = env("OLLAMA_FLASH_ATTENTION");
  return present({
    contextLength: sourced(whole(env("OLLAMA_CONTEXT_LENGTH"))),
    kvCacheType: sourced(env("OLLAMA_KV_CACHE_TYPE")),
    parallel: sourced(positive(env("OLLAMA_NUM_PARALLEL"))),
    // The log cannot tell "false" from unset; unset means auto.
    flashAttention: flash === "true" || flash === "1" ? sourced("on" as const) : undefined,
    gpuOverheadBytes: sourced(whole(env("OLLAMA_GPU_OVERHEAD"))),
    startupTotalBytes: sourced(metalTotal(rest)),
    tierNumCtx: sourced(positive(/msg="vram-based default context".*\bdefault_num_ctx=(\d{1,9})/.exec(rest)?.[1])),
  });
}

function lastLine(log: string, marker: string): { readonly line: string; readonly index: number } | undefined {
  const at = log.lastIndexOf(marker);
  if (at < 0) return undefined;
  const start = log.lastIndexOf("\n", at) + 1;
  const end = log.indexOf("\n", at);
  return { line: log.slice(start, end < 0 ? undefined : end), index: start };
}

function metalTotal(log: string): number | undefined {
  const match = /msg="inference compute".*\blibrary=Metal\b.*\btotal="([\d.]{1,10}) (GiB|MiB)"/i.exec(log);
  const amount = Number(match?.[1]);
  return amount > 0 ? amount * (match?.[2] === "GiB" ? GIB : MIB) : undefined;
}

function fromRunners(runners: readonly RunnerCommandLine[]): Detected {
  const source = "command line of the running model";
  const runner = runners[0];
  if (runner === undefined) return {};
  return present({
    kvCacheType: { value: runner.kvCacheType ?? "", source },
    flashAttention: runner.flashAttention ? { value: runner.flashAttention, source } : undefined,
    parallel: runner.parallel ? { value: runner.parallel, source } : undefined,
  });
}

async function fromSession(launchctlEnv: ServerFactsInput["launchctlEnv"]): Promise<Detected> {
  const source = "launchctl, if Ollama was started after it was set";
  const [context, type, parallel, flash, fitTarget] = await Promise.all(
    [
      "OLLAMA_CONTEXT_LENGTH",
      "OLLAMA_KV_CACHE_TYPE",
      "OLLAMA_NUM_PARALLEL",
      "OLLAMA_FLASH_ATTENTION",
      "LLAMA_ARG_FIT_TARGET",
    ].map(launchctlEnv),
  );
  const number = (text: string | undefined) => {
    const value = whole(text);
    return value === undefined ? undefined : { value, source };
  };
  return present({
    contextLength: number(context),
    kvCacheType: type === undefined ? undefined : { value: type, source },
    parallel: number(parallel),
    flashAttention:
      flash === undefined ? undefined : { value: flash === "1" || flash === "true" ? "on" : "off", source },
    fitTargetMib: number(fitTarget),
  } as const);
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function positive(text: string | undefined): number | undefined {
  return whole(text) || undefined;
}

function present(values: { readonly [K in keyof Detected]: Detected[K] | undefined }): Detected {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
