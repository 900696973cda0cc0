import { LIMIT_KEY, THROTTLE_KEY } from "../fit/commands";
import { REFUSED_BELOW } from "../fit/limit-policy";
import { formatMib, MIB } from "../fit/units";
import { readOwnDaemons } from "./boot-settings";
import { type DaemonResult, type DaemonStep, type PrivilegedResult, runPrivileged } from "./privileged";
import type { Runner } from "./runner";
import { parseWhole, SYSCTL } from "./sysctl";
import { pause, type Pausing } from "./wait";

/** What is asked for. */
export interface LimitRequest {
  /** 0 gives the limit back to macOS. */
  readonly mib: number;
  readonly ramMib: number;
  /** What to do with our LaunchDaemon in the same prompt. */
  readonly bootDaemon: DaemonStep;
}

/**
 * What came of a change, always judged by the value read back afterwards; `inForceMib` (0 = macOS decides) is absent
 * only where that could not be read. Only "done" means that the value asked for is in force.
 */
export type ChangeOutcome =
  | { readonly kind: "done"; readonly inForceMib: number; readonly daemon?: DaemonResult }
  /** All of it was as asked already, so nobody was asked for a password. */
  | { readonly kind: "already"; readonly inForceMib: number }
  /** The prompt was cancelled. */
  | { readonly kind: "cancelled"; readonly inForceMib?: number }
  | { readonly kind: "wrong-password"; readonly inForceMib?: number }
  | { readonly kind: "not-permitted"; readonly inForceMib?: number }
  /** The prompt was given up; what ran behind it may still have set the value, see `inForceMib`. */
  | { readonly kind: "timed-out"; readonly inForceMib?: number }
  /** The kernel turned the value down. */
  | { readonly kind: "refused"; readonly detail: string; readonly inForceMib?: number }
  | {
      readonly kind: "differs";
      readonly askedMib: number;
      readonly inForceMib: number;
      readonly daemon?: DaemonResult;
    }
  /** Set, as the script says, but it could not be read back. */
  | { readonly kind: "unconfirmed"; readonly inForceMib?: undefined; readonly daemon?: DaemonResult }
  /** Nothing was asked of the person: the request itself is wrong. */
  | { readonly kind: "invalid"; readonly reason: string; readonly inForceMib?: undefined }
  | { readonly kind: "failed"; readonly detail: string; readonly inForceMib?: number };

/** What a change behind the administrator prompt acts on. */
export interface PromptSystem extends Pausing {
  readonly run: Runner;
  /** Called before the password prompt of macOS appears, and not where there's none. */
  readonly beforePrompt?: () => Promise<void>;
  /** Called with the limit that was asked for (MiB, 0 = macOS decides) once it reads back. */
  readonly onLimitSet?: (mib: number) => Promise<void>;
}

/**
 * How long what runs as root may go on after its prompt has ended in a way that tells nothing. It is not stopped with
 * osascript.
 */
const SETTLE_MS = 1_500;

/**
 * Sets the limit, and our LaunchDaemon with it, behind one administrator prompt; without one where both are as asked
 * already. Never throws.
 */
export async function changeGpuLimit(system: PromptSystem, request: LimitRequest): Promise<ChangeOutcome> {
  const reason = whatIsWrong(request);
  if (reason !== undefined) return { kind: "invalid", reason };
  if (await isAsAsked(system, request)) return { kind: "already", inForceMib: request.mib };
  await system.beforePrompt?.();
  const result = await runPrivileged(system.run, LIMIT_KEY, request.mib, request.bootDaemon);
  const inForceMib = await readSettled(system, result, request.mib, () => readLimitMib(system));
  if (inForceMib === request.mib) await system.onLimitSet?.(inForceMib);
  return judge(result, request.mib, inForceMib);
}

/** Whether the limit, and our LaunchDaemon where it is asked for, are already so, read from the Mac. */
export async function isAsAsked(
  system: PromptSystem,
  { mib, bootDaemon }: Pick<LimitRequest, "mib" | "bootDaemon">,
): Promise<boolean> {
  if ((await readLimitMib(system)) !== mib) return false;
  if (bootDaemon === "keep") return true;
  const [first, ...more] = await readOwnDaemons(system);
  if (bootDaemon === "remove") return first === undefined;
  return (
    first !== undefined && more.length === 0 && !first.isFormer && first.valueMib === mib && first.state === "loaded"
  );
}

/** Reads a value once its prompt is over; once more after a while where the script could not tell what it did. */
async function readSettled<T extends number>(
  system: PromptSystem,
  { kind }: PrivilegedResult,
  asked: T,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const value = await read();
  const isOver = kind === "cancelled" || kind === "wrong-password" || kind === "not-permitted" || kind === "refused";
  if (isOver || value === asked) return value;
  await pause(system, SETTLE_MS);
  return read();
}

/** The limit that is set, in MiB; 0 = macOS decides; undefined when it cannot be read. */
export async function readLimitMib(system: { readonly run: Runner }): Promise<number | undefined> {
  return parseWhole(await readOne(system.run, LIMIT_KEY));
}

/** State of the disk throttle for background tasks: 1 = on (the default of macOS), 0 = off. */
export type ThrottleState = 0 | 1;

/** Reads `debug.lowpri_throttle_enabled`; undefined where it cannot be read. */
export async function readIoThrottle(system: { readonly run: Runner }): Promise<ThrottleState | undefined> {
  const value = parseWhole(await readOne(system.run, THROTTLE_KEY));
  return value === 0 || value === 1 ? value : undefined;
}

/** As {@link ChangeOutcome}, for the disk throttle. */
export type ThrottleOutcome =
  | { readonly kind: "already"; readonly inForce: ThrottleState }
  | { readonly kind: "done"; readonly inForce: ThrottleState }
  | { readonly kind: "cancelled" | "wrong-password" | "not-permitted" | "timed-out"; readonly inForce?: ThrottleState }
  | { readonly kind: "refused" | "failed"; readonly detail: string; readonly inForce?: ThrottleState }
  | { readonly kind: "differs"; readonly asked: ThrottleState; readonly inForce: ThrottleState }
  | { readonly kind: "unconfirmed"; readonly inForce?: undefined };

/**
 * Switches the throttle of the disk I/O of background tasks (XNU's `spec_vnops.c`): nothing to do with GPU memory.
 * Lasts until the next restart.
 */
export async function setIoThrottle(system: PromptSystem, asked: ThrottleState): Promise<ThrottleOutcome> {
  if ((await readIoThrottle(system)) === asked) return { kind: "already", inForce: asked };
  await system.beforePrompt?.();
  const result = await runPrivileged(system.run, THROTTLE_KEY, asked, "keep");
  const inForce = await readSettled(system, result, asked, () => readIoThrottle(system));
  if (result.kind !== "set") return { ...result, inForce };
  if (inForce === undefined) return { kind: "unconfirmed" };
  return inForce === asked ? { kind: "done", inForce } : { kind: "differs", asked, inForce };
}

function judge(result: PrivilegedResult, askedMib: number, inForceMib: number | undefined): ChangeOutcome {
  if (result.kind !== "set") return { ...result, inForceMib };
  const daemon = result.daemon ? { daemon: result.daemon } : {};
  if (inForceMib === undefined) return { kind: "unconfirmed", ...daemon };
  if (inForceMib !== askedMib) return { kind: "differs", askedMib, inForceMib, ...daemon };
  return { kind: "done", inForceMib, ...daemon };
}

/** The last line of defence behind the forms: the kernel takes any number, also one above the RAM. */
function whatIsWrong({ mib, ramMib, bootDaemon }: LimitRequest): string | undefined {
  if (!Number.isSafeInteger(mib) || mib < 0) return "The limit must be a whole number of MiB.";
  if (mib > 0 && !(mib * MIB <= ramMib * MIB - REFUSED_BELOW)) {
    return `${formatMib(mib)} leaves too little of this Mac's ${formatMib(ramMib)} for macOS.`;
  }
  if (mib === 0 && bootDaemon === "install") {
    return "The default of macOS needs nothing at startup.";
  }
  return undefined;
}

async function readOne(run: Runner, key: string): Promise<string | undefined> {
  const result = await run(SYSCTL, ["-n", key], { timeoutMs: 3_000, maxBytes: 4_096 });
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}
