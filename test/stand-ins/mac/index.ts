import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { System } from "../../../src/app/system";
import { KEPT_NAMES, readSettingsAgentPlist, SETTINGS_AGENT_LABEL } from "../../../src/fit/kept-settings";
import { QUIT_SCRIPT } from "../../../src/mac/apps";
import { GREP_SCRIPTS_ARGS } from "../../../src/mac/boot-scripts";
import { METAL_SCRIPT } from "../../../src/mac/metal-probe";
import { shellQuote } from "../../../src/fit/commands";
import { DAEMON_SHELL, PRIVILEGED_SCRIPT, PRIVILEGED_SHELL } from "../../../src/mac/privileged";
import type { Runner, RunOptions, RunResult } from "../../../src/mac/runner";
import { evaluateAdminScript } from "./applescript";
import { createMacClock, type MacClock } from "./clock";
import { launchdAnswer, type LaunchdJob } from "./launchd";
import { APP, type MacServer, OLLAMA_STARTS, type OllamaStart, ollamaWay } from "./ollama-servers";
import { lsofAnswer, type MacProcess, psAnswer, USER_ID } from "./processes";
import { defaultWorkingSet, GIB, ioregText, memoryOf, MIB, swapText, topText, vmStatText } from "./readings";
import { type RootFaults, type RootRun, runAsRoot } from "./sandbox";

export { OLLAMA_STARTS, type MacServer, type OllamaStart } from "./ollama-servers";
export type { MacProcess } from "./processes";

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

const LIMIT_KEYS = ["iogpu.wired_limit_mb", "debug.iogpu.wired_limit"] as const;
/** What the GPU holds for windows. */
const IDLE_GPU = { allocated: 1_574_862_848, inUse: 351_141_888 } as const;

const done = (stdout = "", rest: Partial<RunResult> = {}): RunResult => ({
  exitCode: 0,
  stdout,
  stderr: "",
  missing: false,
  timedOut: false,
  ...rest,
});
const failed = (exitCode: number, stderr: string, stdout = ""): RunResult => done(stdout, { exitCode, stderr });
const missing: RunResult = { stdout: "", stderr: "ENOENT", missing: true, timedOut: false };
const timedOut: RunResult = { stdout: "", stderr: "", missing: false, timedOut: true };
const same = (a: readonly string[], ...b: readonly string[]) =>
  a.length === b.length && a.every((word, index) => word === b[index]);

/**
 * A Mac for tests and for the preview. It answers the command lines of our adapters and no others, accepts exactly our
 * constant scripts, and runs the root part of the administrator script with a real `sh` on stub programs.
 */
export function createStandInMac(options: StandInMacOptions): StandInMac {
  const macos = options.macos ?? "26.6.1";
  const macosMajor = Number(macos.split(".")[0]);
  const chip = options.intel ? "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz" : (options.chip ?? "Apple M4 Pro");
  const homeFolder = options.homeFolder ?? "/Users/sam";
  const firstStart = options.ollama ?? "app";
  const installed = new Set(
    options.installed ?? (firstStart === "none" ? [] : [ollamaWay(firstStart, homeFolder).installed]),
  );
  const files = new Map(Object.entries(options.files ?? {}));
  const servers: MacServer[] = [];
  let boots = 0;
  let nextPid = 600;
  const agentPath = join(homeFolder, "Library", "LaunchAgents", `${SETTINGS_AGENT_LABEL}.plist`);
  let isAgentLoaded = false;
  let openPrompt: ((answer: "allow" | "cancel") => void) | undefined;

  const mac: StandInMac = {
    run: async (file, args, runOptions = {}) => {
      mac.calls.push({ file, args });
      const answer = await respond(file, args, runOptions);
      if (answer) return answer;
      const line = [file, ...args].join(" ");
      mac.unknownCommands.push(line);
      throw new Error(`The stand-in Mac does not know this command line: ${line}`);
    },
    // What runs already was started before anything went wrong.
    faults: {},
    clock: createMacClock(options.startsAt),
    sysctls: new Map(),
    launchctlEnv: new Map(Object.entries(options.launchctlEnv ?? {})),
    processes: [],
    daemons: new Map(Object.entries(options.daemons ?? {})),
    loadedDaemons: new Set(options.loadedDaemons),
    disabledDaemons: new Set(options.disabledDaemons),
    disabledAgents: new Set(options.disabledAgents),
    sysctlConf: options.sysctlConf ?? "",
    prompts: [],
    calls: [],
    unknownCommands: [],
    servers,
    limitMib: () => {
      const [inMib, inBytes] = LIMIT_KEYS.map((key) => Number(mac.sysctls.get(key) ?? 0));
      return inMib || Math.floor((inBytes ?? 0) / MIB);
    },
    limitBytes: () => (mac.limitMib() > 0 ? mac.limitMib() * MIB : defaultWorkingSet(options.ramGib, macosMajor)),
    freeRamBytes: () => memory().ramBytes - memory().usedBytes,
    exists: (path) => installed.has(path),
    addProcess: (process) => {
      const added: MacProcess = {
        pid: (nextPid += 1),
        parentPid: 1,
        uid: USER_ID,
        command: process.path,
        footprintMib: 50,
        gpuMib: 0,
        listens: [],
        ...process,
      };
      mac.processes.push(added);
      return added;
    },
    startOllama: (start, address = "127.0.0.1:11434") => {
      const server: MacServer = { start, way: ollamaWay(start, homeFolder, options.logRoot), address, pid: undefined };
      servers.push(server);
      bringUp(server, "started");
      return server;
    },
    setRunners: (server, runners) => {
      const isRunner = ({ parentPid }: MacProcess) => parentPid === server.pid;
      // One that goes on running keeps its number.
      const pids = new Map(mac.processes.filter(isRunner).map(({ command, pid }) => [command, pid]));
      mac.processes = mac.processes.filter((one) => !isRunner(one));
      if (server.pid === undefined) return;
      for (const runner of runners) {
        const gpuMib = options.intel ? 0 : runner.gpuMib;
        const pid = pids.get(runner.command ?? runner.path) ?? (nextPid += 1);
        mac.addProcess({ uid: server.way.uid, ...runner, pid, gpuMib, parentPid: server.pid });
      }
    },
    answerPrompt: (answer) => {
      if (!openPrompt) throw new Error("No prompt is open.");
      openPrompt(answer);
      openPrompt = undefined;
    },
    reboot: () => {
      setDefaults();
      const loaded = [...mac.daemons.keys()].map((name) => name.replace(/\.plist$/, ""));
      mac.loadedDaemons = new Set(loaded.filter((label) => !mac.disabledDaemons.has(label)));
      for (const [name, text] of mac.daemons) {
        if (mac.disabledDaemons.has(name.replace(/\.plist$/, ""))) continue;
        const scripts = [...files].flatMap(([path, script]) => (text.includes(`>${path}<`) ? [script] : []));
        const [, key, value] = /(iogpu\.wired_limit_mb)=(\d+)/.exec([text, ...scripts].join("\n")) ?? [];
        if (key !== undefined && value !== undefined && mac.sysctls.has(key)) mac.sysctls.set(key, value);
      }
      logIn();
    },
    system: (extra) => ({
      run: mac.run,
      platform: "darwin",
      arch: options.intel ? "x64" : "arm64",
      homeFolder,
      userId: USER_ID,
      network: () => ({ hostname: "Sams-Mac.local", addresses: ["127.0.0.1", "::1", "192.168.1.20"] }),
      env: {},
      now: () => mac.clock.now(),
      fetch: globalThis.fetch,
      pause: async (milliseconds) => mac.clock.advance(milliseconds),
      ...extra,
    }),
  };

  /** A new session: what starts at login starts, Ollama before the agent that sets its variables, as it may. */
  function logIn(): void {
    mac.launchctlEnv.clear();
    for (const server of servers) {
      if (server.pid === undefined) continue;
      const main = mainProcess(server);
      end(...mac.processes.filter((one) => one.pid === server.pid || one === main));
      if ((server.way.app ?? server.way.job) !== undefined) bringUp(server, "started");
    }
    const agent = textOf(agentPath);
    isAgentLoaded = agent !== undefined && !mac.disabledAgents.has(SETTINGS_AGENT_LABEL);
    if (!isAgentLoaded) return;
    for (const [name, value] of Object.entries(readSettingsAgentPlist(agent ?? "") ?? {})) {
      mac.launchctlEnv.set(name, value);
    }
  }

  function setDefaults(): void {
    const values: Record<string, string | undefined> = {
      "hw.memsize": String(options.ramGib * GIB),
      "hw.model": options.vm ? "VirtualMac2,1" : options.intel ? "MacBookPro16,1" : "Mac16,11",
      "machdep.cpu.brand_string": chip,
      "hw.optional.arm64": options.intel ? undefined : "1",
      "kern.osproductversion": macos,
      "kern.hv_vmm_present": options.vm ? "1" : "0",
      "kern.bootsessionuuid": `5B1C6D1E-8B7A-4D0B-9F39-${String((boots += 1)).padStart(12, "0")}`,
      "debug.lowpri_throttle_enabled": "1",
      "iogpu.wired_limit_mb": options.intel || macosMajor < 14 ? undefined : "0",
      "debug.iogpu.wired_limit": options.intel ? undefined : "0",
    };
    mac.sysctls.clear();
    for (const [key, value] of Object.entries(values)) if (value !== undefined) mac.sysctls.set(key, value);
  }

  async function respond(
    file: string,
    args: readonly string[],
    runOptions: RunOptions,
  ): Promise<RunResult | undefined> {
    if (mac.faults.missing?.includes(file)) return missing;
    if (mac.faults.stuck?.includes(file)) return timedOut;
    switch (file) {
      case "/usr/sbin/sysctl":
        return sysctl(args);
      case "/usr/bin/osascript":
        return osascript(args, runOptions);
      case "/usr/bin/vm_stat":
        return same(args) ? done(vmStatText(memory())) : undefined;
      case "/usr/sbin/ioreg":
        return same(args, "-r", "-d", "1", "-w", "0", "-c", "IOAccelerator")
          ? done(ioregText(chip, IDLE_GPU.inUse, gpuAllocatedBytes()))
          : undefined;
      case "/usr/bin/top":
        return same(args, "-l", "1", "-o", "mem", "-n", "200", "-stats", "pid,command,mem")
          ? done(topText(mac.processes, memory()))
          : undefined;
      case "/bin/ps":
        return answered(psAnswer(mac.processes, args));
      case "/usr/bin/osacompile":
        return osacompile(args);
      case "/bin/sh":
        return shell(args);
      case "/usr/sbin/lsof":
        return answered(lsofAnswer(mac.processes, args));
      case "/bin/kill":
        return kill(args);
      case "/bin/launchctl":
        return launchctl(args);
      case "/usr/bin/open":
        return open(args);
      case "/usr/bin/grep":
        return grep(args);
      case "/bin/ls":
        return ls(args);
      case "/usr/bin/plutil":
        return plutil(args);
      case "/usr/bin/sqlite3":
        return appSettings(args);
      case "/usr/bin/id":
        return same(args, "-u") ? done(`${USER_ID}\n`) : undefined;
      case "/opt/homebrew/bin/brew":
        if (!installed.has("/opt/homebrew/bin/ollama")) return missing;
        return same(args, "services", "restart", "ollama") ? restartJob("homebrew.mxcl.ollama") : undefined;
      case "/usr/local/bin/brew":
        return missing;
      case `${APP}/Contents/Resources/llama-server`:
      case "/opt/homebrew/opt/ollama/libexec/lib/ollama/llama-server":
        return listDevices(file, args);
      default: {
        const program = options.programs?.[file];
        return program && done("", program(args, runOptions));
      }
    }
  }

  function answered(answer: Partial<RunResult> | undefined): RunResult | undefined {
    return answer && done("", answer);
  }

  const memory = () => memoryOf(options.ramGib * GIB, mac.processes);
  const gpuAllocatedBytes = () => IDLE_GPU.allocated + mac.processes.reduce((sum, { gpuMib }) => sum + gpuMib * MIB, 0);

  /** A kernel value as it is now; undefined where this kernel has no such key. */
  function kernelValue(key: string): string | undefined {
    const set = mac.sysctls.get(key);
    if (set !== undefined) {
      const lie = mac.faults.lies !== undefined && LIMIT_KEYS.some((name) => name === key);
      return lie ? String(mac.faults.lies) : set;
    }
    switch (key) {
      case "vm.swapusage":
        return swapText(memory());
      case "kern.memorystatus_level":
        return String(memory().freePercent);
      case "kern.memorystatus_vm_pressure_level":
        return String(memory().pressure);
      default:
        return undefined;
    }
  }

  function sysctl(args: readonly string[]): RunResult {
    if (mac.faults.sysctlHangs) return timedOut;
    const flags = new Set(args.filter((word) => word.startsWith("-")));
    const found: string[] = [];
    const complaints: string[] = [];
    for (const key of args.filter((word) => !word.startsWith("-"))) {
      const value = kernelValue(key);
      if (value !== undefined) found.push(flags.has("-n") ? `${value}\n` : `${key}: ${value}\n`);
      else if (!flags.has("-i")) complaints.push(`sysctl: unknown oid '${key}'\n`);
      // As the sysctl of macOS 13.0 to 14.3.
      if (complaints.length > 0 && (macosMajor < 14 || /^14\.[0-3](?:\.|$)/.test(macos))) break;
    }
    return done(found.join(""), { exitCode: complaints.length > 0 ? 1 : 0, stderr: complaints.join("") });
  }

  async function osascript(args: readonly string[], runOptions: RunOptions): Promise<RunResult | undefined> {
    if (same(args, "-l", "JavaScript", "-e", METAL_SCRIPT)) return metal();
    if (args[0] !== "-e") return undefined;
    if (args[1] === PRIVILEGED_SCRIPT && args.length === 5) return askAdministrator(args.slice(2), runOptions);
    if (args[1] === QUIT_SCRIPT && args[2] !== undefined && args.length === 3) return quit(args[2]);
    return undefined;
  }

  /** Compiles what's ours, and finds fault with all else. */
  function osacompile(args: readonly string[]): RunResult | undefined {
    const script = args.at(-1) ?? "";
    const language = script === METAL_SCRIPT ? ["-l", "JavaScript"] : [];
    const isOurs = [METAL_SCRIPT, PRIVILEGED_SCRIPT, QUIT_SCRIPT].includes(script);
    const isAsked = same(args.slice(0, -4), ...language) && args.at(-4) === "-o" && args.at(-2) === "-e";
    if (!isAsked || !args.at(-3)?.startsWith("/")) return undefined;
    return isOurs ? done() : failed(1, "script:0:1: error: A unknown token can’t go here. (-2740)\n");
  }

  /** Our constant texts in a real shell, which touches nothing of this machine. */
  async function shell(args: readonly string[]): Promise<RunResult | undefined> {
    const text = args[args.indexOf("-c") + 1] ?? "";
    if (text !== PRIVILEGED_SHELL && text !== DAEMON_SHELL) return undefined;
    const state = { sysctls: new Map(), daemons: new Map(), loaded: new Set<string>(), disabled: new Set<string>() };
    const { exitCode, stdout, stderr } = await runAsRoot(["/bin/sh", ...args].map(shellQuote).join(" "), state, {});
    return done(stdout, { exitCode, stderr });
  }

  function metal(): RunResult {
    if (mac.faults.metalHangs) return timedOut;
    if (mac.faults.metalMissing || options.vm) {
      return failed(
        1,
        "0:80: execution error: Error: TypeError: undefined is not an object (evaluating 'gpu.name') (-2700)\n",
      );
    }
    const standard = defaultWorkingSet(options.ramGib, macosMajor);
    return done(
      `${JSON.stringify({ chip, workingSetBytes: mac.limitBytes(), maxBufferBytes: Math.floor(standard * 0.75) })}\n`,
    );
  }

  function listDevices(file: string, args: readonly string[]): RunResult | undefined {
    const isThere = [...installed].some((path) => file.startsWith(`${path}/`) || isBrewed(file, path));
    if (!isThere) return missing;
    if (!same(args, "--list-devices")) return undefined;
    const mib = Math.floor(mac.limitBytes() / MIB);
    return done(`Available devices:\n  MTL0: ${chip} (${mib} MiB, ${mib - 1} MiB free)\n`);
  }

  const isBrewed = (file: string, path: string) =>
    path === "/opt/homebrew/bin/ollama" && file.startsWith("/opt/homebrew/");

  async function askAdministrator(argv: readonly string[], runOptions: RunOptions): Promise<RunResult> {
    const { prompt, command } = evaluateAdminScript(PRIVILEGED_SCRIPT, argv);
    mac.prompts.push(prompt);
    const { faults } = mac;
    if (faults.hang && (await waitForAnswer(runOptions)) !== "allow") {
      return runOptions.timeoutMs || runOptions.signal?.aborted ? timedOut : scriptError("User canceled.", -128);
    }
    if (faults.cancel) return scriptError("User canceled.", -128);
    if (faults.wrongPassword) {
      return scriptError("The administrator user name or password was incorrect.", -60007);
    }
    if (faults.notPermitted) return scriptError("Not authorized to send Apple events.", -60005);
    if (faults.timeoutReached === true) return scriptError("AppleEvent timed out.", -1712);
    const root = await runAsRoot(
      command,
      { sysctls: mac.sysctls, daemons: mac.daemons, loaded: mac.loadedDaemons, disabled: mac.disabledDaemons },
      faults,
    );
    const takeEffect = () => {
      mac.lastRootRun = root;
      for (const [key, value] of root.sysctls) mac.sysctls.set(key, value);
      mac.daemons = root.daemons;
      mac.loadedDaemons = root.loaded;
      mac.disabledDaemons = root.disabled;
    };
    if (faults.promptKilled) {
      mac.clock.after(300, takeEffect);
      return { stdout: "", stderr: "", missing: false, timedOut: false };
    }
    takeEffect();
    if (faults.timeoutReached === "applied") return scriptError("AppleEvent timed out.", -1712);
    if (root.exitCode !== 0) return scriptError(root.stderr.trim(), root.exitCode);
    // "altering line endings": LF becomes CR and the last one is cut; osascript adds its own.
    return done(`${root.stdout.replace(/\n$/, "").replaceAll("\n", "\r")}\n`);
  }

  async function waitForAnswer(runOptions: RunOptions): Promise<"allow" | "cancel"> {
    if (runOptions.timeoutMs) return "cancel";
    return new Promise((resolve) => {
      openPrompt = resolve;
      runOptions.signal?.addEventListener("abort", () => resolve("cancel"), { once: true });
    });
  }

  function scriptError(text: string, code: number): RunResult {
    return failed(1, `0:1874: execution error: ${text} (${code})\n`);
  }

  function quit(bundlePath: string): RunResult {
    if (mac.faults.automationDenied) {
      return scriptError(`Not authorized to send Apple events to ${bundlePath}.`, -1743);
    }
    const isOfApp = ({ path }: MacProcess) => path.startsWith(`${bundlePath}/`);
    // Ollama's app takes it for closing its window.
    if (bundlePath.endsWith("/Ollama.app")) {
      return mac.processes.some(isOfApp) ? scriptError("Ollama got an error: User canceled.", -128) : done();
    }
    if (!mac.faults.appsRefuseToQuit) end(...mac.processes.filter(isOfApp));
    return done();
  }

  /** Processes end; what a server or Ollama's app has started ends with it, other children get a new parent. */
  function end(...ended: readonly MacProcess[]): void {
    const gone = new Set(ended.map(({ pid }) => pid));
    for (const { pid, parentPid } of mac.processes) {
      const parent = mac.processes.find((one) => one.pid === parentPid);
      if (parent && gone.has(parentPid) && takesChildrenAlong(parent)) gone.add(pid);
    }
    mac.processes = mac.processes
      .filter(({ pid }) => !gone.has(pid))
      .map((process) => (gone.has(process.parentPid) ? { ...process, parentPid: 1 } : process));
    for (const server of servers) {
      if (server.pid === undefined || !gone.has(server.pid)) continue;
      server.pid = undefined;
      mac.onOllama?.("stopped", server);
    }
  }

  function takesChildrenAlong({ pid, path }: MacProcess): boolean {
    return servers.some((server) => server.pid === pid || path === mainProgram(server));
  }

  const mainProgram = ({ way }: MacServer) => `${way.app}/Contents/MacOS/Ollama`;

  function kill(args: readonly string[]): RunResult | undefined {
    if (args[0] !== "-TERM" || args.length !== 2) return undefined;
    const target = mac.processes.find(({ pid }) => pid === Number(args[1]));
    if (!target) return failed(1, `kill: ${args[1]}: No such process\n`);
    if (target.uid !== USER_ID) return failed(1, `kill: ${args[1]}: Operation not permitted\n`);
    const byApp = servers.find((server) => mainProcess(server)?.pid === target.pid);
    const server = servers.find(({ pid }) => pid === target.pid);
    if (byApp) mac.clock.after((options.ollamaEndSeconds ?? 3) * 1000, () => end(target));
    else end(target);
    // The app starts its server again, launchd its job, each in a second.
    if (server && (server.way.app ?? server.way.job) !== undefined) {
      mac.clock.after(1000, () => {
        if (server.pid === undefined && (!server.way.app || isUp(server))) bringUp(server, "respawned");
      });
    }
    return done();
  }

  /** Whether the app of a server runs. */
  const isUp = (server: MacServer) => mainProcess(server) !== undefined;

  /** The app's own process: another user may run the same app. */
  const mainProcess = (server: MacServer) =>
    mac.processes.find(({ path, uid }) => path === mainProgram(server) && uid === server.way.uid);

  function launchctl(args: readonly string[]): RunResult | undefined {
    const [verb, name = ""] = args;
    const isSet = (KEPT_NAMES as readonly string[]).includes(name);
    if (verb === "setenv" && isSet && args.length === 3) {
      mac.launchctlEnv.set(name, args[2] ?? "");
      return done();
    }
    if (verb === "unsetenv" && isSet && args.length === 2) {
      mac.launchctlEnv.delete(name);
      return done();
    }
    if (verb === "getenv" && args.length === 2) {
      const value = mac.launchctlEnv.get(name);
      return done(value === undefined ? "" : `${value}\n`);
    }
    const label = new RegExp(`^gui/${USER_ID}/([\\w.-]+)$`).exec(args[2] ?? "")?.[1];
    if (same(args.slice(0, 2), "kickstart", "-k") && label !== undefined && args.length === 3) return restartJob(label);
    const { disabledDaemons: disabled, disabledAgents } = mac;
    return answered(launchdAnswer(args, { jobs: jobs(), apps: runningApps(), disabled, disabledAgents }));
  }

  function jobs(): readonly LaunchdJob[] {
    const ofServers = servers.flatMap(({ way: { job, program, log }, pid }) =>
      job ? [{ ...job, program: [program, "serve"], log, pid }] : [],
    );
    const daemons = [...mac.loadedDaemons].map((label): LaunchdJob => {
      const path = `/Library/LaunchDaemons/${label}.plist`;
      return { label, domain: "system", path, program: programOf(mac.daemons.get(`${label}.plist`)), pid: undefined };
    });
    const agent: LaunchdJob[] = isAgentLoaded
      ? [{ label: SETTINGS_AGENT_LABEL, domain: "session", path: agentPath, program: ["/bin/sh"], pid: undefined }]
      : [];
    return [...ofServers, ...daemons, ...agent];
  }

  function runningApps() {
    return mac.processes.flatMap(({ pid, path }) => {
      const name = /^.*\/([^/]+)\.app\/Contents\/MacOS\/[^/]+$/.exec(path)?.[1];
      return name === undefined ? [] : [{ pid, label: `application.com.example.${name}.${pid}.${pid + 1}` }];
    });
  }

  function restartJob(label: string): RunResult {
    const server = servers.find(({ way }) => way.job?.label === label && way.job.domain === "session");
    if (!server) return failed(113, `Could not find service "${label}" in domain for user gui: ${USER_ID}\n`);
    end(...mac.processes.filter(({ pid }) => pid === server.pid));
    bringUp(server, "started");
    return done();
  }

  function open(args: readonly string[]): RunResult | undefined {
    const app = args[3];
    if (!same(args.slice(0, 3), "-g", "-j", "-a") || app === undefined || args.length !== 4) return undefined;
    const start = OLLAMA_STARTS.find((one) => ollamaWay(one, homeFolder).app === app);
    if (start === undefined || !installed.has(app)) return failed(1, `Unable to find application named '${app}'\n`);
    const server = servers.find(({ way }) => way.app === app);
    if (!server) mac.startOllama(start, options.ollamaAddress);
    else if (!isUp(server)) bringUp(server, "started");
    return done();
  }

  /** Starts what a server consists of, unless it stays down. */
  function bringUp(server: MacServer, event: ServerEvent): void {
    if (mac.faults.ollamaStaysDown) return;
    const { way, address } = server;
    const { uid } = way;
    const parentPid = way.app === undefined ? shellFor(server) : appFor(server);
    const command = way.command ?? `${way.program} serve`;
    const serve = { path: way.program, command, parentPid, uid, footprintMib: 60, listens: [address] };
    server.pid = mac.addProcess(serve).pid;
    mac.onOllama?.(event, server);
  }

  function appFor(server: MacServer): number {
    const { uid } = server.way;
    return (mainProcess(server) ?? mac.addProcess({ path: mainProgram(server), uid, footprintMib: 90 })).pid;
  }

  /** A server in a terminal is the child of its shell; all others without an app are launchd's. */
  function shellFor({ start }: MacServer): number {
    if (start !== "terminal") return 1;
    const terminal = mac.addProcess({
      path: "/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal",
      footprintMib: 80,
    });
    const login = mac.addProcess({
      path: "/usr/bin/login",
      command: "login -pf sam",
      uid: 0,
      parentPid: terminal.pid,
      footprintMib: 5,
    });
    return mac.addProcess({ path: "/bin/zsh", command: "-zsh", parentPid: login.pid, footprintMib: 10 }).pid;
  }

  const DAEMONS = "/Library/LaunchDaemons";

  function ls(args: readonly string[]): RunResult | undefined {
    const [path = ""] = args;
    if (args.length !== 1 || !path.startsWith(DAEMONS)) return undefined;
    const names = path === DAEMONS ? [...mac.daemons.keys()].sort() : [path.slice(DAEMONS.length + 1)];
    return path === DAEMONS || mac.daemons.has(names[0] ?? "")
      ? done((path === DAEMONS ? names : [path]).map((name) => `${name}\n`).join(""))
      : failed(1, `ls: ${path}: No such file or directory\n`);
  }

  function grep(args: readonly string[]): RunResult | undefined {
    const scripts = same(args.slice(0, GREP_SCRIPTS_ARGS.length), ...GREP_SCRIPTS_ARGS)
      ? args.slice(GREP_SCRIPTS_ARGS.length).flatMap((path) => linesOf(path).map((line) => `${path}:${line}`))
      : undefined;
    const found =
      scripts ??
      (same(args, "-rlsF", "iogpu.wired_limit", "/Library/LaunchDaemons")
        ? [...mac.daemons]
            .filter(([, text]) => text.includes("iogpu.wired_limit"))
            .map(([name]) => `/Library/LaunchDaemons/${name}`)
        : same(args, "-sF", "iogpu.wired_limit", "/etc/sysctl.conf")
          ? mac.sysctlConf.split("\n").filter((line) => line.includes("iogpu.wired_limit"))
          : undefined);
    if (!found) return undefined;
    return found.length > 0 ? done(`${found.join("\n")}\n`) : failed(1, "");
  }

  const linesOf = (path: string) =>
    (files.get(path) ?? "").split("\n").filter((line) => line.includes("iogpu.wired_limit_mb"));

  function appSettings(args: readonly string[]): RunResult | undefined {
    const database = `${homeFolder}/Library/Application Support/Ollama/db.sqlite`;
    if (!same(args, "-readonly", database, "SELECT models FROM settings LIMIT 1")) return undefined;
    return options.appModelsFolder === undefined
      ? failed(1, `Error: unable to open database "${database}": unable to open database file\n`)
      : done(`${options.appModelsFolder}\n`);
  }

  function plutil(args: readonly string[]): RunResult | undefined {
    if (!same(args.slice(0, 5), "-convert", "json", "-o", "-", "--") || args.length !== 6) return undefined;
    if (args[5] === "/System/Library/LaunchDaemons/ssh.plist") {
      const program = ["/usr/libexec/sshd-keygen-wrapper"];
      return done(JSON.stringify({ Label: "com.openssh.sshd", Disabled: true, ProgramArguments: program }));
    }
    const text = mac.daemons.get((args[5] ?? "").replace("/Library/LaunchDaemons/", ""));
    const label = /<key>Label<\/key>\s*<string>([^<]*)</.exec(text ?? "")?.[1];
    const ProgramArguments = programOf(text);
    if (label === undefined || ProgramArguments.length === 0) return failed(1, `${args[5]}: invalid object in plist\n`);
    return done(JSON.stringify({ Label: label, ProgramArguments, RunAtLoad: true }));
  }

  function programOf(plist = ""): string[] {
    const words = /<key>ProgramArguments<\/key>\s*<array>([^]*?)<\/array>/.exec(plist)?.[1] ?? "";
    return [...words.matchAll(/<string>([^<]*)</g)].map((match) => match[1] ?? "");
  }

  setDefaults();
  if (options.overrideMib !== undefined) {
    const inMib = mac.sysctls.has("iogpu.wired_limit_mb");
    mac.sysctls.set(inMib ? LIMIT_KEYS[0] : LIMIT_KEYS[1], String(options.overrideMib * (inMib ? 1 : MIB)));
  }
  mac.addProcess({ pid: 1, parentPid: 0, uid: 0, path: "/sbin/launchd", footprintMib: 40 });
  mac.addProcess({
    uid: 88,
    path: "/System/Library/PrivateFrameworks/SkyLight.framework/Resources/WindowServer",
    footprintMib: 900,
  });
  mac.addProcess({ path: "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder", footprintMib: 250 });
  mac.addProcess({ path: "/Applications/Raycast.app/Contents/MacOS/Raycast", footprintMib: 310 });
  mac.addProcess({ path: "/Applications/Firefox.app/Contents/MacOS/firefox", footprintMib: 1400 });
  mac.addProcess({
    path: "/Applications/Firefox.app/Contents/MacOS/plugin-container.app/Contents/MacOS/plugin-container",
    footprintMib: 2300,
  });
  mac.addProcess({ path: "/Applications/Xcode.app/Contents/MacOS/Xcode", footprintMib: 2900 });
  if (firstStart !== "none") mac.startOllama(firstStart, options.ollamaAddress);
  mac.faults = options.faults ?? {};
  return mac;
}

/** Text of a file of this machine, such as one in a stand-in's home folder; undefined where it isn't there. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The Mac of the preview's sample: a 64 GB M4 Pro on macOS 26 with the limit macOS gives it. */
export function createSampleMac(options: Partial<StandInMacOptions> = {}): StandInMac {
  return createStandInMac({ ramGib: 64, macos: "26.6.1", chip: "Apple M4 Pro", ...options });
}
