import type { RunnerCommandLine } from "../fit/facts";
import type { Runner } from "./runner";
import { oneLine } from "../fit/one-line";
import { parseWhole } from "./sysctl";

export const PS = "/bin/ps";
const PS_COMMAND_ARGS = ["-axww", "-o", "pid=,ppid=,command="] as const;

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
    return [
      {
        pid,
        modelPath: text("--model", "-m"),
        totalContext: count("-c", "--ctx-size"),
        parallel: count("-np", "--parallel"),
        kvCacheType: text("--cache-type-k", "-ctk"),
        flashAttention: flashAttention(text("--flash-attn", "-fa")),
        batch: count("-b", "--batch-size"),
        gpuLayers: count("-ngl", "--gpu-layers", "--n-gpu-layers"),
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

/** An Ollama server: `ollama serve`, of which `ollama start` is another name. Packagers wrap it as `.ollama-wrapped`. */
export function isOllamaServer({ command }: ProcessLine): boolean {
  return /^(?:\/(?:.{0,400}?\/)?)?(?:ollama|\.ollama-wrapped) (?:serve|start)(?: |$)/.test(command);
}

/** The folder of Ollama.app, where a process is that app's own. */
export function ollamaAppOf(process: ProcessLine | undefined): string | undefined {
  return /^(\/.{0,400}?\/Ollama\.app)\/Contents\/MacOS\/Ollama(?: |$)/.exec(process?.command ?? "")?.[1];
}

/** A process's parent, its parent's parent and so on, as far as they are listed. */
export function ancestorsOf(process: ProcessLine, lines: readonly ProcessLine[]): readonly ProcessLine[] {
  const byPid = new Map(lines.map((line) => [line.pid, line]));
  const ancestors: ProcessLine[] = [];
  // A listing isn't taken at one instant: a reused process number could close a circle.
  for (let next = byPid.get(process.parentPid); next && ancestors.length < 64; next = byPid.get(next.parentPid)) {
    if (next.pid === process.pid || ancestors.includes(next)) break;
    ancestors.push(next);
  }
  return ancestors;
}

/** What a person calls a process: the app it lies in ("Visual Studio Code"), else the name of its program ("zsh"). */
export function processName({ command }: ProcessLine): string {
  return appName(command) ?? oneLine((baseName(programPath(command)).split(" ", 1)[0] ?? "").replace(/:$/, ""), 60);
}

/** The outermost app that a program lies in: "Visual Studio Code". */
export function appName(command: string): string | undefined {
  const name = /\/([^/]{1,100})\.app\/Contents\//.exec(programPath(command))?.[1];
  return name === undefined ? undefined : oneLine(name, 100);
}

/** A program's own path or name: `ps` doesn't quote, so it is taken to end before the first word with "-" or "/". */
export function programPath(command: string): string {
  const [first = "", ...rest] = command.slice(0, 2_000).split(" ");
  if (!first.startsWith("/")) return first;
  const end = rest.findIndex((word) => word.startsWith("-") || word.startsWith("/"));
  return [first, ...(end < 0 ? rest : rest.slice(0, end))].join(" ");
}

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

const SHELLS: ReadonlySet<string> = new Set(["sh", "bash", "zsh", "dash", "ksh", "csh", "tcsh", "fish", "nu", "pwsh"]);

/** A shell that a person types into; one that runs a script or a command (`-c`) is none. */
export function isInteractiveShell({ command }: ProcessLine): boolean {
  const [, ...args] = command.split(" ");
  return isShell(command) && args.every((word) => /^--?[a-z]{1,20}$/i.test(word) && !/^-[a-z]*c/.test(word));
}

/** Something that runs a command for somebody else and stays beside it: a shell with a script, `caffeinate`, `nice`. */
export function isWrapper(process: ProcessLine): boolean {
  const { command } = process;
  return (
    (isShell(command) && !isInteractiveShell(process)) || /^(?:caffeinate|nohup|nice|env)$/.test(firstName(command))
  );
}

function isShell(command: string): boolean {
  return SHELLS.has(firstName(command).replace(/^-/, ""));
}

/** The name of a program whose path has no spaces. */
function firstName(command: string): string {
  return baseName(command.split(" ", 1)[0] ?? "");
}
