import { setTimeout as sleep } from "node:timers/promises";

/** A system may bring its own clock, so that tests need not wait. */
export interface Pausing {
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Waits, by the system's clock where it has one. */
export async function pause(system: Pausing, milliseconds: number): Promise<void> {
  await (system.pause ? system.pause(milliseconds) : sleep(milliseconds));
}
