import { limitValue, THROTTLE_KEY } from "../fit/commands";
import type { LimitKey } from "../fit/facts";
import { REFUSED_BELOW } from "../fit/limit-policy";
import { formatMib, MIB } from "../fit/units";
import { type DaemonResult, type DaemonStep, type PrivilegedResult, runPrivileged } from "./privileged";
import type { Runner } from "./runner";
import { limitFromValue, parseWhole, SYSCTL } from "./sysctl";

/** What is asked for. */
export interface LimitRequest {
  readonly key: LimitKey;
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

/** Sets the limit, and our LaunchDaemon with it, behind one administrator prompt. Never throws. */
export async function changeGpuLimit(system: { readonly run: Runner }, request: LimitRequest): Promise<ChangeOutcome> {
  const reason = whatIsWrong(request);
  if (reason !== undefined) return { kind: "invalid", reason };
  const result = await runPrivileged(system.run, request.key, limitValue(request.key, request.mib), request.bootDaemon);
  return judge(result, request.mib, await readLimitMib(system, request.key));
}

/** The limit that is set, in MiB; 0 = macOS decides; undefined when it cannot be read. */
export async function readLimitMib(system: { readonly run: Runner }, key: LimitKey): Promise<number | undefined> {
  return limitFromValue(key, await readOne(system.run, key));
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
  | { readonly kind: "done"; readonly inForce: ThrottleState }
  | { readonly kind: "cancelled" | "wrong-password" | "not-permitted" | "timed-out"; readonly inForce?: ThrottleState }
  | { readonly kind: "refused" | "failed"; readonly detail: string; readonly inForce?: ThrottleState }
  | { readonly kind: "differs"; readonly asked: ThrottleState; readonly inForce: ThrottleState }
  | { readonly kind: "unconfirmed"; readonly inForce?: undefined };

/**
 * Switches the throttle of the disk I/O of background tasks (XNU's `spec_vnops.c`): nothing to do with GPU memory.
 * Lasts until the next restart.
 */
export async function setIoThrottle(system: { readonly run: Runner }, asked: ThrottleState): Promise<ThrottleOutcome> {
  const result = await runPrivileged(system.run, THROTTLE_KEY, asked, "keep");
  const inForce = await readIoThrottle(system);
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
    return `${formatMib(mib)} leaves too little of this Mac's ${formatMib(ramMib)} to macOS.`;
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
