import type { System } from "../../../src/app/system";
import type { Runner, RunOptions, RunResult } from "../../../src/mac/runner";
import type { MacClock } from "./clock";
import type { MacServer, OllamaStart } from "./ollama-servers";
import type { MacProcess } from "./processes";
import type { RootFaults, RootRun } from "./sandbox";

/** What goes wrong on purpose. May be changed at any time. */
export interface MacFaults extends RootFaults {
  /** The person presses Cancel. */
  readonly cancel?: boolean;
  readonly wrongPassword?: boolean;
  readonly notPermitted?: boolean;
  /** The prompt stays open until {@link StandInMac.answerPrompt}, an abort or a time-out. */
  readonly hang?: boolean;
  /** AppleScript gives up waiting; with "applied" what it started as root goes on all the same. */
  readonly timeoutReached?: true | "applied";
  /** osascript is killed; what it started as root goes on and is done 0.3 s later. */
  readonly promptKilled?: boolean;
  /** The limit reads back as this value, whatever is set. */
  readonly lies?: number;
  /** sysctl does not answer. */
  readonly sysctlHangs?: boolean;
  readonly metalHangs?: boolean;
  /** Programs, by path, that are not there, and such that do not answer before they are given up. */
  readonly missing?: readonly string[];
  readonly stuck?: readonly string[];
  readonly metalMissing?: boolean;
  /** macOS does not let Raycast control other apps. */
  readonly automationDenied?: boolean;
  /** Folders, by path, that macOS does not let Raycast read. */
  readonly forbiddenFolders?: readonly string[];
  /** Apps ask to save something and go on running. */
  readonly appsRefuseToQuit?: boolean;
  /** Ollama can be stopped but does not start again. */
  readonly ollamaStaysDown?: boolean;
}

export interface StandInMacOptions {
  readonly ramGib: number;
  /** Default "26.6.1". Before 14 the kernel has only the older key of the limit, which takes bytes. */
  readonly macos?: string;
  /** Default "Apple M4 Pro". */
  readonly chip?: string;
  readonly intel?: boolean;
  readonly vm?: boolean;
  /** Limit that is set already, in MiB. */
  readonly overrideMib?: number;
  /** How Ollama runs; default "app". */
  readonly ollama?: OllamaStart | "none";
  /** Where it listens, as lsof writes it; default "127.0.0.1:11434". */
  readonly ollamaAddress?: string;
  /** Paths of apps and programs of Ollama that are on disk. Default: that of `ollama`. */
  readonly installed?: readonly string[];
  /** Default "/Users/sam". */
  readonly homeFolder?: string;
  /** Folder below which Homebrew's log lies, so that it can be written where this runs. Default: none. */
  readonly logRoot?: string;
  /** When it starts; default: now, and its time goes on with the real one. */
  readonly startsAt?: Date;
  /** How long Ollama.app takes to end after SIGTERM. Default 3 s; up to 30 were seen. */
  readonly ollamaEndSeconds?: number;
  /** The models folder in the settings of Ollama.app; absent where the app has none yet. */
  readonly appModelsFolder?: string;
  /** What `launchctl getenv` gives. */
  readonly launchctlEnv?: Readonly<Record<string, string>>;
  /** Content of /etc/sysctl.conf. */
  readonly sysctlConf?: string;
  /** Content of /Library/LaunchDaemons by file name. */
  readonly daemons?: Readonly<Record<string, string>>;
  /** Labels of daemons that launchd has, and of such that are switched off in Login Items. */
  readonly loadedDaemons?: readonly string[];
  readonly disabledDaemons?: readonly string[];
  readonly disabledAgents?: readonly string[];
  /** Other text files that programs of the Mac can read, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Answers of programs that this stand-in does not know, by path. */
  readonly programs?: Readonly<Record<string, (args: readonly string[], options: RunOptions) => Partial<RunResult>>>;
  readonly faults?: MacFaults;
}

/** What a server that is down comes up as: with a new process, and in the app's case with a new log or in the old one. */
export type ServerEvent = "stopped" | "started" | "respawned";

export interface StandInMac {
  readonly run: Runner;
  faults: MacFaults;
  readonly clock: MacClock;
  /** Kernel values by key; those of the memory follow what runs, unless they are set here. */
  readonly sysctls: Map<string, string>;
  readonly launchctlEnv: Map<string, string>;
  processes: MacProcess[];
  daemons: ReadonlyMap<string, string>;
  loadedDaemons: ReadonlySet<string>;
  disabledDaemons: ReadonlySet<string>;
  /** Labels of the person's LaunchAgents that are switched off in Login Items. */
  disabledAgents: ReadonlySet<string>;
  sysctlConf: string;
  /** Reasons that the administrator prompts showed. */
  readonly prompts: string[];
  /** What the last root shell did. */
  lastRootRun?: RootRun;
  /** Every program that was run. */
  readonly calls: { readonly file: string; readonly args: readonly string[] }[];
  /** Command lines that no Mac of ours knows; each one also made `run` throw. */
  readonly unknownCommands: string[];
  /** Ollama servers that were started, the first one first. */
  readonly servers: readonly MacServer[];
  /** Called when an Ollama server stops and when a new one starts. */
  onOllama?: (event: ServerEvent, server: MacServer) => void;
  /** The limit that is set, in MiB; 0 = macOS decides. */
  limitMib(): number;
  /** The limit that the GPU works under, in bytes: what is set, else the default of macOS. */
  limitBytes(): number;
  /** RAM that isn't in use, cached files left out. */
  freeRamBytes(): number;
  /** Whether something of Ollama lies at a path. */
  exists(path: string): boolean;
  addProcess(process: Partial<MacProcess> & Pick<MacProcess, "path">): MacProcess;
  startOllama(start: OllamaStart, address?: string): MacServer;
  /** The llama-servers and MLX runners of a server, in place of those it had. */
  setRunners(server: MacServer, runners: readonly (Partial<MacProcess> & Pick<MacProcess, "path">)[]): void;
  /** Answers a prompt that hangs. */
  answerPrompt(answer: "allow" | "cancel"): void;
  /** Restarts the Mac: kernel values go back to their defaults, then LaunchDaemons run. */
  reboot(): void;
  system(extra?: Partial<System>): System & { readonly pause: (milliseconds: number) => Promise<void> };
}
