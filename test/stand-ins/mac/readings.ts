import type { MacProcess } from "./index";

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

/** `vm_stat` of a Mac of which so much is in use; a tenth of the RAM holds files that are only cached. */
export function vmStatText(ramBytes: number, usedBytes: number): string {
  const pages = Math.floor(ramBytes / 16384);
  const used = usedBytes / ramBytes;
  const share = (part: number) => `${Math.floor(pages * part)}.`.padStart(20);
  return `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                ${share(Math.max(0, 0.9 - used))}
Pages active:              ${share(used * 0.4 + 0.05)}
Pages inactive:            ${share(used * 0.3 + 0.05)}
Pages speculative:         ${share(used * 0.02)}
Pages throttled:           ${share(0)}
Pages wired down:          ${share(used * 0.2)}
Pages purgeable:           ${share(used * 0.02)}
"Translation faults":                 574921966.
File-backed pages:         ${share(0.1)}
Anonymous pages:           ${share(used * 0.7)}
Pages stored in compressor:${share(used * 0.3)}
Pages occupied by compressor:${share(used * 0.1)}
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

export function topText(processes: readonly MacProcess[]): string {
  const rows = [...processes]
    .sort((a, b) => b.footprintMib - a.footprintMib)
    .slice(0, 200)
    .map(({ pid, path, footprintMib }) => {
      const command = path.slice(path.lastIndexOf("/") + 1).slice(0, 16);
      return `${String(pid).padEnd(6)} ${command.padEnd(16)} ${footprintMib}M`;
    });
  return `Processes: 612 total, 3 running, 609 sleeping, 3121 threads
2026/11/24 10:00:00
Load Avg: 2.10, 2.31, 2.20
CPU usage: 4.15% user, 6.22% sys, 89.62% idle
PhysMem: 31G used (7864M wired, 5242M compressor), 17G unused.

PID    COMMAND          MEM
${rows.join("\n")}
`;
}
