import { MIB } from "../fit/units";
import { LAUNCH_DAEMON_LABEL, LAUNCH_DAEMON_PATH } from "./privileged";
import type { Runner } from "./runner";

export { LAUNCH_DAEMON_LABEL, LAUNCH_DAEMON_PATH };

export const GREP = "/usr/bin/grep";
export const PLUTIL = "/usr/bin/plutil";
export const LAUNCHCTL = "/bin/launchctl";
const DAEMON_FOLDER = "/Library/LaunchDaemons";
const SYSCTL_CONF = "/etc/sysctl.conf";
/** Nobody has more of them; what is beyond is not looked at. */
const MOST_DAEMONS = 20;

export const GREP_DAEMONS_ARGS = ["-rlsF", "iogpu.wired_limit", DAEMON_FOLDER] as const;
export const GREP_SYSCTL_CONF_ARGS = ["-sF", "iogpu.wired_limit", SYSCTL_CONF] as const;

/** Something on this Mac that sets the limit when it starts. */
export interface BootSetting {
  readonly kind: "launch-daemon" | "sysctl-conf";
  readonly path: string;
  readonly label?: string;
  /** The limit it sets; absent where that cannot be told. */
  readonly valueMib?: number;
  /** Ours. */
  readonly own: boolean;
  /** Whether launchd has it; absent where that was not asked or not answered. */
  readonly loaded?: boolean;
}

/** Finds what sets the limit at startup: LaunchDaemons that name its key, and sysctl.conf. Never throws. */
export async function readBootSettings(system: {
  readonly run: Runner;
  readonly platform: string;
}): Promise<readonly BootSetting[]> {
  if (system.platform !== "darwin") return [];
  const [daemons, conf] = await Promise.all([readDaemons(system.run), readSysctlConf(system.run)]);
  return [...daemons, ...conf];
}

async function readDaemons(run: Runner): Promise<readonly BootSetting[]> {
  // The words stand in binary property lists as they are, so grep finds both kinds.
  const found = await run(GREP, GREP_DAEMONS_ARGS, { timeoutMs: 5_000, maxBytes: 64 * 1024 });
  const paths = found.stdout
    .split("\n")
    .filter((path) => path.startsWith(`${DAEMON_FOLDER}/`) && path.endsWith(".plist"))
    .slice(0, MOST_DAEMONS);
  return Promise.all(paths.map((path) => readDaemon(run, path)));
}

async function readDaemon(run: Runner, path: string): Promise<BootSetting> {
  const own = path === LAUNCH_DAEMON_PATH;
  const json = await run(PLUTIL, ["-convert", "json", "-o", "-", "--", path], { maxBytes: 256 * 1024 });
  const daemon = json.exitCode === 0 ? parseDaemon(json.stdout) : {};
  const label = daemon.label ?? (own ? LAUNCH_DAEMON_LABEL : undefined);
  const loaded = label === undefined ? undefined : await isLoaded(run, label);
  return {
    kind: "launch-daemon",
    path,
    own,
    ...daemon,
    label,
    loaded,
  };
}

/** launchd prints a service to anybody; status 113 is its "no such service". */
async function isLoaded(run: Runner, label: string): Promise<boolean | undefined> {
  const result = await run(LAUNCHCTL, ["print", `system/${label}`], { timeoutMs: 3_000 });
  if (result.exitCode === 0) return true;
  return result.exitCode === 113 ? false : undefined;
}

/** Label and limit from a daemon's property list as JSON. */
export function parseDaemon(json: string): { readonly label?: string; readonly valueMib?: number } {
  let plist: unknown;
  try {
    plist = JSON.parse(json);
  } catch {
    return {};
  }
  if (typeof plist !== "object" || plist === null) return {};
  const { Label: label, ProgramArguments: words } = plist as Record<string, unknown>;
  const command = Array.isArray(words) ? words.filter((word) => typeof word === "string").join(" ") : "";
  const valueMib = parseAssignment(command);
  return {
    label: typeof label === "string" && /^[\w.-]{1,200}$/.test(label) ? label : undefined,
    valueMib,
  };
}

/** The limit in MiB from `iogpu.wired_limit_mb=57344`, or from macOS 13's key, which takes bytes. */
export function parseAssignment(text: string): number | undefined {
  const match = /(debug\.)?\biogpu\.wired_limit(_mb)? ?= ?(\d{1,15})(?!\d)/.exec(text);
  if (!match) return undefined;
  const [, debug, mebi, digits] = match;
  if ((debug === undefined) !== (mebi !== undefined)) return undefined;
  return debug === undefined ? Number(digits) : Math.floor(Number(digits) / MIB);
}

async function readSysctlConf(run: Runner): Promise<readonly BootSetting[]> {
  const result = await run(GREP, GREP_SYSCTL_CONF_ARGS, { timeoutMs: 3_000, maxBytes: 64 * 1024 });
  // As in the file's own format a later line wins.
  const line = result.stdout.split("\n").findLast((text) => /^\s*(?:debug\.)?iogpu\.wired_limit/.test(text));
  if (line === undefined) return [];
  const valueMib = parseAssignment(line);
  return [{ kind: "sysctl-conf", path: SYSCTL_CONF, own: false, valueMib }];
}
