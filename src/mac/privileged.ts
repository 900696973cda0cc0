import type { RunResult, Runner } from "./runner";

/** Why a privileged step did not happen, by what osascript says. */
export type PrivilegedFailure =
  | { readonly kind: "cancelled" }
  | { readonly kind: "wrong-password" }
  | { readonly kind: "not-permitted" }
  | { readonly kind: "timed-out" }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "failed"; readonly detail: string };

/** A person may take their time with the password dialog. */
const TIMEOUT_MS = 15 * 60 * 1000;

/**
 * Runs one constant AppleScript with arguments made of digits and fixed words. The script itself asks for the
 * administrator's password; what it is given never becomes part of its text.
 */
export async function runPrivileged(
  run: Runner,
  script: string,
  args: readonly string[],
): Promise<RunResult | PrivilegedFailure> {
  for (const argument of args) {
    if (!/^(?:\d{1,15}|[a-z]{1,12}|iogpu\.wired_limit_mb|debug\.iogpu\.wired_limit)$/.test(argument)) {
      return { kind: "failed", detail: "The arguments are not plain digits." };
    }
  }
  const result = await run("/usr/bin/osascript", ["-e", script, ...args], { timeoutMs: TIMEOUT_MS });
  return result.exitCode === 0 ? result : failureOf(result);
}

/** Error numbers at the end of osascript's message; the words before them are localised. */
export function failureOf(result: RunResult): PrivilegedFailure {
  if (result.timedOut) return { kind: "timed-out" };
  if (result.missing) return { kind: "failed", detail: "/usr/bin/osascript is missing." };
  const text = result.stderr.trim();
  const number = Number(/\((-?\d{1,6})\)$/.exec(text)?.[1]);
  switch (number) {
    case -128:
    case -60006:
      return { kind: "cancelled" };
    case -60007:
      return { kind: "wrong-password" };
    case -60005:
    case -10004:
      return { kind: "not-permitted" };
    case -1712:
      return { kind: "timed-out" };
    case 1:
      return { kind: "refused", detail: shorten(text) };
    default:
      return /incorrect/i.test(text) ? { kind: "wrong-password" } : { kind: "failed", detail: shorten(text) };
  }
}

function shorten(text: string): string {
  const words = text.replace(/^\d+:\d+: execution error: /, "").replace(/\s*\(-?\d+\)$/, "");
  return words.slice(0, 300) || "osascript gave no reason.";
}
