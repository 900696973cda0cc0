/** Programs that look at files: ls, grep, plutil and sqlite3, as far as the extension asks them. */
import { GREP_SCRIPTS_ARGS } from "../../../src/mac/boot-scripts";
import type { RunResult } from "../../../src/mac/runner";
import { done, failed, same } from "./answers";

/** What lies on the disk of a Mac. */
export interface DiskOf {
  readonly homeFolder: string;
  /** Content of /Library/LaunchDaemons by file name, and of other text files by path. */
  readonly daemons: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, string>;
  readonly sysctlConf: string;
  readonly appModelsFolder?: string;
}

const DAEMONS = "/Library/LaunchDaemons";

/** By the path of the program; undefined for arguments that no Mac of ours knows. */
export const DISK_PROGRAMS: Readonly<Record<string, (disk: DiskOf, args: readonly string[]) => RunResult | undefined>> =
  {
    "/usr/bin/grep": grep,
    "/bin/ls": ls,
    "/usr/bin/plutil": plutil,
    "/usr/bin/sqlite3": appSettings,
  };

function ls({ daemons }: DiskOf, args: readonly string[]): RunResult | undefined {
  const [path = ""] = args;
  if (args.length !== 1 || !path.startsWith(DAEMONS)) return undefined;
  const names = path === DAEMONS ? [...daemons.keys()].sort() : [path.slice(DAEMONS.length + 1)];
  return path === DAEMONS || daemons.has(names[0] ?? "")
    ? done((path === DAEMONS ? names : [path]).map((name) => `${name}\n`).join(""))
    : failed(1, `ls: ${path}: No such file or directory\n`);
}

function grep({ daemons, sysctlConf, files }: DiskOf, args: readonly string[]): RunResult | undefined {
  const scripts = same(args.slice(0, GREP_SCRIPTS_ARGS.length), ...GREP_SCRIPTS_ARGS)
    ? args.slice(GREP_SCRIPTS_ARGS.length).flatMap((path) => linesOf(files, path).map((line) => `${path}:${line}`))
    : undefined;
  const found =
    scripts ??
    (same(args, "-rlsF", "iogpu.wired_limit", "/Library/LaunchDaemons")
      ? [...daemons]
          .filter(([, text]) => text.includes("iogpu.wired_limit"))
          .map(([name]) => `/Library/LaunchDaemons/${name}`)
      : same(args, "-sF", "iogpu.wired_limit", "/etc/sysctl.conf")
        ? sysctlConf.split("\n").filter((line) => line.includes("iogpu.wired_limit"))
        : undefined);
  if (!found) return undefined;
  return found.length > 0 ? done(`${found.join("\n")}\n`) : failed(1, "");
}

const linesOf = (files: DiskOf["files"], path: string) =>
  (files.get(path) ?? "").split("\n").filter((line) => line.includes("iogpu.wired_limit_mb"));

function appSettings({ homeFolder, appModelsFolder }: DiskOf, args: readonly string[]): RunResult | undefined {
  const database = `${homeFolder}/Library/Application Support/Ollama/db.sqlite`;
  if (!same(args, "-readonly", database, "SELECT models FROM settings LIMIT 1")) return undefined;
  return appModelsFolder === undefined
    ? failed(1, `Error: unable to open database "${database}": unable to open database file\n`)
    : done(`${appModelsFolder}\n`);
}

function plutil({ daemons }: DiskOf, args: readonly string[]): RunResult | undefined {
  if (!same(args.slice(0, 5), "-convert", "json", "-o", "-", "--") || args.length !== 6) return undefined;
  if (args[5] === "/System/Library/LaunchDaemons/ssh.plist") {
    const program = ["/usr/libexec/sshd-keygen-wrapper"];
    return done(JSON.stringify({ Label: "com.openssh.sshd", Disabled: true, ProgramArguments: program }));
  }
  const text = daemons.get((args[5] ?? "").replace("/Library/LaunchDaemons/", ""));
  const label = /<key>Label<\/key>\s*<string>([^<]*)</.exec(text ?? "")?.[1];
  const ProgramArguments = programOf(text);
  if (label === undefined || ProgramArguments.length === 0) return failed(1, `${args[5]}: invalid object in plist\n`);
  return done(JSON.stringify({ Label: label, ProgramArguments, RunAtLoad: true }));
}

/** ProgramArguments of a property list; empty where it has none. */
export function programOf(plist = ""): string[] {
  const words = /<key>ProgramArguments<\/key>\s*<array>([^]*?)<\/array>/.exec(plist)?.[1] ?? "";
  return [...words.matchAll(/<string>([^<]*)</g)].map((match) => match[1] ?? "");
}
