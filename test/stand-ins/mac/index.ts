import { QUIT_SCRIPT } from "../../../src/mac/apps";
import { METAL_SCRIPT } from "../../../src/mac/metal-probe";
import { PRIVILEGED_SCRIPT } from "../../../src/mac/privileged";
import type { Runner, RunOptions, RunResult } from "../../../src/mac/runner";
import type { System } from "../../../src/app/system";
import { evaluateAdminScript } from "./applescript";
import { defaultWorkingSet, GIB, ioregText, MIB, topText, vmStatText } from "./readings";
import { type RootFaults, type RootRun, runAsRoot } from "./sandbox";

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
  /** Apps ask to save something and go on running. */
  readonly appsRefuseToQuit?: boolean;
  /** Ollama can be stopped but does not start again. */
  readonly ollamaStaysDown?: boolean;
}

export interface MacProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** Path of the program. */
  readonly path: string;
  /** Program and arguments as `ps` shows them. */
  readonly command: string;
  readonly footprintMib: number;
}

export interface StandInMacOptions {
  readonly ramGib: number;
  /** Default "26.6.1". Before 14 the kernel has the limit in bytes. */
  readonly macos?: string;
  /** Default "Apple M4 Pro". */
  readonly chip?: string;
  readonly intel?: boolean;
  readonly vm?: boolean;
  /** Limit that is set already, in MiB. */
  readonly overrideMib?: number;
  /** How Ollama runs; default "app". */
  readonly ollama?: "app" | "homebrew" | "terminal" | "none";
  /** What `launchctl getenv` gives. */
  readonly launchctlEnv?: Readonly<Record<string, string>>;
  /** Content of /etc/sysctl.conf. */
  readonly sysctlConf?: string;
  /** Content of /Library/LaunchDaemons by file name. */
  readonly daemons?: Readonly<Record<string, string>>;
  /** Answers of programs that this stand-in does not know, by path. */
  readonly programs?: Readonly<Record<string, (args: readonly string[], options: RunOptions) => Partial<RunResult>>>;
  readonly faults?: MacFaults;
}

export interface StandInMac {
  readonly run: Runner;
  faults: MacFaults;
  /** Kernel values by key. */
  readonly sysctls: Map<string, string>;
  readonly launchctlEnv: Map<string, string>;
  processes: MacProcess[];
  daemons: ReadonlyMap<string, string>;
  loadedDaemons: ReadonlySet<string>;
  sysctlConf: string;
  gpuInUseBytes: number;
  gpuAllocatedBytes: number;
  /** Reasons that the administrator prompts showed. */
  readonly prompts: string[];
  /** What the last root shell did. */
  lastRootRun?: RootRun;
  /** Every program that was run. */
  readonly calls: { readonly file: string; readonly args: readonly string[] }[];
  /** Command lines that no Mac of ours knows; each one also made `run` throw. */
  readonly unknownCommands: string[];
  /** Called when Ollama's server stops and when a new one starts. */
  onOllama?: (event: "stopped" | "started") => void;
  /** The limit that is set, in MiB; 0 = macOS decides. */
  limitMib(): number;
  /** The limit that the GPU works under, in bytes: what is set, else the default of macOS. */
  limitBytes(): number;
  addProcess(process: Partial<MacProcess> & Pick<MacProcess, "path">): MacProcess;
  /** Answers a prompt that hangs. */
  answerPrompt(answer: "allow" | "cancel"): void;
  /** Restarts the Mac: kernel values go back to their defaults, then LaunchDaemons run. */
  reboot(): void;
  system(extra?: Partial<System>): System & { readonly pause: (milliseconds: number) => Promise<void> };
}

const LIMIT_KEYS = ["iogpu.wired_limit_mb", "debug.iogpu.wired_limit"] as const;
const OLLAMA_APP = "/Applications/Ollama.app";
const USER_ID = 501;

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
  let nextPid = 600;
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
    sysctls: new Map(),
    launchctlEnv: new Map(Object.entries(options.launchctlEnv ?? {})),
    processes: [],
    daemons: new Map(Object.entries(options.daemons ?? {})),
    loadedDaemons: new Set(),
    sysctlConf: options.sysctlConf ?? "",
    gpuInUseBytes: 351_141_888,
    gpuAllocatedBytes: 1_574_862_848,
    prompts: [],
    calls: [],
    unknownCommands: [],
    limitMib: () => {
      const [inMib, inBytes] = LIMIT_KEYS.map((key) => Number(mac.sysctls.get(key) ?? 0));
      return inMib || Math.floor((inBytes ?? 0) / MIB);
    },
    limitBytes: () => (mac.limitMib() > 0 ? mac.limitMib() * MIB : defaultWorkingSet(options.ramGib, macosMajor)),
    addProcess: (process) => {
      const added: MacProcess = {
        pid: (nextPid += 1),
        parentPid: 1,
        uid: USER_ID,
        command: process.path,
        footprintMib: 50,
        ...process,
      };
      mac.processes.push(added);
      return added;
    },
    answerPrompt: (answer) => {
      if (!openPrompt) throw new Error("No prompt is open.");
      openPrompt(answer);
      openPrompt = undefined;
    },
    reboot: () => {
      setDefaults();
      mac.loadedDaemons = new Set([...mac.daemons.keys()].map((name) => name.replace(/\.plist$/, "")));
      for (const text of mac.daemons.values()) {
        const [, key, value] = /<string>([\w.]+)=(\d+)<\/string>/.exec(text) ?? [];
        if (key !== undefined && value !== undefined && mac.sysctls.has(key)) mac.sysctls.set(key, value);
      }
    },
    system: (extra) => ({
      run: mac.run,
      platform: "darwin",
      arch: options.intel ? "x64" : "arm64",
      homeFolder: "/Users/sam",
      env: {},
      now: () => new Date(),
      fetch: globalThis.fetch,
      pause: async () => {},
      ...extra,
    }),
  };

  function setDefaults(): void {
    const values: Record<string, string | undefined> = {
      "hw.memsize": String(options.ramGib * GIB),
      "hw.model": options.vm ? "VirtualMac2,1" : options.intel ? "MacBookPro16,1" : "Mac16,11",
      "machdep.cpu.brand_string": chip,
      "hw.optional.arm64": options.intel ? undefined : "1",
      "kern.osproductversion": macos,
      "kern.hv_vmm_present": options.vm ? "1" : "0",
      "vm.swapusage": "total = 2048.00M  used = 512.00M  free = 1536.00M  (encrypted)",
      "kern.memorystatus_level": "54",
      "kern.memorystatus_vm_pressure_level": "1",
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
        return same(args) ? done(vmStatText(options.ramGib * GIB, usedBytes())) : undefined;
      case "/usr/sbin/ioreg":
        return same(args, "-r", "-d", "1", "-w", "0", "-c", "IOAccelerator")
          ? done(ioregText(chip, mac.gpuInUseBytes, mac.gpuAllocatedBytes))
          : undefined;
      case "/usr/bin/top":
        return same(args, "-l", "1", "-o", "mem", "-n", "200", "-stats", "pid,command,mem")
          ? done(topText(mac.processes))
          : undefined;
      case "/bin/ps":
        return ps(args);
      case "/bin/launchctl":
        return launchctl(args);
      case "/usr/bin/open":
        return open(args);
      case "/usr/bin/grep":
        return grep(args);
      case "/usr/bin/plutil":
        return plutil(args);
      case "/usr/bin/id":
        return same(args, "-u") ? done(`${USER_ID}\n`) : undefined;
      case "/opt/homebrew/bin/brew":
        if (options.ollama !== "homebrew") return missing;
        return same(args, "services", "restart", "ollama") ? restartService() : undefined;
      case "/usr/local/bin/brew":
        return missing;
      case `${OLLAMA_APP}/Contents/Resources/llama-server`:
      case "/opt/homebrew/opt/ollama/libexec/lib/ollama/llama-server":
        return listDevices(file, args);
      default: {
        const program = options.programs?.[file];
        return program && done("", program(args, runOptions));
      }
    }
  }

  /** What macOS itself takes, and the footprints of what runs. */
  function usedBytes(): number {
    return 3 * GIB + mac.processes.reduce((sum, { footprintMib }) => sum + footprintMib * MIB, 0);
  }

  function sysctl(args: readonly string[]): RunResult {
    if (mac.faults.sysctlHangs) return timedOut;
    const bare = args[0] === "-n";
    const found: string[] = [];
    const complaints: string[] = [];
    for (const key of bare ? args.slice(1) : args) {
      const lie = mac.faults.lies !== undefined && LIMIT_KEYS.some((name) => name === key);
      const value = mac.sysctls.has(key) && lie ? String(mac.faults.lies) : mac.sysctls.get(key);
      if (value === undefined) complaints.push(`sysctl: unknown oid '${key}'\n`);
      else found.push(bare ? `${value}\n` : `${key}: ${value}\n`);
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
    const installed = file.startsWith(OLLAMA_APP) ? (options.ollama ?? "app") === "app" : options.ollama === "homebrew";
    if (!installed) return missing;
    if (!same(args, "--list-devices")) return undefined;
    const mib = Math.floor(mac.limitBytes() / MIB);
    return done(`Available devices:\n  MTL0: ${chip} (${mib} MiB, ${mib - 1} MiB free)\n`);
  }

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
      { sysctls: mac.sysctls, daemons: mac.daemons, loaded: mac.loadedDaemons },
      faults,
    );
    mac.lastRootRun = root;
    for (const [key, value] of root.sysctls) mac.sysctls.set(key, value);
    mac.daemons = root.daemons;
    mac.loadedDaemons = root.loaded;
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
    if (!mac.faults.appsRefuseToQuit) stopWhere(({ path }) => path.startsWith(`${bundlePath}/`));
    return done();
  }

  function stopWhere(isMeant: (process: MacProcess) => boolean): void {
    const gone = mac.processes.filter(isMeant);
    mac.processes = mac.processes.filter((process) => !gone.includes(process));
    if (gone.some(isServer)) mac.onOllama?.("stopped");
  }

  const isServer = ({ command }: MacProcess) => command.endsWith("ollama serve");

  function ps(args: readonly string[]): RunResult | undefined {
    if (same(args, "-axww", "-o", "pid=,ppid=,command=")) {
      return done(
        mac.processes.map(({ pid, parentPid, command }) => `${pad(pid)} ${pad(parentPid)} ${command}\n`).join(""),
      );
    }
    if (same(args, "-axww", "-o", "pid=,uid=,comm=")) {
      return done(mac.processes.map(({ pid, uid, path }) => `${pad(pid)} ${pad(uid)} ${path}\n`).join(""));
    }
    if (args[0] === "-p" && same(args.slice(2), "-o", "pid=")) {
      const asked = (args[1] ?? "").split(",").map(Number);
      const found = mac.processes.filter(({ pid }) => asked.includes(pid));
      return found.length > 0 ? done(found.map(({ pid }) => `${pad(pid)}\n`).join("")) : failed(1, "");
    }
    return undefined;
  }

  const pad = (value: number) => String(value).padStart(5);

  function launchctl(args: readonly string[]): RunResult | undefined {
    const [verb, name = ""] = args;
    const isSet = name === "OLLAMA_KV_CACHE_TYPE";
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
    if (verb === "print" && args.length === 2 && name.startsWith("system/")) {
      const label = name.slice("system/".length);
      return mac.loadedDaemons.has(label)
        ? done(`${name} = {\n\tactive count = 0\n}\n`)
        : failed(113, `Could not find service "${label}" in domain for system\n`);
    }
    if (same(args, "kickstart", "-k", `gui/${USER_ID}/homebrew.mxcl.ollama`)) {
      return options.ollama === "homebrew"
        ? restartService()
        : failed(113, `Could not find service "homebrew.mxcl.ollama" in domain for user gui: ${USER_ID}\n`);
    }
    return undefined;
  }

  function restartService(): RunResult {
    stopWhere(isServer);
    startOllama("homebrew");
    return done();
  }

  function open(args: readonly string[]): RunResult | undefined {
    if (!same(args.slice(0, 3), "-g", "-j", "-a") || args.length !== 4) return undefined;
    if (args[3] !== OLLAMA_APP) return failed(1, `Unable to find application named '${args[3]}'\n`);
    if (!mac.processes.some(isServer)) startOllama("app");
    return done();
  }

  function startOllama(how: "app" | "homebrew" | "terminal"): void {
    if (mac.faults.ollamaStaysDown) return;
    if (how === "app") {
      const parent = mac.addProcess({ path: `${OLLAMA_APP}/Contents/MacOS/Ollama`, footprintMib: 90 });
      const path = `${OLLAMA_APP}/Contents/Resources/ollama`;
      mac.addProcess({ path, command: `${path} serve`, parentPid: parent.pid, footprintMib: 60 });
    } else if (how === "homebrew") {
      const path = "/opt/homebrew/opt/ollama/bin/ollama";
      mac.addProcess({ path, command: `${path} serve`, footprintMib: 60 });
    } else {
      const shell = mac.addProcess({ path: "/bin/zsh", command: "-zsh" });
      mac.addProcess({
        path: "/usr/local/bin/ollama",
        command: "ollama serve",
        parentPid: shell.pid,
        footprintMib: 60,
      });
    }
    mac.onOllama?.("started");
  }

  function grep(args: readonly string[]): RunResult | undefined {
    const found = same(args, "-rlsF", "iogpu.wired_limit", "/Library/LaunchDaemons")
      ? [...mac.daemons]
          .filter(([, text]) => text.includes("iogpu.wired_limit"))
          .map(([name]) => `/Library/LaunchDaemons/${name}`)
      : same(args, "-sF", "iogpu.wired_limit", "/etc/sysctl.conf")
        ? mac.sysctlConf.split("\n").filter((line) => line.includes("iogpu.wired_limit"))
        : undefined;
    if (!found) return undefined;
    return found.length > 0 ? done(`${found.join("\n")}\n`) : failed(1, "");
  }

  function plutil(args: readonly string[]): RunResult | undefined {
    if (!same(args.slice(0, 5), "-convert", "json", "-o", "-", "--") || args.length !== 6) return undefined;
    const text = mac.daemons.get((args[5] ?? "").replace("/Library/LaunchDaemons/", ""));
    const label = /<key>Label<\/key>\s*<string>([^<]*)</.exec(text ?? "")?.[1];
    const words = /<key>ProgramArguments<\/key>\s*<array>([^]*?)<\/array>/.exec(text ?? "")?.[1];
    if (label === undefined || words === undefined) return failed(1, `${args[5]}: invalid object in plist\n`);
    const ProgramArguments = [...words.matchAll(/<string>([^<]*)</g)].map((match) => match[1]);
    return done(JSON.stringify({ Label: label, ProgramArguments, RunAtLoad: true }));
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
  const ollama = options.ollama ?? "app";
  if (ollama !== "none") startOllama(ollama);
  mac.faults = options.faults ?? {};
  return mac;
}

/** The Mac of the preview's sample: a 64 GB M4 Pro on macOS 26 with the limit macOS gives it. */
export function createSampleMac(options: Partial<StandInMacOptions> = {}): StandInMac {
  return createStandInMac({ ramGib: 64, macos: "26.6.1", chip: "Apple M4 Pro", ...options });
}
