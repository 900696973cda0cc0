import type { RunnerCommandLine, ServerOrigin } from "../fit/facts";
import type { Runner } from "./runner";

export interface ProcessLine {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

/** All processes with their command lines; empty where ps does not answer. */
export async function readProcesses({ run }: { readonly run: Runner }): Promise<readonly ProcessLine[]> {
  const result = await run("/bin/ps", ["-axww", "-o", "pid=,ppid=,command="]);
  return parseProcesses(result.stdout);
}

export function parseProcesses(text: string): readonly ProcessLine[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d{1,9})\s+(\d{1,9})\s+(.+)$/.exec(line);
    return match?.[3] === undefined
      ? []
      : [{ pid: Number(match[1]), parentPid: Number(match[2]), command: match[3].slice(0, 8192) }];
  });
}

const RUNNER = /(?:^|\/)llama-server\s/;

/** What the llama-server processes among them were started with: the truth for loaded models. */
export function parseRunnerCommandLines(processes: readonly ProcessLine[]): readonly RunnerCommandLine[] {
  return processes.filter(({ command }) => RUNNER.test(command)).map(parseRunner);
}

function parseRunner({ pid, command }: ProcessLine): RunnerCommandLine {
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = new RegExp(`\\s${name}[ =](\\S+)`).exec(command)?.[1];
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const count = (...names: string[]): number | undefined => {
    const value = text(...names);
    return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  };
  // A path may hold spaces: it ends where the next option starts.
  const modelPath = /\s(?:--model|-m)[ =](.+?)(?=\s--?[a-z]|$)/.exec(command)?.[1];
  const flash = text("--flash-attn", "-fa");
  const values = {
    modelPath,
    totalContext: count("--ctx-size", "-c"),
    parallel: count("--parallel", "-np"),
    kvCacheType: text("--cache-type-k", "-ctk"),
    flashAttention: flash === "auto" || flash === "on" || flash === "off" ? flash : undefined,
    batch: count("--ubatch-size", "-ub"),
    gpuLayers: count("--n-gpu-layers", "-ngl"),
  } as const;
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return { pid, ...Object.fromEntries(present) };
}

/** Who started the Ollama server that runs here; "unknown" where none is seen. */
export function serverOrigin(processes: readonly ProcessLine[]): ServerOrigin {
  const server = processes.find(({ command }) => /(?:^|\/)ollama\s+serve\b/.test(command));
  if (server === undefined) return "unknown";
  if (server.command.includes("/Ollama.app/")) return "app";
  // launchd is the parent of a Homebrew service; a shell is that of `ollama serve` typed by hand.
  return server.parentPid === 1 && /\/(?:homebrew|Cellar|opt)\//.test(server.command) ? "homebrew" : "terminal";
}
