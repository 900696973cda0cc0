import { LIMIT_KEY } from "../../fit/commands";
import type { AppleSiliconMac } from "../../fit/facts";
import { defaultLimit, defaultLimitByFormula } from "../../fit/limit-policy";
import { formatBytes, formatMib, formatPercent, MIB } from "../../fit/units";
import { readLargestApps } from "../../mac/apps";
import { readBootSettings, readDaemon, readOwnDaemons, readSwitchedOff } from "../../mac/boot-settings";
import { readIoThrottle, readLimitMib } from "../../mac/gpu-limit";
import { readSessionJobs, readSystemJobs } from "../../mac/launchd-jobs";
import { MACHINE_KEYS, readListedDevice, readMachine } from "../../mac/machine";
import { readKernelStatus, readMemoryUse } from "../../mac/memory-status";
import { probeMetal } from "../../mac/metal-probe";
import { askLaunchctlEnv } from "../../mac/ollama-service";
import { readProcesses } from "../../mac/processes";
import { parseWhole, readSysctls } from "../../mac/sysctl";
import { appleSilicon } from "../snapshot";
import { finding, type Probe, type ProbeInput, skip } from "./probe";

const missing = (...values: readonly (readonly [name: string, value: unknown])[]): readonly string[] =>
  values.filter(([, value]) => value === undefined).map(([name]) => `No ${name}.`);

const size = (bytes: number | undefined) => (bytes === undefined ? "?" : formatBytes(bytes, 2));

/** A property list that every Mac has. */
const ANY_DAEMON = { path: "/System/Library/LaunchDaemons/ssh.plist", label: "com.openssh.sshd" };

/** macOS's default follows the table of the facts to the page; a newer macOS may have another. */
const TABLE_SHARE = 0.01;

async function siliconOf({ system }: ProbeInput): Promise<AppleSiliconMac | undefined> {
  return appleSilicon(await readMachine(system));
}

/** What the product reads of the Mac itself. */
export const MAC_PROBES = {
  "kernel-values": {
    title: "Kernel Values",
    look: async (input) => {
      const values = await readSysctls(input.system.run, MACHINE_KEYS);
      const mac = await siliconOf(input);
      if (mac === undefined) return skip("This Mac has no GPU limit of its own.");
      const { macos, ramBytes, overrideMib, bootSession, chip } = mac;
      return finding(
        `${chip ?? "?"}, ${size(ramBytes)}, macOS ${macos?.text ?? "?"}, limit set: ${overrideMib ?? "?"} MiB; ${values.size} of ${MACHINE_KEYS.length} keys`,
        ...missing(["macOS version", macos], ["limit", overrideMib], ["boot session", bootSession], ["chip", chip]),
      );
    },
  },
  limit: {
    title: "Limit Read Back",
    look: async (input) => {
      const alone = await readLimitMib(input.system);
      const beside = parseWhole((await readSysctls(input.system.run, [LIMIT_KEY])).get(LIMIT_KEY));
      if (alone === undefined && beside === undefined) return skip("This Mac has no such limit.");
      return finding(
        alone === undefined ? "nothing" : `${alone} MiB`,
        alone !== beside && `Both calls should say the same; the other says ${beside} MiB.`,
      );
    },
  },
  "disk-throttle": {
    title: "Disk Throttle",
    look: async ({ system }) => {
      const state = await readIoThrottle(system);
      return finding(String(state), state === undefined && "0 or 1 was expected.");
    },
  },
  "memory-values": {
    title: "Memory Pressure and Swap",
    look: async ({ system }) => {
      const { ramBytes, pressure, freePercent, swapUsedBytes } = await readKernelStatus(system);
      return finding(
        `pressure ${pressure}, ${freePercent}% free, ${size(swapUsedBytes)} of swap`,
        ...missing(
          ["size of the memory", ramBytes],
          ["pressure", pressure],
          ["share of free memory", freePercent],
          ["swap", swapUsedBytes],
        ),
      );
    },
  },
  metal: {
    title: "Metal and the Default Limit",
    look: async (input) => {
      const [metal, mac] = [await probeMetal(input.system.run), await siliconOf(input)];
      if (mac === undefined) return skip("This Mac has no GPU limit of its own.");
      const { overrideMib = 0, ramBytes, macos } = mac;
      if (metal === undefined) return finding("nothing", "Metal's figures were expected.");
      const standard = defaultLimit({ ...mac, metal }).bytes;
      const table = defaultLimitByFormula(ramBytes, macos);
      const off = Math.abs(standard / table - 1);
      return finding(
        `${metal.chip ?? "?"}: limit ${size(metal.workingSetBytes)}, default ${size(standard)}; the table says ${size(table)}`,
        overrideMib > 0 &&
          Math.abs(metal.workingSetBytes - overrideMib * MIB) > MIB &&
          `${formatMib(overrideMib)} is set, which Metal should say too.`,
        off > TABLE_SHARE && `The table is off by ${formatPercent(off)}: it needs a row for this Mac and its macOS.`,
        metal.maxBufferBytes === undefined && "No maxBufferLength.",
      );
    },
  },
  devices: {
    title: "Device List of Ollama's llama-server",
    look: async ({ system: { run } }) => {
      let isThere = false;
      const listed = await readListedDevice(async (...call) => {
        const result = await run(...call);
        isThere ||= !result.missing;
        return result;
      });
      if (!isThere) return skip("There's no llama-server of Ollama's.");
      const metal = await probeMetal(run);
      return finding(
        size(listed),
        listed === undefined && "A line with the size of MTL0 was expected.",
        listed !== undefined &&
          metal !== undefined &&
          Math.abs(listed - metal.workingSetBytes) > MIB &&
          `Metal says ${size(metal.workingSetBytes)}; both should say the same.`,
      );
    },
  },
  "page-counts": {
    title: "Page Counts (vm_stat)",
    shows: /page size|Pages|File-backed|Anonymous|^\/usr\/bin\/vm_stat/,
    look: async ({ system }) => {
      const { usedBytes, wiredBytes, compressedBytes } = await readMemoryUse(system);
      const { ramBytes = Infinity } = await readKernelStatus(system);
      return finding(
        `${size(usedBytes)} used, ${size(wiredBytes)} wired, ${size(compressedBytes)} compressed`,
        ...missing(["used pages", usedBytes], ["wired pages", wiredBytes], ["compressed pages", compressedBytes]),
        (usedBytes ?? 0) > ramBytes && "More is used than there is.",
      );
    },
  },
  "gpu-statistics": {
    title: "GPU Memory (ioreg)",
    shows: /system memory/,
    look: async ({ system }) => {
      const { gpuAllocatedBytes, gpuInUseBytes } = await readMemoryUse(system);
      return finding(
        `${size(gpuAllocatedBytes)} allocated, ${size(gpuInUseBytes)} in use`,
        ...missing(['"Alloc system memory"', gpuAllocatedBytes], ['"In use system memory"', gpuInUseBytes]),
      );
    },
  },
  footprints: {
    title: "Footprints (top)",
    shows: /PID|GPU Limit|\d[KMGT][+-]?\s*$/,
    look: async ({ system }) => {
      const apps = await readLargestApps(system);
      const [largest] = apps;
      return finding(
        largest === undefined ? "nothing" : `${apps.length} programs, the largest: ${size(largest.bytes)}`,
        largest === undefined && "A head PID COMMAND MEM with rows below it was expected.",
      );
    },
  },
  "program-paths": {
    title: "Paths of Programs (ps)",
    shows: /\/sbin\/launchd|WindowServer|Finder|Raycast|Ollama/,
    look: async ({ system }) => {
      const apps = await readLargestApps(system);
      const unknown = apps.filter(({ kind }) => kind === "unknown");
      return finding(
        `${apps.length - unknown.length} of ${apps.length} programs have a path`,
        // kernel_task has none.
        unknown.length > 1 && `${unknown.map(({ name }) => name).join(", ")} should have one.`,
      );
    },
  },
  processes: {
    title: "Command Lines (ps)",
    shows: /\/sbin\/launchd|ollama|llama-server/i,
    look: async ({ system }) => {
      const lines = await readProcesses(system);
      return finding(
        `${lines.length} processes`,
        !lines.some(({ pid, command }) => pid === 1 && command.startsWith("/sbin/launchd")) &&
          "Process 1 should be /sbin/launchd.",
      );
    },
  },
  "session-jobs": {
    title: "Jobs of the Session (launchctl list)",
    shows: /^PID|ollama|com\.apple\.Finder/i,
    look: async ({ system }) => {
      const jobs = await readSessionJobs(system);
      return finding(`${jobs.length} with a process`, jobs.length === 0 && "A table PID, Status, Label was expected.");
    },
  },
  "system-jobs": {
    title: "Jobs of the Mac (launchctl print)",
    shows: /services = |ollama|gpu-limit|runningboardd/i,
    look: async ({ system }) => {
      const jobs = await readSystemJobs(system);
      return finding(`${jobs.length} with a process`, jobs.length === 0 && "A block of services was expected.");
    },
  },
  "session-variables": {
    title: "Variables of the Session (launchctl getenv)",
    look: async ({ system }) => {
      const value = await askLaunchctlEnv(system, "OLLAMA_KV_CACHE_TYPE");
      return finding(
        value === undefined ? "no answer" : `OLLAMA_KV_CACHE_TYPE is ${value === "" ? "not set" : value}`,
        value === undefined && "An answer was expected.",
      );
    },
  },
  "switched-off": {
    title: "Items Switched Off (launchctl print-disabled)",
    shows: /disabled services|gpu-limit/,
    look: async ({ system }) => {
      const labels = await readSwitchedOff(system.run);
      return finding(
        labels === undefined ? "not understood" : `${labels.size} switched off`,
        labels === undefined && "A block of disabled services was expected.",
      );
    },
  },
  "property-lists": {
    title: "Property Lists (plutil)",
    shows: /Label/,
    look: async ({ system }) => {
      const { label, words } = await readDaemon(system.run, ANY_DAEMON.path);
      return finding(
        `${label ?? "no label"}, ${words.length} words to run`,
        (label !== ANY_DAEMON.label || words.length === 0) && `${ANY_DAEMON.label} and its program were expected.`,
      );
    },
  },
  "at-start": {
    title: "What Sets the Limit at Start",
    look: async ({ system }) => {
      const [settings, [own], limitMib] = await Promise.all([
        readBootSettings(system),
        readOwnDaemons(system),
        readLimitMib(system),
      ]);
      const others = settings.filter((setting) => !setting.own).map(({ path }) => path);
      const ours =
        own === undefined
          ? "no LaunchDaemon of ours"
          : `our LaunchDaemon sets ${own.valueMib ?? "?"} MiB (${own.state})`;
      return finding(
        [ours, ...others].join(", "),
        own !== undefined && own.valueMib === undefined && "Couldn't read what our LaunchDaemon sets.",
        own !== undefined && own.state === undefined && "launchd doesn't say whether it has our LaunchDaemon.",
        own?.state === "loaded" &&
          own.valueMib !== limitMib &&
          `${limitMib} MiB is in force: the LaunchDaemon didn't run at the last start, or the limit was changed since.`,
      );
    },
  },
} satisfies Record<string, Probe>;
