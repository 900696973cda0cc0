import type { RunnerCommandLine, ServerOrigin } from "../fit/facts";
import type { Runner } from "./runner";
import { parseWhole } from "./sysctl";

export const PS = "/bin/ps";
export const PS_COMMAND_ARGS = ["-axww", "-o", "pid=,ppid=,command="] as const;

export interface ProcessLine {
  readonly pid: number;
  readonly parentPid: number;
  /** Program and arguments, joined by spaces as `ps` prints them: arguments with spaces cannot be told apart. */
  readonly command: string;
}

/** All processes with their command lines; empty when `ps` does not answer. */
export async function readProcesses(system: { readonly run: Runner }): Promise<readonly ProcessLine[]> {
  const result = await system.run(PS, PS_COMMAND_ARGS, { timeoutMs: 5_000 });
  return parseProcesses(result.stdout);
}

/** Parses `pid ppid command` lines; others are left out. */
export function parseProcesses(output: string): readonly ProcessLine[] {
  return output.split("\n").flatMap((line) => {
    const match = /^ *(\d{1,9}) +(\d{1,9}) (.+)$/.exec(line);
    return match?.[3] === undefined
      ? []
      : [{ pid: Number(match[1]), parentPid: Number(match[2]), command: match[3].trim() }];
  });
}

/** Command lines of the llama-servers that run, the truth for a loaded model. */
export function parseRunnerCommandLines(lines: readonly ProcessLine[]): readonly RunnerCommandLine[] {
  return lines.flatMap(({ pid, command }) => {
    const match = /^(?:llama-server|\/(?:.{0,400}?\/)?llama-server)(?: (.*))?$/.exec(command);
    if (!match) return [];
    const flags = parseFlags(match[1] ?? "");
    const text = (...names: readonly string[]) => names.map((name) => flags.get(name)).find((value) => value);
    const count = (...names: readonly string[]) => parseWhole(text(...names));
    const optional = <K extends string, V>(key: K, value: V | undefined) =>
      (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
    return [
      {
        pid,
        ...optional("modelPath", text("--model", "-m")),
        ...optional("totalContext", count("-c", "--ctx-size")),
        ...optional("parallel", count("-np", "--parallel")),
        ...optional("kvCacheType", text("--cache-type-k", "-ctk")),
        ...optional("flashAttention", flashAttention(text("--flash-attn", "-fa"))),
        ...optional("batch", count("-b", "--batch-size")),
        ...optional("gpuLayers", count("-ngl", "--gpu-layers", "--n-gpu-layers")),
      },
    ];
  });
}

/**
 * Flags with their values. `ps` does not quote, so a value runs to the next word that looks like a flag: that keeps
 * paths with spaces whole. The last of a repeated flag counts, as in llama.cpp.
 */
function parseFlags(text: string): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  let flag: string | undefined;
  for (const word of text.split(" ")) {
    if (/^--?[a-z]/.test(word)) {
      flag = word;
      flags.set(flag, "");
    } else if (flag !== undefined) {
      const value = flags.get(flag);
      flags.set(flag, value ? `${value} ${word}` : word);
    }
  }
  return flags;
}

function flashAttention(value: string | undefined): RunnerCommandLine["flashAttention"] {
  switch (value) {
    case "auto":
    case "on":
    case "off":
      return value;
    case "1":
      return "on";
    case "0":
      return "off";
    default:
      return undefined;
  }
}

/** The process of the Ollama server and how it was started. */
export interface OllamaServerProcess {
  readonly pid: number;
  readonly origin: Exclude<ServerOrigin, "remote">;
  /** The app that owns it, such as "/Applications/Ollama.app". */
  readonly appPath?: string;
}

/**
 * Finds the `ollama serve` process. The app's server is a child of the app; Homebrew's service is a child of launchd
 * (process 1) and runs from Homebrew's folders; anything that a shell or another program started counts as "terminal".
 */
export function findOllamaServer(lines: readonly ProcessLine[]): OllamaServerProcess | undefined {
  const server = lines.find(({ command }) => /^(?:\/(?:.{0,400}?\/)?)?ollama serve(?: |$)/.test(command));
  if (!server) return undefined;
  const parent = lines.find(({ pid }) => pid === server.parentPid);
  const appPath = /^(\/.{0,400}?\/Ollama\.app)\/Contents\/MacOS\//.exec(parent?.command ?? "")?.[1];
  if (appPath !== undefined) return { pid: server.pid, origin: "app", appPath };
  if (server.parentPid !== 1) return { pid: server.pid, origin: "terminal" };
  return {
    pid: server.pid,
    origin: /^\/(?:opt\/homebrew|usr\/local)\/(?:opt|Cellar|bin)\//.test(server.command) ? "homebrew" : "unknown",
  };
}

/** How the server on this Mac was started; "unknown" when no server process is seen. */
export function serverOrigin(lines: readonly ProcessLine[]): ServerOrigin {
  return findOllamaServer(lines)?.origin ?? "unknown";
}
