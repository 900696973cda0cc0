import type { Runner } from "./runner";
import { parseAssignment } from "./sysctl";

export const GREP = "/usr/bin/grep";
export const GREP_SCRIPTS_ARGS = ["-sHIF", "-m", "50", "iogpu.wired_limit_mb", "--"] as const;
/** More scripts than a Mac's daemons name; what is beyond is not looked at. */
const MOST_SCRIPTS = 200;

/** A script that sets the limit: to what, in MiB, where that is written out. */
export interface ScriptHit {
  readonly valueMib?: number;
}

/** Programs of macOS and devices aren't scripts somebody wrote. */
const NOT_A_SCRIPT = /^\/(?:bin|sbin|System|Library\/Apple|dev|usr\/(?:bin|sbin|libexec|lib))\//;

/**
 * Absolute paths in a daemon's program and arguments: also those inside a word, as in
 * `sh -c "/bin/wait4path /nix/store && exec /nix/store/…-limit"`.
 */
export function scriptPaths(words: readonly string[]): readonly string[] {
  const whole = words.filter((word) => /^\/[^\n]{1,500}$/.test(word) && !/[;&|]/.test(word));
  const inside = words.flatMap((word) =>
    [...word.slice(0, 4_096).matchAll(/(?:^|[\s"'=;&|(])(\/[^\s"'=;&|()<>$*]{1,500})/g)].map(([, path = ""]) => path),
  );
  return [...new Set([...whole, ...inside])].filter((path) => !NOT_A_SCRIPT.test(path)).slice(0, 20);
}

/** Which of the files are texts that set the limit, as far as this person may read them. Never throws. */
export async function searchScripts(run: Runner, paths: readonly string[]): Promise<ReadonlyMap<string, ScriptHit>> {
  const asked = [...new Set(paths)].slice(0, MOST_SCRIPTS);
  if (asked.length === 0) return new Map();
  const found = await run(GREP, [...GREP_SCRIPTS_ARGS, ...asked], { timeoutMs: 5_000, maxBytes: 256 * 1024 });
  return parseScriptHits(found.stdout, asked);
}

/** Parses grep's `file:line`. A comment sets nothing, nor does a line that only reads; the last line that sets counts. */
export function parseScriptHits(output: string, paths: readonly string[]): ReadonlyMap<string, ScriptHit> {
  const hits = new Map<string, ScriptHit>();
  for (const found of output.split("\n")) {
    const path = paths.filter((file) => found.startsWith(`${file}:`)).sort((a, b) => b.length - a.length)[0];
    const line = path === undefined ? "" : found.slice(path.length + 1).trim();
    if (path === undefined || line.startsWith("#") || !/iogpu\.wired_limit_mb["']?\s?=/.test(line)) continue;
    hits.set(path, { valueMib: parseAssignment(line) });
  }
  return hits;
}
