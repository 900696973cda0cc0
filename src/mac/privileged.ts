import { LIMIT_KEY, THROTTLE_KEY } from "../fit/commands";
import { OSASCRIPT } from "./metal-probe";
import type { Runner } from "./runner";

/** Label of the LaunchDaemon that keeps the limit over restarts. Fixed, so that it can always be found and removed. */
export const LAUNCH_DAEMON_LABEL = "local.gpu-limit.wired-limit";
/** The label of earlier releases, which lies in Raycast's namespace. Whatever is installed or removed removes it, too. */
export const FORMER_LABEL = "com.raycast.gpu-limit";
export const DAEMON_FOLDER = "/Library/LaunchDaemons";

/** Where the property list of a label lies. */
export const daemonPath = (label: string): string => `${DAEMON_FOLDER}/${label}.plist`;

/** The kernel values that the script can set, by the digit that stands for each. */
const PRIVILEGED_KEYS = [LIMIT_KEY, THROTTLE_KEY] as const;

export type PrivilegedKey = (typeof PRIVILEGED_KEYS)[number];

/** What to do with our LaunchDaemon, by the digit that stands for each. */
const DAEMON_STEPS = ["keep", "install", "remove"] as const;

export type DaemonStep = (typeof DAEMON_STEPS)[number];

/**
 * What the LaunchDaemon runs at every start, constant: sh text whose only argument is `key=value`. The kernel may not
 * have the key yet, so it's tried for five minutes, and then never again: launchd itself could only repeat it for ever.
 */
export const DAEMON_SHELL =
  'n=0; while [ $n -lt 60 ]; do if /usr/sbin/sysctl "$1"; then exit 0; fi; n=$((n + 1)); /bin/sleep 5; done; exit 1';

const PLIST_BEFORE_VALUE = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
  '<plist version="1.0"><dict>',
  `<key>Label</key><string>${LAUNCH_DAEMON_LABEL}</string>`,
  "<key>ProgramArguments</key><array>",
  "<string>/bin/sh</string>",
  "<string>-c</string>",
  `<string>${DAEMON_SHELL}</string>`,
  "<string>gpu-limit</string>",
];
const PLIST_AFTER_VALUE = ["</array><key>RunAtLoad</key><true/>", "</dict></plist>"];

const quoteLines = (lines: readonly string[]) => lines.map((line) => `'${line}'`).join(" ");

/**
 * What runs as root, whole and constant: sh text on one line, with three digits-only arguments (key, value, daemon
 * step). It prints what it did and always ends with status 0, because AppleScript's way of passing a status on is not
 * documented. The plist is written where only root can write, checked, and moved into place in one step, after the one
 * of earlier releases is gone, so that there's never a second; nothing that a user can write is read or run. launchd
 * answers 5 for an item switched off in Login Items until it's enabled, and unloads in the background, so loading is
 * tried a few times.
 */
export const PRIVILEGED_SHELL = [
  "umask 022;",
  'for digits in "$1" "$2" "$3"; do case "$digits" in ""|*[!0-9]*) echo invalid; exit 0;; esac; done;',
  'case "$1" in',
  ...PRIVILEGED_KEYS.map((key, index) => `${index}) key=${key};;`),
  "*) echo invalid; exit 0;; esac;",
  'case "$1$3" in 0[012]|10) ;; *) echo invalid; exit 0;; esac;',
  'if said=$(/usr/sbin/sysctl "$key=$2" 2>&1); then echo "value set"; else echo "value refused $said"; exit 0; fi;',
  `folder=${DAEMON_FOLDER}; label=${LAUNCH_DAEMON_LABEL}; former=${FORMER_LABEL};`,
  'unload() { /bin/launchctl bootout "system/$1" > /dev/null 2>&1; };',
  'if [ "$3" = 1 ]; then',
  'new=$(/usr/bin/mktemp "$folder/.gpu-limit.XXXXXXXX") || { echo "daemon failed mktemp"; exit 0; };',
  `trap '/bin/rm -f "$new"' EXIT;`,
  `if said=$( { printf "%s\\n" ${quoteLines(PLIST_BEFORE_VALUE)} "<string>$key=$2</string>" ${quoteLines(PLIST_AFTER_VALUE)} > "$new"`,
  '&& /usr/bin/plutil -lint "$new" && /usr/sbin/chown root:wheel "$new" && /bin/chmod 644 "$new"',
  '&& /bin/rm -f "$folder/$former.plist" && /bin/mv -f "$new" "$folder/$label.plist"; } 2>&1 ); then',
  'unload "$former"; unload "$label";',
  '/bin/launchctl enable "system/$label" > /dev/null 2>&1;',
  "for try in 1 2 3 4 5 6; do",
  'if said=$(/bin/launchctl bootstrap system "$folder/$label.plist" 2>&1); then echo "daemon installed"; exit 0; fi;',
  "/bin/sleep 1; done;",
  'echo "daemon not-loaded $said";',
  'else echo "daemon failed $said"; fi;',
  'elif [ "$3" = 2 ]; then',
  'outcome=removed; for old in "$former" "$label"; do unload "$old";',
  'if ! said=$(/bin/rm -f "$folder/$old.plist" 2>&1); then outcome="failed $said"; fi; done;',
  'echo "daemon $outcome";',
  "fi; exit 0",
].join(" ");

const appleScriptText = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/**
 * The one script that asks for an administrator. Constant: what varies are three arguments, each quoted. It waits for
 * a day, because a person may be away while the dialog is up. `env -i` keeps the shell from taking functions out of the
 * environment of the person.
 */
export const PRIVILEGED_SCRIPT = `on run argv
	set theReason to "GPU Limit wants to change how much memory the GPU of this Mac may use, until the next restart."
	if item 1 of argv is "1" then set theReason to "GPU Limit wants to change the disk throttle for background tasks, until the next restart."
	if item 3 of argv is "1" then set theReason to "GPU Limit wants to change how much memory the GPU of this Mac may use, now and after every restart."
	if item 3 of argv is "2" then set theReason to "GPU Limit wants to change how much memory the GPU of this Mac may use, and to stop setting it after restarts."
	with timeout of 86400 seconds
		return do shell script "/usr/bin/env -i /bin/sh -c " & quoted form of ${appleScriptText(PRIVILEGED_SHELL)} & " gpu-limit " & quoted form of (item 1 of argv) & " " & quoted form of (item 2 of argv) & " " & quoted form of (item 3 of argv) with prompt theReason with administrator privileges
	end timeout
end run`;

/** What became of the LaunchDaemon. */
export type DaemonResult =
  | { readonly kind: "installed" | "removed" }
  /** In place for the next restart, but launchd did not take it now. */
  | { readonly kind: "not-loaded"; readonly detail: string }
  | { readonly kind: "failed"; readonly detail: string };

/** What became of the prompt and of what runs behind it. */
export type PrivilegedResult =
  | { readonly kind: "set"; readonly daemon?: DaemonResult }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "cancelled" | "wrong-password" | "not-permitted" | "timed-out" }
  | { readonly kind: "failed"; readonly detail: string };

/**
 * Sets one kernel value, and with it our LaunchDaemon, behind one administrator prompt. Waits as long as the person
 * needs. What it says is what the script said; callers read the value back.
 * @param value whole and not negative, in the unit of the key
 */
export async function runPrivileged(
  run: Runner,
  key: PrivilegedKey,
  value: number,
  daemon: DaemonStep,
): Promise<PrivilegedResult> {
  const digits = [PRIVILEGED_KEYS.indexOf(key), value, DAEMON_STEPS.indexOf(daemon)].map(String);
  if (!digits.every((digit) => /^\d{1,16}$/.test(digit))) {
    return { kind: "failed", detail: "The value isn't a whole number." };
  }
  const result = await run(OSASCRIPT, ["-e", PRIVILEGED_SCRIPT, ...digits], { timeoutMs: 0, maxBytes: 64 * 1024 });
  if (result.missing) return { kind: "failed", detail: `${OSASCRIPT} couldn't be started.` };
  if (result.timedOut) return { kind: "timed-out" };
  return result.exitCode === 0 ? parseSteps(result.stdout) : classifyScriptError(result.stderr);
}

/** Reads what the script printed. AppleScript turns line feeds into carriage returns. */
export function parseSteps(output: string): PrivilegedResult {
  const text = output.replace(/\r\n?/g, "\n").trim();
  const refused = /^value refused ?([^]*)$/.exec(text);
  if (refused) return { kind: "refused", detail: shorten(refused[1]) };
  if (!/^value set(?:\n|$)/.test(text))
    return { kind: "failed", detail: shorten(text) || "No answer from the script." };
  const daemon = /^daemon (installed|removed|not-loaded|failed) ?([^]*)$/m.exec(text);
  switch (daemon?.[1]) {
    case "installed":
    case "removed":
      return { kind: "set", daemon: { kind: daemon[1] } };
    case "not-loaded":
    case "failed":
      return { kind: "set", daemon: { kind: daemon[1], detail: shorten(daemon[2]) } };
    default:
      return { kind: "set" };
  }
}

/**
 * Reads osascript's error by its number, which ends the text; the words are in the person's language.
 * -128 is Cancel; the -600xx are Security's authorisation errors; -1712 is AppleScript's own time-out.
 */
export function classifyScriptError(stderr: string): Exclude<PrivilegedResult, { kind: "set" | "refused" }> {
  const code = scriptErrorCode(stderr);
  switch (code) {
    case -128:
    case -60006:
      return { kind: "cancelled" };
    case -60007:
      return { kind: "wrong-password" };
    case -60005:
    case -10004:
    case -1743:
      return { kind: "not-permitted" };
    case -1712:
      return { kind: "timed-out" };
    default:
      return { kind: "failed", detail: scriptErrorText(stderr) || "osascript ended without saying why." };
  }
}

/** The number in parentheses at the very end of osascript's error text. */
export function scriptErrorCode(stderr: string): number | undefined {
  const match = /\((-?\d{1,9})\)\s*$/.exec(stderr);
  return match ? Number(match[1]) : undefined;
}

/** The words of osascript's error: without the position before and the number behind. */
export function scriptErrorText(stderr: string): string {
  return shorten(
    stderr
      .trim()
      .replace(/^.{0,40}?\d+:\d+: (?:execution error: )?/, "")
      .replace(/\(-?\d{1,9}\)$/, ""),
  );
}

/** One line, of a length that fits a toast. */
function shorten(text: string | undefined): string {
  const line = (text ?? "").replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
