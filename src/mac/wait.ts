import { setTimeout as sleep } from "node:timers/promises";

/** A world may bring its own clock, so that tests need not wait. */
export interface Pausing {
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** Waits, by the world's clock where it has one. */
export async function pause(world: Pausing, milliseconds: number): Promise<void> {
  await (world.pause ? world.pause(milliseconds) : sleep(milliseconds));
}
