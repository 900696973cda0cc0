import type { Runner } from "./runner";

export const SYSCTL = "/usr/sbin/sysctl";

/**
 * Reads kernel values in one bounded call. Keys that this kernel does not know are absent: `-i` skips them, without which
 * the sysctl of macOS 13.0 to 14.3 ends at the first one (Apple's system_cmds, sysctl.c).
 */
export async function readSysctls(
  run: Runner,
  keys: readonly string[],
  timeoutMs = 3_000,
): Promise<ReadonlyMap<string, string>> {
  const result = await run(SYSCTL, ["-i", ...keys], { timeoutMs, maxBytes: 64 * 1024 });
  return parseSysctls(result.stdout, keys);
}

/** Parses `name: value` lines; the first line of a key counts, keys that were not asked for are left out. */
export function parseSysctls(output: string, keys: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of output.split("\n")) {
    const colon = line.indexOf(": ");
    const key = line.slice(0, colon);
    if (colon > 0 && keys.includes(key) && !values.has(key)) values.set(key, line.slice(colon + 2).trim());
  }
  return values;
}

/** A whole number as sysctl prints it; undefined for anything else and for what no double holds exactly. */
export function parseWhole(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The limit in MiB from `iogpu.wired_limit_mb=57344`, quoted or not; undefined where it is worked out. */
export function parseAssignment(text: string): number | undefined {
  const digits = /(?<![\w.])iogpu\.wired_limit_mb["']? ?= ?["']?(\d{1,15})(?![\w.$({`])/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
