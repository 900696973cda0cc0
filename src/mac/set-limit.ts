import type { LimitKey } from "../fit/facts";
import { limitValue } from "../fit/commands";
import { MIB } from "../fit/units";
import { LAUNCH_DAEMON_LABEL, LAUNCH_DAEMON_PATH } from "./boot-settings";
import { parseSysctl, SYSCTL } from "./machine";
import { type PrivilegedFailure, runPrivileged } from "./privileged";
import type { Runner } from "./runner";

/** What happens to our LaunchDaemon in the same prompt. */
export type BootDaemon = "keep" | "install" | "remove";

export interface ChangeRequest {
  readonly key: LimitKey;
  /** 0 gives the limit back to macOS. */
  readonly mib: number;
  readonly ramMib: number;
  readonly bootDaemon: BootDaemon;
}

/** What came of it; `inForceMib` is what was read back afterwards, absent where that failed. */
export type ChangeOutcome = { readonly inForceMib?: number } & (
  | { readonly kind: "done" }
  | { readonly kind: "differs"; readonly askedMib: number }
  | { readonly kind: "unconfirmed" }
  | { readonly kind: "invalid"; readonly reason: string }
  | PrivilegedFailure
);

const REFUSED_BELOW_MIB = 2048;

/**
 * The shell part, run once by root. Its arguments are the key, the value and what to do with the LaunchDaemon; only
 * digits and these fixed words get here. Everything it runs or writes lies where only root can write.
 */
export const SET_LIMIT_SHELL = `
set -eu
key=$1
value=$2
daemon=$3
case $value in ''|*[!0-9]*) exit 64 ;; esac
case $key in iogpu.wired_limit_mb|debug.iogpu.wired_limit) ;; *) exit 64 ;; esac
/usr/sbin/sysctl "$key=$value" >&2
label=${LAUNCH_DAEMON_LABEL}
plist=${LAUNCH_DAEMON_PATH}
case $daemon in
  install)
    new=$(/usr/bin/mktemp /Library/LaunchDaemons/.gpu-limit.XXXXXX)
    trap '/bin/rm -f "$new"' EXIT
    /bin/cat >"$new" <<PLIST
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>$label</string>
  <key>ProgramArguments</key>
  <array>
    <string>/usr/sbin/sysctl</string>
    <string>$key=$value</string>
  </array>
  <key>RunAtLoad</key>
  <true/>
</dict>
</plist>
PLIST
    /usr/bin/plutil -lint "$new" >&2
    /usr/sbin/chown root:wheel "$new"
    /bin/chmod 644 "$new"
    /bin/mv -f "$new" "$plist"
    /bin/launchctl bootout "system/$label" 2>/dev/null || :
    tries=0
    until /bin/launchctl bootstrap system "$plist"; do
      tries=$((tries + 1))
      [ "$tries" -lt 5 ] || exit 75
      /bin/sleep 1
    done
    ;;
  remove)
    /bin/launchctl bootout "system/$label" 2>/dev/null || :
    /bin/rm -f "$plist"
    ;;
esac
`.trim();

/** A text as an AppleScript literal. */
function appleScriptText(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}

/** The one privileged script: constant, its arguments quoted by AppleScript itself. */
export const SET_LIMIT_SCRIPT = `
on run argv
  set shellText to ${appleScriptText(SET_LIMIT_SHELL)}
  set commandText to "/bin/sh -c " & quoted form of shellText & " gpu-limit " & quoted form of (item 1 of argv) & " " & quoted form of (item 2 of argv) & " " & quoted form of (item 3 of argv)
  with timeout of 1200 seconds
    do shell script commandText with prompt "GPU Limit wants to change how much memory the GPU may use." with administrator privileges
  end timeout
end run
`.trim();

/** Sets the limit with one administrator prompt, then reads back what is in force, whatever the outcome. */
export async function changeGpuLimit(world: { readonly run: Runner }, request: ChangeRequest): Promise<ChangeOutcome> {
  const { key, mib, ramMib, bootDaemon } = request;
  if (!Number.isSafeInteger(mib) || mib < 0 || (mib > 0 && mib > ramMib - REFUSED_BELOW_MIB)) {
    return { kind: "invalid", reason: "The limit has to leave at least 2 GiB to macOS." };
  }
  const answer = await runPrivileged(world.run, SET_LIMIT_SCRIPT, [key, String(limitValue(key, mib)), bootDaemon]);
  const inForceMib = await readOverrideMib(world, key);
  const readBack = inForceMib === undefined ? {} : { inForceMib };
  if ("kind" in answer) return { ...answer, ...readBack };
  if (inForceMib === undefined) return { kind: "unconfirmed" };
  return inForceMib === mib ? { kind: "done", inForceMib } : { kind: "differs", askedMib: mib, inForceMib };
}

/** The override in force in MiB; undefined where sysctl does not answer. */
export async function readOverrideMib({ run }: { readonly run: Runner }, key: LimitKey): Promise<number | undefined> {
  const result = await run(SYSCTL, [key]);
  const text = parseSysctl(result.stdout).get(key);
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return key === "debug.iogpu.wired_limit" ? Number(text) / MIB : Number(text);
}
