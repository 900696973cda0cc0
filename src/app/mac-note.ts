import type { Machine } from "../fit/facts";
import { defaultLimit } from "../fit/limit-policy";
import { leaveDefaultNote } from "./tick-notes";

/** Leaves what macOS allows by itself, where that was read and not worked out. Never throws. */
export function leaveMacNote(machine: Machine): void {
  if (machine.kind !== "apple-silicon") return;
  const { bytes, estimated } = defaultLimit(machine);
  if (estimated) return;
  const { ramBytes, macos, metal } = machine;
  leaveDefaultNote({
    ramBytes,
    macos: macos?.text,
    defaultBytes: Math.round(bytes),
    maxBufferBytes: metal?.maxBufferBytes,
  });
}
