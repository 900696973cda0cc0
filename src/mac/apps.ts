import { oneLine } from "../fit/one-line";
import { parseSize } from "./memory-status";
import { OSASCRIPT } from "./metal-probe";
import { scriptErrorCode, scriptErrorText } from "./privileged";
import { PS } from "./processes";
import { quitOllamaApp, type ServiceSystem } from "./ollama-service";
import type { Runner } from "./runner";
import { pause } from "./wait";

export const TOP = "/usr/bin/top";
const TOP_ARGS = ["-l", "1", "-o", "mem", "-n", "200", "-stats", "pid,command,mem"] as const;
const PS_PROGRAM_ARGS = ["-axww", "-o", "pid=,uid=,comm="] as const;

/**
 * What a footprint belongs to. Only "app" is ever offered for quitting: "macos" is part of macOS, "system" runs for root
 * or another account of the system, "other-user" for somebody else who is logged in, "raycast" runs this extension,
 * "program" has no app to ask, and of "unknown" the path could not be read.
 */
export type AppKind = "app" | "macos" | "system" | "other-user" | "raycast" | "program" | "unknown";

/** An app with its helpers, or a program that belongs to none. */
export interface AppFootprint {
  readonly name: string;
  /** The .app folder; absent for programs that belong to none. */
  readonly bundlePath?: string;
  /** Footprint (not resident size) of all its processes. */
  readonly bytes: number;
  /** `top` writes whole gibibytes from about 10 of them on, so the footprint is only about right. */
  readonly isRounded: boolean;
  readonly pids: readonly number[];
  readonly kind: AppKind;
}

const MOST_APPS = 15;

/** The apps with the largest footprints, largest first; empty where `top` does not answer. Never throws. */
export async function readLargestApps(system: ServiceSystem): Promise<readonly AppFootprint[]> {
  const [footprints, programs] = await Promise.all([
    system.run(TOP, TOP_ARGS, { timeoutMs: 8_000, maxBytes: 256 * 1024 }),
    system.run(PS, PS_PROGRAM_ARGS, { timeoutMs: 5_000 }),
  ]);
  return groupApps(parseTop(footprints.stdout), parsePrograms(programs.stdout), system.userId).slice(0, MOST_APPS);
}

interface Footprint {
  readonly pid: number;
  /** Cut at 16 characters by `top`. */
  readonly command: string;
  readonly bytes: number;
  readonly isRounded: boolean;
}

/** `top` cuts names at 16 characters. */
const MOST_NAME = 64;

/** Rows below the `PID COMMAND MEM` head. The size may carry a sign for its trend, the process number a mark. */
export function parseTop(output: string): readonly Footprint[] {
  const lines = output.split("\n");
  const head = lines.findIndex((line) => /^\s*PID\s+COMMAND\s+MEM\s*$/.test(line));
  if (head < 0) return [];
  return lines.slice(head + 1).flatMap((line) => {
    const row = line.trim();
    const [first, last] = [row.indexOf(" "), row.lastIndexOf(" ")];
    const pid = /^(\d{1,9})[*+-]?$/.exec(row.slice(0, Math.max(0, first)))?.[1];
    const size = /^(\d{1,12}(?:[.,]\d{1,4})?[BKMGT])[+-]?$/.exec(row.slice(last + 1))?.[1] ?? "";
    const bytes = parseSize(size);
    const isRounded = /^\d+[GT]$/.test(size);
    const command = row.slice(first, last).trim().slice(0, MOST_NAME);
    return pid !== undefined && bytes !== undefined ? [{ pid: Number(pid), command, bytes, isRounded }] : [];
  });
}

interface Program {
  readonly uid: number;
  readonly path: string;
}

/** Parses `pid uid path` lines. */
export function parsePrograms(output: string): ReadonlyMap<number, Program> {
  const programs = new Map<number, Program>();
  for (const line of output.split("\n")) {
    const match = /^ *(\d{1,9}) +(-?\d{1,10}) (.+)$/.exec(line);
    if (match?.[3] !== undefined) programs.set(Number(match[1]), { uid: Number(match[2]), path: match[3].trim() });
  }
  return programs;
}

/** Adds helpers to the app whose folder they lie in. Largest first. */
export function groupApps(
  footprints: readonly Footprint[],
  programs: ReadonlyMap<number, Program>,
  userId: number,
): readonly AppFootprint[] {
  const groups = new Map<string, AppFootprint>();
  for (const { pid, command, bytes, isRounded } of footprints) {
    const program = programs.get(pid);
    const bundlePath = /^(\/(?:.{0,400}?\/)?[^/]{1,100}\.app)\//.exec(program?.path ?? "")?.[1];
    const kind = kindOf(program, bundlePath, userId);
    // The app of another user is another app.
    const place = bundlePath ?? program?.path ?? `${command} ${pid}`;
    const key = kind === "other-user" ? `${program?.uid} ${place}` : place;
    const group = groups.get(key);
    groups.set(key, {
      name: bundlePath ? shown(baseName(bundlePath).replace(/\.app$/, "")) : programName(program, command),
      bundlePath,
      bytes: (group?.bytes ?? 0) + bytes,
      isRounded: isRounded || (group?.isRounded ?? false),
      pids: [...(group?.pids ?? []), pid],
      // One process of the system makes the whole app one.
      kind: group !== undefined && kind === "app" ? group.kind : kind,
    });
  }
  return [...groups.values()].sort((a, b) => b.bytes - a.bytes);
}

/**
 * Finder, Dock and their like live in /System/Library; daemons run for users below 501. Apps that macOS ships but a
 * person opens (Safari, Mail) live elsewhere in /System and may be quit. What has no known path is left alone.
 */
function kindOf(program: Program | undefined, bundlePath: string | undefined, userId: number): AppKind {
  if (program === undefined || !program.path.startsWith("/")) return "unknown";
  if (PARTS_OF_MACOS.test(program.path)) return "macos";
  if (program.uid < 501) return "system";
  if (program.uid !== userId) return "other-user";
  if (bundlePath === undefined) return "program";
  return isRaycast(bundlePath) ? "raycast" : "app";
}

const PARTS_OF_MACOS =
  /^\/(?:System\/Library|System\/Volumes\/Preboot\/.*\/System\/Library|usr\/(?!local\/)[^/]+|bin|sbin|Library\/Apple)\//;

/** Quitting Raycast would end this extension in the middle of it. */
function isRaycast(bundlePath: string): boolean {
  return /\/Raycast[^/]*\.app$/.test(bundlePath);
}

const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function programName(program: Program | undefined, command: string): string {
  return shown((program && baseName(program.path)) || command) || "Unknown program";
}

/** Whoever names a file or a process may put what isn't seen into its name. */
const shown = (name: string): string => oneLine(name, 100);

/** Asks an app to quit, as Command-Q does. Constant: the app's folder is its only argument. */
export const QUIT_SCRIPT = `on run argv
	set theApp to item 1 of argv
	if application theApp is running then
		with timeout of 20 seconds
			tell application theApp to quit
		end timeout
	end if
end run`;

export type QuitOutcome =
  | { readonly kind: "quit" }
  /** Asked, but it still runs: perhaps it asks to save something. */
  | { readonly kind: "still-running" }
  /** It answered that it won't quit: some apps only hide, or the person cancelled in the app. */
  | { readonly kind: "declined" }
  /** macOS does not let Raycast control this app (System Settings, Privacy & Security, Automation). */
  | { readonly kind: "not-permitted"; readonly explanation: string }
  | { readonly kind: "not-quittable"; readonly reason: string }
  | { readonly kind: "failed"; readonly detail: string };

const AUTOMATION_EXPLANATION =
  "macOS doesn't let Raycast control this app. Allow it in System Settings, Privacy & Security, Automation, Raycast.";

/**
 * Quits an app of {@link readLargestApps} and waits up to 10 s until its processes are gone; Ollama.app, which declines to
 * quit, gets a signal and up to 40 s. Never throws.
 */
export async function quitApp(system: ServiceSystem, app: AppFootprint): Promise<QuitOutcome> {
  if (app.kind !== "app" || app.bundlePath === undefined) {
    return { kind: "not-quittable", reason: `${app.name} is part of macOS or isn't an app, so it's left alone.` };
  }
  if (app.bundlePath.endsWith("/Ollama.app")) {
    return { kind: await quitOllamaApp(system, app.bundlePath, app.pids) };
  }
  const asked = await askToQuit(system.run, app.bundlePath);
  if (asked.kind !== "asked") return asked;
  for (let tries = 0; tries < 20; tries += 1) {
    const left = await system.run(PS, ["-p", app.pids.join(","), "-o", "pid="], { timeoutMs: 3_000 });
    // ps ends with status 1 when none of the processes is there any more.
    if (left.exitCode === 1 && left.stdout.trim() === "") return { kind: "quit" };
    if (left.exitCode === undefined) {
      return { kind: "failed", detail: "It was asked to quit, but couldn't read whether it did." };
    }
    await pause(system, 500);
  }
  return { kind: "still-running" };
}

/** Sends the wish to quit; "asked" says nothing yet about whether the app follows it. */
async function askToQuit(run: Runner, bundlePath: string): Promise<QuitOutcome | { readonly kind: "asked" }> {
  const result = await run(OSASCRIPT, ["-e", QUIT_SCRIPT, bundlePath], { timeoutMs: 25_000, maxBytes: 64 * 1024 });
  if (result.exitCode === 0) return { kind: "asked" };
  if (result.timedOut) return { kind: "still-running" };
  switch (scriptErrorCode(result.stderr)) {
    case -600: // not running any more
      return { kind: "asked" };
    case -128:
      return { kind: "declined" };
    case -1712: // the app did not answer, perhaps because it asks something
      return { kind: "still-running" };
    case -1743:
      return { kind: "not-permitted", explanation: AUTOMATION_EXPLANATION };
    default:
      return { kind: "failed", detail: scriptErrorText(result.stderr) || "osascript ended without saying why." };
  }
}
