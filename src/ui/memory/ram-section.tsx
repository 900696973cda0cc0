import { Color, Icon, List } from "@raycast/api";
import { formatBytes } from "../../fit/units";
import type { MemoryStatus } from "../../mac/memory-status";
import type { Memory } from "./use-memory";
import { FigureRow, RowActions, shareIcon } from "./row";

const PRESSURE: Readonly<Record<NonNullable<MemoryStatus["pressure"]>, { title: string; color: Color }>> = {
  normal: { title: "Normal", color: Color.Green },
  warning: { title: "Warning", color: Color.Yellow },
  critical: { title: "Critical", color: Color.Red },
};

const VM_STAT = "vm_stat gave no figure.";
const SYSCTL = "sysctl gave no figure.";

/** The memory of the Mac as a whole. */
export function RamSection({ memory }: { readonly memory: Memory }) {
  const { status } = memory;
  if (status === undefined) return null;
  const { ramBytes, usedBytes, freePercent } = status;
  const pressure = status.pressure && PRESSURE[status.pressure];
  const size = (bytes: number | undefined) => (bytes === undefined ? undefined : formatBytes(bytes));
  const row = (
    figure: Pick<Parameters<typeof FigureRow>[0], "id" | "title" | "note" | "icon" | "value" | "source" | "color">,
  ) => <FigureRow {...figure} actions={<RowActions memory={memory} copy={figure.value} />} />;
  return (
    <List.Section title="Memory" subtitle={ramBytes === undefined ? undefined : formatBytes(ramBytes)}>
      {row({
        id: "pressure",
        title: "Memory Pressure",
        note: "the kernel's own view",
        icon: Icon.Heartbeat,
        value: pressure?.title,
        source: SYSCTL,
        color: pressure ? pressure.color : undefined,
      })}
      {row({
        id: "used",
        title: "Used",
        note: "not counting cached files",
        icon: usedBytes !== undefined && ramBytes ? shareIcon(usedBytes / ramBytes) : Icon.MemoryStick,
        value:
          usedBytes !== undefined && ramBytes
            ? `${formatBytes(usedBytes)} of ${formatBytes(ramBytes)}`
            : size(usedBytes),
        source: VM_STAT,
      })}
      {row({
        id: "wired",
        title: "Wired",
        note: "can't be swapped or compressed",
        icon: Icon.Lock,
        value: size(status.wiredBytes),
        source: VM_STAT,
      })}
      {row({
        id: "compressed",
        title: "Compressed",
        note: "used by the compressor",
        icon: Icon.Layers,
        value: size(status.compressedBytes),
        source: VM_STAT,
      })}
      {row({
        id: "swap",
        title: "Swap Used",
        note: "moved to the disk",
        icon: Icon.HardDrive,
        value: size(status.swapUsedBytes),
        source: SYSCTL,
      })}
      {row({
        id: "free",
        title: "Free",
        note: "as the kernel counts it",
        icon: Icon.Circle,
        value: freePercent === undefined ? undefined : `${freePercent}%`,
        source: SYSCTL,
      })}
    </List.Section>
  );
}
