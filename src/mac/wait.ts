import { setTimeout as sleep } from "node:timers/promises";
import { orAbort } from "../memory/or-abort";

/** A system may bring its own clock, so that tests need not wait. */
export interface Pausing {
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/** As {@link pause}, but over as soon as the signal aborts. */
export async function pauseUntilStop(system: Pausing & { readonly signal?: AbortSignal }, milliseconds: number) {
  const { signal } = system;
  if (signal === undefined) await pause(system, milliseconds);
  else await orAbort(pause(system, milliseconds), signal).catch(() => undefined);
}

/** Waits, by the system's clock where it has one. */
export async function pause(system: Pausing, milliseconds: number): Promise<void> {
  await (system.pause ? system.pause(milliseconds) : sleep(milliseconds));
}
