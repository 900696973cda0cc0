import { LIMIT_KEY } from "../fit/commands";
import type { Runner } from "./runner";
import { parseWhole, readSysctls } from "./sysctl";

export const VM_STAT = "/usr/bin/vm_stat";
export const IOREG = "/usr/sbin/ioreg";
const IOREG_ARGS = ["-r", "-d", "1", "-w", "0", "-c", "IOAccelerator"] as const;
export const MEMORY_KEYS = [
  "hw.memsize",
  "vm.swapusage",
  "kern.memorystatus_level",
  "kern.memorystatus_vm_pressure_level",
  LIMIT_KEY,
] as const;

/** What the kernel says of this Mac's memory; whatever could not be read is absent. */
export interface KernelStatus {
  /** The GPU limit that is set, in MiB; 0 = macOS decides. */
  readonly overrideMib?: number;
  readonly ramBytes?: number;
  /** The kernel's own judgement, which says more than free memory does. */
  readonly pressure?: "normal" | "warning" | "critical";
  readonly freePercent?: number;
  readonly swapUsedBytes?: number;
}

/** What takes the memory of this Mac; whatever could not be read is absent. */
export interface MemoryUse {
  readonly wiredBytes?: number;
  /** Active + inactive + speculative + wired + compressor − purgeable − file-backed. */
  readonly usedBytes?: number;
  readonly compressedBytes?: number;
  /** What the GPU uses at this moment, summed over accelerators; it jumps about. */
  readonly gpuInUseBytes?: number;
  /** What is allocated for the GPU; follows models being loaded and unloaded. */
  readonly gpuAllocatedBytes?: number;
}

export interface MemoryStatus extends KernelStatus, MemoryUse {}

/** Reads kernel values with one program. Never throws. */
export async function readKernelStatus(system: { readonly run: Runner }): Promise<KernelStatus> {
  return kernelStatusOf(await readSysctls(system.run, MEMORY_KEYS));
}

/** The same from kernel values ({@link MEMORY_KEYS}) that were read already. */
export function kernelStatusOf(values: ReadonlyMap<string, string>): KernelStatus {
  const ramBytes = parseWhole(values.get("hw.memsize"));
  const pressure = parsePressure(values.get("kern.memorystatus_vm_pressure_level"));
  const freePercent = parseWhole(values.get("kern.memorystatus_level"));
  const swapUsedBytes = parseSwapUsed(values.get("vm.swapusage"));
  return {
    overrideMib: parseWhole(values.get(LIMIT_KEY)),
    ramBytes,
    pressure,
    freePercent: freePercent === undefined || freePercent > 100 ? undefined : freePercent,
    swapUsedBytes,
  };
}

const readings = new WeakMap<Runner, Promise<MemoryUse>>();

/**
 * Reads page counts and the GPU's statistics side by side; both are bounded. Who asks while they're being read shares the
 * answer: a view and the snapshot it shows ask at the same moment. Never throws.
 */
export function readMemoryUse({ run }: { readonly run: Runner }): Promise<MemoryUse> {
  const underWay = readings.get(run);
  if (underWay !== undefined) return underWay;
  const reading = Promise.all([
    run(VM_STAT, [], { timeoutMs: 3_000, maxBytes: 64 * 1024 }),
    run(IOREG, IOREG_ARGS, { timeoutMs: 3_000 }),
  ])
    .then(([pages, gpu]) => ({ ...parseVmStat(pages.stdout), ...parseGpuStatistics(gpu.stdout) }))
    .finally(() => readings.delete(run));
  readings.set(run, reading);
  return reading;
}

function parsePressure(text: string | undefined): KernelStatus["pressure"] {
  switch (text) {
    case "1":
      return "normal";
    case "2":
      return "warning";
    case "4":
      return "critical";
    default:
      return undefined;
  }
}

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes of "5120.00M", "13G", "512K"; a decimal comma is one too (sysctl follows the person's locale). */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:[.,]\d{1,4})?)([BKMGT])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined
    ? undefined
    : Math.round(Number(match[1].replace(",", ".")) * unit);
}

/** Used swap in bytes from `total = 15360.00M  used = 5120.00M  free = …`. */
export function parseSwapUsed(text: string | undefined): number | undefined {
  return parseSize(/\bused = (\S{1,30})/.exec(text ?? "")?.[1] ?? "");
}

/** Sums of `vm_stat`; each is absent where one of its parts is. */
export function parseVmStat(output: string): Pick<MemoryUse, "wiredBytes" | "usedBytes" | "compressedBytes"> {
  const pageSize = parseWhole(/\(page size of (\d{1,9}) bytes\)/.exec(output)?.[1]);
  if (!pageSize) return {};
  const counts = new Map<string, number>();
  for (const line of output.split("\n")) {
    const match = /^"?([A-Za-z -]{1,40})"?: +(\d{1,15})\.?\s*$/.exec(line);
    if (match?.[1] !== undefined) counts.set(match[1], Number(match[2]));
  }
  const sum = (plus: readonly string[], minus: readonly string[] = []): number | undefined => {
    if (![...plus, ...minus].every((label) => counts.has(label))) return undefined;
    const total = (labels: readonly string[]) => labels.reduce((pages, label) => pages + (counts.get(label) ?? 0), 0);
    return Math.max(0, total(plus) - total(minus)) * pageSize;
  };
  const wiredBytes = sum(["Pages wired down"]);
  const compressedBytes = sum(["Pages occupied by compressor"]);
  const usedBytes = sum(
    ["Pages active", "Pages inactive", "Pages speculative", "Pages wired down", "Pages occupied by compressor"],
    ["Pages purgeable", "File-backed pages"],
  );
  return {
    wiredBytes,
    usedBytes,
    compressedBytes,
  };
}

/** GPU memory from `ioreg`. The key with "(driver)" behind it is another one. */
export function parseGpuStatistics(output: string): Pick<MemoryUse, "gpuInUseBytes" | "gpuAllocatedBytes"> {
  const sum = (key: string): number | undefined => {
    const found = [...output.matchAll(new RegExp(`"${key}"=(\\d{1,15})(?=[,}])`, "g"))];
    return found.length === 0 ? undefined : found.reduce((bytes, match) => bytes + Number(match[1]), 0);
  };
  const gpuInUseBytes = sum("In use system memory");
  const gpuAllocatedBytes = sum("Alloc system memory");
  return {
    gpuInUseBytes,
    gpuAllocatedBytes,
  };
}
