import type { Machine } from "../fit/facts";
import { limitInForce } from "../fit/limit-policy";
import { readMachine } from "../mac/machine";
import { readMemoryUse } from "../mac/memory-status";
import { leaveMacNote } from "./mac-note";
import type { System } from "./system";
import type { Tick } from "./tick";

/** What takes too long for a tick, and is read when somebody looks: the limit by Metal, and what the GPU holds in all. */
export interface OpenReading {
  readonly machine: Machine;
  readonly gpuAllocatedBytes?: number;
}

/** Reads it with four programs, and leaves macOS's default limit for the next ticks. Never throws; 15 s at the very worst. */
export async function readWhenOpen(system: System): Promise<OpenReading | undefined> {
  if (system.platform !== "darwin") return undefined;
  const [machine, { gpuAllocatedBytes }] = await Promise.all([readMachine(system), readMemoryUse(system)]);
  leaveMacNote(machine);
  return { machine, gpuAllocatedBytes };
}

/** A tick with the better figures in it. */
export function withOpenReading(tick: Tick, { machine }: OpenReading): Tick {
  return tick.isLocal ? { ...tick, machine, limit: limitInForce(machine) } : { ...tick, machine };
}
