import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KEPT_NAMES, readSettingsAgentPlist, SETTINGS_AGENT_LABEL } from "../../../src/fit/kept-settings";
import { QUIT_SCRIPT } from "../../../src/mac/apps";
import { METAL_SCRIPT } from "../../../src/mac/metal-probe";
import { PRIVILEGED_SCRIPT } from "../../../src/mac/privileged";
import type { RunOptions, RunResult } from "../../../src/mac/runner";
import { askAdministrator, osacompile, rootShell, scriptError } from "./administrator";
import { done, failed, missing, same, timedOut } from "./answers";
import { createMacClock } from "./clock";
import { DISK_PROGRAMS, type DiskOf, programOf } from "./disk";
import { launchdAnswer, type LaunchdJob } from "./launchd";
import { APP, type MacServer, OLLAMA_STARTS, ollamaWay } from "./ollama-servers";
import { lsofAnswer, type MacProcess, psAnswer, USER_ID, USUAL_PROCESSES } from "./processes";
import { defaultWorkingSet, GIB, ioregText, memoryOf, MIB, swapText, topText, vmStatText } from "./readings";
import type { ServerEvent, StandInMac, StandInMacOptions } from "./types";

export { OLLAMA_STARTS, type MacServer, type OllamaStart } from "./ollama-servers";
export type { MacProcess } from "./processes";
export type { MacFaults, ServerEvent, StandInMac, StandInMacOptions } from "./types";

const LIMIT_KEYS = ["iogpu.wired_limit_mb", "debug.iogpu.wired_limit"] as const;
/** What the GPU holds for windows. */
const IDLE_GPU = { allocated: 1_574_862_848, inUse: 351_141_888 } as const;

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
        return rootShell(args);
      case "/usr/sbin/lsof":
        return answered(lsofAnswer(mac.processes, args));
      case "/bin/kill":
        return kill(args);
      case "/bin/launchctl":
        return launchctl(args);
      case "/usr/bin/open":
        return open(args);
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
        return program ? done("", program(args, runOptions)) : DISK_PROGRAMS[file]?.(disk(), args);
      }
    }
  }

  const disk = (): DiskOf => ({
    homeFolder,
    daemons: mac.daemons,
    files,
    sysctlConf: mac.sysctlConf,
    appModelsFolder: options.appModelsFolder,
  });

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
    if (args[1] === PRIVILEGED_SCRIPT && args.length === 5)
      return askAdministrator(mac, args.slice(2), runOptions, () => waitForAnswer(runOptions));
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
    const isThere = [...installed].some((path) => file.startsWith(`${path}/`) || isBrewed(file, path));
    if (!isThere) return missing;
    if (!same(args, "--list-devices")) return undefined;
    const mib = Math.floor(mac.limitBytes() / MIB);
    return done(`Available devices:\n  MTL0: ${chip} (${mib} MiB, ${mib - 1} MiB free)\n`);
  }

  const isBrewed = (file: string, path: string) =>
    path === "/opt/homebrew/bin/ollama" && file.startsWith("/opt/homebrew/");

  async function waitForAnswer(runOptions: RunOptions): Promise<"allow" | "cancel"> {
    if (runOptions.timeoutMs) return "cancel";
    return new Promise((resolve) => {
      openPrompt = resolve;
      runOptions.signal?.addEventListener("abort", () => resolve("cancel"), { once: true });
    });
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

  setDefaults();
  if (options.overrideMib !== undefined) {
    const inMib = mac.sysctls.has("iogpu.wired_limit_mb");
    mac.sysctls.set(inMib ? LIMIT_KEYS[0] : LIMIT_KEYS[1], String(options.overrideMib * (inMib ? 1 : MIB)));
  }
  for (const process of USUAL_PROCESSES) mac.addProcess(process);
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
