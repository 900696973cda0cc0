import { LIMIT_KEY } from "../fit/commands";
import type { Machine, MacosVersion } from "../fit/facts";
import { MIB } from "../fit/units";
import { probeMetal } from "./metal-probe";
import type { Runner } from "./runner";
import { parseWhole, readSysctls } from "./sysctl";

/** The part of the system that reading the machine needs. */
export interface MacSystem {
  readonly run: Runner;
  /** As `process.platform` and `process.arch` name them. */
  readonly platform: string;
  readonly arch: string;
}

/** GPU memory up to here stays wired while it's idle; 0 = macOS decides. Other tools set it, this one only shows it. */
const LOW_WATER_KEY = "iogpu.wired_lwm_mb";

/** Another one after each start of the Mac. */
export const BOOT_SESSION_KEY = "kern.bootsessionuuid";

export const MACHINE_KEYS = [
  "hw.memsize",
  "hw.model",
  "machdep.cpu.brand_string",
  "hw.optional.arm64",
  "sysctl.proc_translated",
  "kern.osproductversion",
  "kern.hv_vmm_present",
  LIMIT_KEY,
  LOW_WATER_KEY,
  BOOT_SESSION_KEY,
] as const;

/** The first macOS whose limit is {@link LIMIT_KEY}, and the first that Ollama's app runs on. */
const FIRST_MACOS = 14;

/** Where the app and Homebrew keep the llama-server that Ollama runs. */
export const BUNDLED_LLAMA_SERVERS = [
  "/Applications/Ollama.app/Contents/Resources/llama-server",
  "/opt/homebrew/opt/ollama/libexec/lib/ollama/llama-server",
] as const;

/**
 * Reads what decides the GPU limit of this machine: kernel values, then Metal, then, only where Metal says nothing, the
 * device list of Ollama's own llama-server. Never throws; about 15 s at the very worst.
 */
export async function readMachine(system: MacSystem): Promise<Machine> {
  const values = system.platform === "darwin" ? await readSysctls(system.run, MACHINE_KEYS) : new Map<string, string>();
  const machine = machineOf(system, values);
  if (machine.kind !== "apple-silicon") return machine;
  const metal = await probeMetal(system.run);
  const listedDeviceBytes = metal ? undefined : await readListedDevice(system.run);
  return { ...machine, chip: metal?.chip ?? machine.chip, metal, listedDeviceBytes };
}

/** The machine as its kernel values ({@link MACHINE_KEYS}) alone tell it: without what Metal or llama-server say. */
export function machineOf(
  { platform, arch }: Pick<MacSystem, "platform" | "arch">,
  values: ReadonlyMap<string, string>,
): Machine {
  if (platform !== "darwin") {
    return { kind: "not-a-mac", reason: "This isn't a Mac, so there's no GPU limit to read or set." };
  }
  const ramBytes = parseWhole(values.get("hw.memsize"));
  if (!ramBytes) {
    return { kind: "unreadable", reason: "Couldn't read the size of this Mac's memory with sysctl." };
  }
  if (!isAppleSilicon(values, arch)) {
    return {
      kind: "intel",
      reason: "This Mac has an Intel processor. Only Apple Silicon shares its memory with the GPU under a limit.",
    };
  }
  if (values.get("kern.hv_vmm_present") === "1" || /^VirtualMac/.test(values.get("hw.model") ?? "")) {
    return {
      kind: "virtual-machine",
      reason: "macOS runs in a virtual machine here. Its GPU limit is decided by the Mac that hosts it.",
    };
  }
  const macos = parseMacosVersion(values.get("kern.osproductversion"));
  if (macos !== undefined && macos.major < FIRST_MACOS) {
    return {
      kind: "old-macos",
      reason: `This Mac runs macOS ${macos.text}. Its GPU limit can be read and set from macOS ${FIRST_MACOS} on, which Ollama's app needs too.`,
    };
  }
  return {
    kind: "apple-silicon",
    chip: chipName(values.get("machdep.cpu.brand_string")),
    ramBytes,
    macos,
    overrideMib: parseWhole(values.get(LIMIT_KEY)),
    lowWaterMib: parseWhole(values.get(LOW_WATER_KEY)) || undefined,
    bootSession: parseSession(values.get(BOOT_SESSION_KEY)),
  };
}

/** Under Rosetta the process is x64 on an Apple Silicon Mac, so the process's own architecture does not decide it. */
function isAppleSilicon(values: ReadonlyMap<string, string>, arch: string): boolean {
  return (
    arch === "arm64" ||
    values.get("hw.optional.arm64") === "1" ||
    values.get("sysctl.proc_translated") === "1" ||
    /^(Virtual)?Apple/.test(values.get("machdep.cpu.brand_string") ?? "")
  );
}

/** Rosetta gives "VirtualApple @ 2.50GHz", which isn't a chip. Not every chip is an M: there's an A18 Pro. */
function chipName(brand: string | undefined): string | undefined {
  return brand !== undefined && /^Apple [\x20-\x7e]{1,60}$/.test(brand) ? brand : undefined;
}

function parseSession(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9A-Fa-f-]{8,40}$/.test(text) ? text : undefined;
}

/** Parses "26.6.1". */
export function parseMacosVersion(text: string | undefined): MacosVersion | undefined {
  const match = /^(\d{1,3})(?:\.\d{1,3}){0,2}$/.exec(text ?? "");
  return match ? { major: Number(match[1]), text: match[0] } : undefined;
}

/** The limit that Ollama's own llama-server lists, in bytes; undefined where there's none or it doesn't tell. Never throws. */
export async function readListedDevice(run: Runner): Promise<number | undefined> {
  for (const file of BUNDLED_LLAMA_SERVERS) {
    const result = await run(file, ["--list-devices"], { timeoutMs: 5_000, maxBytes: 256 * 1024 });
    if (result.missing) continue;
    // A program that is there but does not answer is not asked twice from another place.
    return parseDeviceList(`${result.stdout}\n${result.stderr}`);
  }
  return undefined;
}

/** Bytes of the Metal device in `MTL0: Apple M1 Max (26000 MiB, 25999 MiB free)`; older builds write "Metal:". */
export function parseDeviceList(output: string): number | undefined {
  const mib = parseWhole(
    /^[ \t]*(?:MTL\d|Metal): [^\n]{1,100}? \((\d{1,9}) MiB, \d{1,9} MiB free\)/m.exec(output)?.[1],
  );
  return mib ? mib * MIB : undefined;
}
