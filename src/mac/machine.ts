import type { LimitKey, Machine, MacosVersion } from "../fit/facts";
import { MIB } from "../fit/units";
import { readMetal } from "./metal-probe";
import type { Runner } from "./runner";

export interface MachineWorld {
  readonly run: Runner;
  readonly platform: string;
  readonly arch: string;
}

export const SYSCTL = "/usr/sbin/sysctl";

const KEYS = [
  "hw.memsize",
  "hw.optional.arm64",
  "kern.hv_vmm_present",
  "kern.osproductversion",
  "machdep.cpu.brand_string",
  "iogpu.wired_limit_mb",
  "debug.iogpu.wired_limit",
];

/** llama-server of the Ollama app and of Homebrew, asked where Metal does not answer. */
const LLAMA_SERVERS = [
  "/Applications/Ollama.app/Contents/Resources/llama-server",
  "/opt/homebrew/opt/ollama/libexec/lib/ollama/llama-server",
];

/** Reads this machine: sysctl and Metal side by side, each bounded in time; keys that are missing stay absent. */
export async function readMachine({ run, platform }: MachineWorld): Promise<Machine> {
  if (platform !== "darwin") {
    return { kind: "not-a-mac", reason: "This machine is not a Mac, so it has no GPU limit of this kind." };
  }
  // sysctl complains about keys this system does not have, and still prints the others.
  const [sysctl, metal] = await Promise.all([run(SYSCTL, KEYS), readMetal(run)]);
  const values = parseSysctl(sysctl.stdout);
  const ramBytes = wholeNumber(values.get("hw.memsize"));
  if (ramBytes === undefined || ramBytes < 2 ** 30) {
    return { kind: "unreadable", reason: "The size of this Mac's memory could not be read (sysctl hw.memsize)." };
  }
  if (values.get("hw.optional.arm64") !== "1") {
    return {
      kind: "intel",
      reason:
        "This Mac has an Intel processor. The GPU limit exists on Apple Silicon only, where GPU and CPU share memory.",
    };
  }
  const limit = limitOf(values);
  if (values.get("kern.hv_vmm_present") === "1" && (metal === undefined || limit.limitKey === undefined)) {
    return { kind: "virtual-machine", reason: "This macOS runs in a virtual machine, whose GPU has no limit to set." };
  }
  const listed = metal === undefined ? await readListedDevice(run) : undefined;
  const chip = metal?.chip ?? values.get("machdep.cpu.brand_string");
  const macos = parseMacosVersion(values.get("kern.osproductversion"));
  return {
    kind: "apple-silicon",
    ...(chip ? { chip } : {}),
    ramBytes,
    ...(macos ? { macos } : {}),
    ...limit,
    ...(metal ? { metal } : {}),
    ...(listed === undefined ? {} : { listedDeviceBytes: listed }),
  };
}

/** "key: value" and "key = value" lines. */
export function parseSysctl(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.slice(0, 64 * 1024).split("\n")) {
    const match = /^([\w.]+)\s*[:=]\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], match[2]);
  }
  return values;
}

/** macOS 14 and newer count in MiB; macOS 13 has only the other key, in bytes. */
function limitOf(values: ReadonlyMap<string, string>): { limitKey?: LimitKey; overrideMib?: number } {
  for (const key of ["iogpu.wired_limit_mb", "debug.iogpu.wired_limit"] as const) {
    const text = values.get(key);
    if (text === undefined) continue;
    const value = wholeNumber(text);
    const perMib = key === "debug.iogpu.wired_limit" ? MIB : 1;
    return { limitKey: key, ...(value === undefined ? {} : { overrideMib: value / perMib }) };
  }
  return {};
}

export function parseMacosVersion(text: string | undefined): MacosVersion | undefined {
  const major = /^(\d{1,3})(?:\.\d{1,3}){0,2}$/.exec(text ?? "")?.[1];
  return major === undefined || text === undefined ? undefined : { major: Number(major), text };
}

function wholeNumber(text: string | undefined): number | undefined {
  const value = /^\d{1,15}$/.test(text ?? "") ? Number(text) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

async function readListedDevice(run: Runner): Promise<number | undefined> {
  for (const file of LLAMA_SERVERS) {
    const result = await run(file, ["--list-devices", "--offline"], { timeoutMs: 6_000 });
    const bytes = parseListedDevice(result.stdout + result.stderr);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

/** "MTL0: Apple M1 Max (26000 MiB, 25999 MiB free)" → bytes of the total. */
export function parseListedDevice(text: string): number | undefined {
  const mib = /^\s*(?:MTL\d*|Metal\d*):.*\((\d{1,8}) MiB, \d{1,8} MiB free\)\s*$/m.exec(text)?.[1];
  return mib === undefined ? undefined : Number(mib) * MIB;
}
