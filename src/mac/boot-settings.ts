import { GREP, scriptPaths, type ScriptHit, searchScripts } from "./boot-scripts";
import { LAUNCHCTL } from "./launchd-jobs";
import { DAEMON_FOLDER, daemonPath, FORMER_LABEL, LAUNCH_DAEMON_LABEL } from "./privileged";
import type { Runner } from "./runner";
import { parseAssignment } from "./sysctl";
import { isObject } from "../memory/json-object";
import { sideBySide } from "../memory/side-by-side";

const LS = "/bin/ls";
const PLUTIL = "/usr/bin/plutil";
const SYSCTL_CONF = "/etc/sysctl.conf";
/** Nobody has more of them; what is beyond is not looked at. */
const MOST_DAEMONS = 200;
/** How many are read at a time. */
const AT_ONCE = 10;

const GREP_DAEMONS_ARGS = ["-rlsF", "iogpu.wired_limit", DAEMON_FOLDER] as const;
const GREP_SYSCTL_CONF_ARGS = ["-sF", "iogpu.wired_limit", SYSCTL_CONF] as const;

/** Whether launchd runs a daemon at the next start. "switched-off" is the person's choice in Login Items. */
export type DaemonState = "loaded" | "not-loaded" | "switched-off";

interface DaemonSetting {
  readonly kind: "launch-daemon";
  /** Its property list. */
  readonly path: string;
  readonly label?: string;
  /** The limit it sets in MiB; absent where that cannot be told. */
  readonly valueMib?: number;
  /** Absent where launchd did not answer. */
  readonly state?: DaemonState;
}

/** Our LaunchDaemon, under its label of today or, `isFormer`, under the one of earlier releases. */
export interface OwnDaemon extends DaemonSetting {
  readonly own: true;
  readonly label: string;
  readonly isFormer: boolean;
}

/** Something else on this Mac that sets the limit when it starts. */
export type OtherBootSetting =
  /** `script` is the file it runs that names the limit, where its property list does not. */
  | (DaemonSetting & { readonly own: false; readonly script?: string })
  | { readonly kind: "sysctl-conf"; readonly path: string; readonly valueMib?: number; readonly own: false };

export type BootSetting = OwnDaemon | OtherBootSetting;

/**
 * Finds what sets the limit at startup, without root: our LaunchDaemon first, then others that name its key themselves or
 * in a script that they run, then sysctl.conf. Never throws.
 */
export async function readBootSettings({
  run,
  platform,
}: {
  readonly run: Runner;
  readonly platform: string;
}): Promise<readonly BootSetting[]> {
  if (platform !== "darwin") return [];
  const [own, others, conf] = await Promise.all([readOwnDaemons({ run }), readOthers(run), readSysctlConf(run)]);
  return [...own, ...others, ...conf];
}

/** Our LaunchDaemon: none, one, or the one of earlier releases beside it. Today's comes first. Never throws. */
export async function readOwnDaemons({ run }: { readonly run: Runner }): Promise<readonly OwnDaemon[]> {
  const read = async (label: string): Promise<readonly OwnDaemon[]> => {
    const path = daemonPath(label);
    const found = await run(LS, [path], { timeoutMs: 3_000, maxBytes: 4_096 });
    if (found.exitCode !== 0) return [];
    const { words } = await readDaemon(run, path);
    const state = await readJobState(run, "system", label);
    const valueMib = parseAssignment(words.join(" "));
    return [{ kind: "launch-daemon", own: true, isFormer: label === FORMER_LABEL, path, label, valueMib, state }];
  };
  return (await Promise.all([LAUNCH_DAEMON_LABEL, FORMER_LABEL].map(read))).flat();
}

interface Daemon {
  readonly path: string;
  readonly label?: string;
  /** Program and arguments; empty where they could not be read. */
  readonly words: readonly string[];
}

/** What a property list has launchd run, without root. Never throws. */
export async function readDaemon(run: Runner, path: string): Promise<Daemon> {
  const json = await run(PLUTIL, ["-convert", "json", "-o", "-", "--", path], { maxBytes: 256 * 1024 });
  return { path, ...(json.exitCode === 0 ? parseDaemon(json.stdout) : { words: [] }) };
}

async function readOthers(run: Runner): Promise<readonly OtherBootSetting[]> {
  const [listed, named] = await Promise.all([
    run(LS, [DAEMON_FOLDER], { timeoutMs: 3_000, maxBytes: 64 * 1024 }),
    // Binary property lists hold the words in plain text, so grep finds both kinds.
    run(GREP, GREP_DAEMONS_ARGS, { timeoutMs: 5_000, maxBytes: 64 * 1024 }),
  ]);
  const own = [LAUNCH_DAEMON_LABEL, FORMER_LABEL].map(daemonPath);
  const paths = listed.stdout
    .split("\n")
    .filter((name) => /^[^/]{1,200}\.plist$/.test(name))
    .map((name) => `${DAEMON_FOLDER}/${name}`)
    .filter((path) => !own.includes(path))
    .slice(0, MOST_DAEMONS);
  const daemons = await sideBySide(paths, (path) => readDaemon(run, path), AT_ONCE);
  const names = new Set(named.stdout.split("\n"));
  const hits = await searchScripts(
    run,
    daemons.filter(({ path }) => !names.has(path)).flatMap(({ words }) => scriptPaths(words)),
  );
  return (await sideBySide(daemons, (daemon) => toSetting(run, daemon, names.has(daemon.path), hits), AT_ONCE)).flat();
}

/** What a daemon sets, if it names the limit itself or runs a script that does. */
async function toSetting(
  run: Runner,
  { path, label, words }: Daemon,
  isNamed: boolean,
  hits: ReadonlyMap<string, ScriptHit>,
): Promise<readonly OtherBootSetting[]> {
  const script = isNamed ? undefined : scriptPaths(words).find((file) => hits.has(file));
  if (!isNamed && script === undefined) return [];
  const valueMib = script === undefined ? parseAssignment(words.join(" ")) : hits.get(script)?.valueMib;
  const state = label === undefined ? undefined : await readJobState(run, "system", label);
  return [{ kind: "launch-daemon", own: false, path, label, script, valueMib, state }];
}

/** Where launchd has a job: the Mac as a whole, or the session of the user with this id. */
export type JobDomain = "system" | `gui/${number}`;

/**
 * Whether launchd runs a job at the next start or login; undefined where it doesn't say. It tells anybody: `print` ends with
 * 113, its "no such service", for what is not loaded, and `print-disabled` lists what was switched off, which is not loaded
 * at the next start whatever is loaded now.
 *
 * @param switchedOff what {@link readSwitchedOff} has read already
 */
export async function readJobState(
  run: Runner,
  domain: JobDomain,
  label: string,
  switchedOff?: ReadonlySet<string>,
): Promise<DaemonState | undefined> {
  const [printed, disabled] = await Promise.all([
    run(LAUNCHCTL, ["print", `${domain}/${label}`], { timeoutMs: 3_000 }),
    switchedOff ?? readSwitchedOff(run, domain),
  ]);
  if (disabled?.has(label)) return "switched-off";
  if (printed.exitCode === 0) return "loaded";
  return printed.exitCode === 113 ? "not-loaded" : undefined;
}

/** Labels of jobs that are switched off; undefined where launchctl gives no answer that's understood. */
export async function readSwitchedOff(
  run: Runner,
  domain: JobDomain = "system",
): Promise<ReadonlySet<string> | undefined> {
  const { stdout } = await run(LAUNCHCTL, ["print-disabled", domain], { timeoutMs: 3_000 });
  return /^[ \t]*disabled services = \{/m.test(stdout) ? parseDisabled(stdout) : undefined;
}

/** Labels that are switched off, from lines such as `"org.example" => disabled`; older releases write `true`. */
export function parseDisabled(output: string): ReadonlySet<string> {
  return new Set(
    [...output.matchAll(/^[ \t]*"([^"\n]{1,200})" => (?:disabled|true)[ \t]*$/gm)].flatMap(([, label]) =>
      label === undefined ? [] : [label],
    ),
  );
}

/** Label, program and arguments from a daemon's property list as JSON. */
export function parseDaemon(json: string): Omit<Daemon, "path"> {
  let plist: unknown;
  try {
    plist = JSON.parse(json);
  } catch {
    return { words: [] };
  }
  if (!isObject(plist)) return { words: [] };
  const { Label: label, Program: program, ProgramArguments: words } = plist;
  return {
    label: typeof label === "string" && /^[\w.-]{1,200}$/.test(label) ? label : undefined,
    words: [program, ...(Array.isArray(words) ? words : [])].filter((word) => typeof word === "string"),
  };
}

async function readSysctlConf(run: Runner): Promise<readonly OtherBootSetting[]> {
  const result = await run(GREP, GREP_SYSCTL_CONF_ARGS, { timeoutMs: 3_000, maxBytes: 64 * 1024 });
  // As in the file's own format a later line wins.
  const line = result.stdout.split("\n").findLast((text) => /^\s*iogpu\.wired_limit_mb/.test(text));
  if (line === undefined) return [];
  return [{ kind: "sysctl-conf", path: SYSCTL_CONF, own: false, valueMib: parseAssignment(line) }];
}
