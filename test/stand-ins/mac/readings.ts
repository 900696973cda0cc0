/** What the programs of macOS that measure memory print. */
import type { MacProcess } from "./processes";

export const MIB = 1024 ** 2;
export const GIB = 1024 ** 3;

/** Share of the RAM that Metal allows by default on macOS 26 and 27, as measured, by GiB of RAM. */
const SHARES: readonly (readonly [ramGib: number, share: number])[] = [
  [8, 2 / 3],
  [24, 0.74],
  [48, 0.78],
  [96, 0.81],
  [192, 0.84],
  [Infinity, 0.87],
];

/** Metal's recommendedMaxWorkingSetSize without an override, as the Macs that were measured give it. */
export function defaultWorkingSet(ramGib: number, macosMajor: number): number {
  if (macosMajor >= 26) {
    const share = SHARES.find(([upTo]) => ramGib <= upTo)?.[1] ?? 0;
    return ramGib >= 512 ? 464 * GIB : Math.ceil((ramGib * GIB * share) / 16384) * 16384;
  }
  const share = ramGib <= 32 ? 2 / 3 : 3 / 4;
  // macOS keeps its share, but never more than 48 GiB.
  return Math.max(Math.floor(ramGib * GIB * share), (ramGib - 48) * GIB);
}

/** What macOS itself takes, and what of it is wired. */
const MACOS_BYTES = 3 * GIB;
const MACOS_WIRED_BYTES = 2.2 * GIB;
const IDLE_SWAP_BYTES = 512 * MIB;

/** How the memory of a Mac is used. */
export interface Memory {
  readonly ramBytes: number;
  /** In RAM, not counting cached files. */
  readonly usedBytes: number;
  readonly wiredBytes: number;
  readonly compressedBytes: number;
  readonly swapBytes: number;
  /** kern.memorystatus_level: what is neither wired nor compressed. */
  readonly freePercent: number;
  /** kern.memorystatus_vm_pressure_level: normal, warning, critical. */
  readonly pressure: 1 | 2 | 4;
}

/** The memory of a Mac on which these processes run: what the RAM does not hold goes to the swap. */
export function memoryOf(ramBytes: number, processes: readonly MacProcess[]): Memory {
  const sum = (of: (process: MacProcess) => number) =>
    processes.reduce((bytes, process) => bytes + of(process) * MIB, 0);
  const wanted = MACOS_BYTES + sum(({ footprintMib }) => footprintMib);
  const usedBytes = Math.min(wanted, ramBytes * 0.97);
  const gpuBytes = sum(({ gpuMib }) => gpuMib);
  const wiredBytes = Math.min(MACOS_WIRED_BYTES + gpuBytes, usedBytes * 0.95);
  const compressedBytes = (usedBytes - wiredBytes) * 0.12;
  return {
    ramBytes,
    usedBytes,
    wiredBytes,
    compressedBytes,
    swapBytes: IDLE_SWAP_BYTES + wanted - usedBytes,
    freePercent: Math.floor(100 - (100 * (wiredBytes + compressedBytes)) / ramBytes),
    pressure: wanted > ramBytes ? 4 : wanted > ramBytes * 0.92 ? 2 : 1,
  };
}

export function swapText({ swapBytes }: Memory): string {
  const total = Math.max(2, Math.ceil(swapBytes / GIB)) * GIB;
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(2)}M`;
  return `total = ${mib(total)}  used = ${mib(swapBytes)}  free = ${mib(total - swapBytes)}  (encrypted)`;
}

/** `vm_stat`: files that are only cached fill a tenth of the RAM, or what is left of it. */
export function vmStatText(memory: Memory): string {
  const { ramBytes, usedBytes, wiredBytes, compressedBytes } = memory;
  const cached = Math.min(ramBytes * 0.1, ramBytes - usedBytes);
  const loose = usedBytes - wiredBytes - compressedBytes;
  const purgeable = loose * 0.02;
  const pageable = loose + purgeable + cached;
  const pages = (bytes: number) => `${Math.floor(bytes / 16384)}.`.padStart(20);
  return `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                ${pages(Math.max(0, ramBytes - wiredBytes - compressedBytes - pageable))}
Pages active:              ${pages(pageable * 0.55)}
Pages inactive:            ${pages(pageable * 0.43)}
Pages speculative:         ${pages(pageable * 0.02)}
Pages throttled:           ${pages(0)}
Pages wired down:          ${pages(wiredBytes)}
Pages purgeable:           ${pages(purgeable)}
"Translation faults":                 574921966.
File-backed pages:         ${pages(cached)}
Anonymous pages:           ${pages(loose)}
Pages stored in compressor:${pages(compressedBytes * 3)}
Pages occupied by compressor:${pages(compressedBytes)}
Swapins:                                 470789.
Swapouts:                                929703.
`;
}

export function ioregText(chip: string, inUse: number, allocated: number): string {
  return `+-o AGXAcceleratorG16X  <class AGXAcceleratorG16X, id 0x10000050b, registered, matched, active, busy 0 (655 ms), retain 51>
    {
      "model" = "${chip}"
      "gpu-core-count" = 20
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Alloc system memory"=${allocated},"Tiler Utilization %"=20,"recoveryCount"=0,"Renderer Utilization %"=19,"TiledSceneBytes"=1605632,"Device Utilization %"=21,"SplitSceneCount"=0,"In use system memory"=${inUse}}
    }
`;
}

/** `top -l 1 -o mem`: whole mebibytes, whole gibibytes from 10,000 of them on. */
export function topText(processes: readonly MacProcess[], { usedBytes, ramBytes, ...memory }: Memory): string {
  const size = (mib: number) => (mib < 10_000 ? `${Math.floor(mib)}M` : `${Math.floor(mib / 1024)}G`);
  const rows = [...processes]
    .sort((a, b) => b.footprintMib - a.footprintMib)
    .slice(0, 200)
    .map(({ pid, path, footprintMib }) => {
      const command = path.slice(path.lastIndexOf("/") + 1).slice(0, 16);
      return `${String(pid).padEnd(6)} ${command.padEnd(16)} ${size(footprintMib)}`;
    });
  const [wired, compressed] = [memory.wiredBytes, memory.compressedBytes].map((bytes) => size(bytes / MIB));
  return `Processes: ${processes.length} total, 3 running, ${processes.length - 3} sleeping, 3121 threads
2026/11/24 10:00:00
Load Avg: 2.10, 2.31, 2.20
CPU usage: 4.15% user, 6.22% sys, 89.62% idle
PhysMem: ${size(usedBytes / MIB)} used (${wired} wired, ${compressed} compressor), ${size((ramBytes - usedBytes) / MIB)} unused.

PID    COMMAND          MEM
${rows.join("\n")}
`;
}
