import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaRunner } from "../../../src/mac/execa-runner";

/** What the root shell of the stand-in does wrong on purpose. */
export interface RootFaults {
  /** sysctl turns the value down. */
  readonly sysctlRefuses?: boolean;
  /** launchd never takes the daemon. */
  readonly daemonBootstrapFails?: boolean;
  /** launchd takes the daemon only at this try, because it unloads the old one in the background. */
  readonly bootstrapAtTry?: number;
  /** plutil finds fault with the property list. */
  readonly lintFails?: boolean;
  /** Programs that fail whenever they are run: "mktemp", "rm", or "launchctl enable" for one of its verbs. */
  readonly failing?: readonly string[];
  /** The kernel gets the key of the limit only after so many calls of sysctl. */
  readonly keyMissingFor?: number;
}

/** State that a root shell works on. */
export interface RootState {
  /** Writable kernel values. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** Content of /Library/LaunchDaemons by file name. */
  readonly daemons: ReadonlyMap<string, string>;
  /** Labels that launchd has loaded, and those that are switched off in Login Items. */
  readonly loaded: ReadonlySet<string>;
  readonly disabled: ReadonlySet<string>;
}

export interface RootRun extends RootState {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the stub programs were called with, in order. */
  readonly calls: readonly string[];
  /** Octal mode by file name. */
  readonly modes: ReadonlyMap<string, string>;
}

/** A shell of this machine that runs what the Mac's /bin/sh would. */
export type Shell = "sh" | "dash" | "bash";

/**
 * Runs a shell text as root would run it on a Mac: with a real shell, every absolute path moved under a temporary folder
 * in which stub programs keep the state.
 */
export async function runAsRoot(
  command: string,
  state: RootState,
  faults: RootFaults,
  shell: Shell = "sh",
): Promise<RootRun> {
  const root = await mkdtemp(join(tmpdir(), "stand-in-mac-"));
  try {
    await fill(root, state, faults, shell);
    const result = await execaRunner(`/bin/${shell}`, ["-c", moveUnder(root, command)], { timeoutMs: 60_000 });
    return {
      exitCode: result.exitCode ?? 1,
      stdout: result.stdout.replaceAll(root, ""),
      stderr: result.stderr.replaceAll(root, ""),
      ...(await read(root)),
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const FOLDERS = ["usr/sbin", "usr/bin", "bin", "Library/LaunchDaemons"];

function moveUnder(root: string, command: string): string {
  return command.replace(/(?<![\w./])\/(?=(?:usr\/sbin|usr\/bin|bin|Library)\/)/g, `${root}/`);
}

async function fill(root: string, state: RootState, faults: RootFaults, shell: Shell): Promise<void> {
  for (const folder of [...FOLDERS, "state/sysctls", "state/loaded", "state/disabled"])
    await mkdir(join(root, folder), { recursive: true });
  for (const [key, value] of state.sysctls) await writeFile(join(root, "state/sysctls", key), value);
  for (const label of state.loaded) await writeFile(join(root, "state/loaded", label), "");
  for (const label of state.disabled) await writeFile(join(root, "state/disabled", label), "");
  for (const [name, text] of state.daemons) {
    await writeFile(
      join(root, "Library/LaunchDaemons", name),
      text.replaceAll("/usr/sbin/sysctl", `${root}/usr/sbin/sysctl`),
    );
  }
  await writeFile(join(root, "state/calls"), "");
  for (const [path, text] of Object.entries(stubs(root, faults, shell))) {
    await writeFile(join(root, path), `#!/bin/sh\n${text}\n`);
    await chmod(join(root, path), 0o755);
  }
}

/** Each stub notes its call; what only moves files about is the real program of this machine. */
function stubs(root: string, faults: RootFaults, shell: Shell): Readonly<Record<string, string>> {
  const fails = (name: string) => faults.failing?.includes(name) ?? false;
  const log = (name: string) =>
    `echo "${name} $*" >> ${root}/state/calls${fails(name) ? `\necho "${name}: Operation not permitted" >&2; exit 1` : ""}`;
  const real = (name: string) => `${log(name)}\nexec ${name} "$@"`;
  return {
    "usr/bin/env": `echo env >> ${root}/state/calls\nexec env "$@"`,
    "bin/sh": `exec /bin/${shell} "$@"`,
    "usr/bin/mktemp": real("mktemp"),
    "bin/mv": real("mv"),
    "bin/rm": real("rm"),
    "bin/chmod": real("chmod"),
    "bin/sleep": log("sleep"),
    "usr/sbin/chown": log("chown"),
    "usr/bin/plutil": `${log("plutil")}
${faults.lintFails ? 'echo "$2: (Encountered unknown tag on line 4)"; exit 1' : ""}
grep -q "</plist>" "$2" && echo "$2: OK"`,
    "usr/sbin/sysctl": `${log("sysctl")}
key=\${1%%=*}
value=\${1#*=}
calls=$(grep -c "^sysctl " ${root}/state/calls)
if [ ! -f "${root}/state/sysctls/$key" ] || [ "$calls" -le ${faults.keyMissingFor ?? 0} ]; then
  echo "sysctl: unknown oid '$key'" >&2; exit 1
fi
${faults.sysctlRefuses ? 'echo "sysctl: $key=$value: Invalid argument" >&2; exit 1' : ""}
old=$(cat "${root}/state/sysctls/$key")
printf %s "$value" > "${root}/state/sysctls/$key"
echo "$key: $old -> $value"`,
    "bin/launchctl": `${log("launchctl")}
case " ${(faults.failing ?? []).flatMap((name) => (name.startsWith("launchctl ") ? [name.slice(10)] : [])).join(" ")} " in
*" $1 "*) echo "$1 failed: 5: Input/output error" >&2; exit 5;;
esac
case "$1" in
bootout)
  label=\${2#system/}
  if [ ! -f "${root}/state/loaded/$label" ]; then echo "Boot-out failed: 3: No such process" >&2; exit 3; fi
  rm "${root}/state/loaded/$label";;
bootstrap)
  tries=$(grep -c "^launchctl bootstrap" ${root}/state/calls)
  ${faults.daemonBootstrapFails ? 'echo "Bootstrap failed: 5: Input/output error" >&2; exit 5' : ""}
  if [ "$tries" -lt ${faults.bootstrapAtTry ?? 1} ]; then echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
  label=$(basename "$3" .plist)
  if [ -f "${root}/state/disabled/$label" ]; then echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
  if [ -f "${root}/state/loaded/$label" ]; then echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; fi
  echo > "${root}/state/loaded/$label"
  ${root}/start-daemon "$3" > /dev/null;;
enable) rm -f "${root}/state/disabled/\${2#system/}";;
*) echo "Unrecognized subcommand: $1" >&2; exit 64;;
esac`,
    // launchd's part: program and arguments, one a line, run as they stand in the property list.
    "start-daemon": `sed -n 's/^<string>\\(.*\\)<\\/string>$/\\1/p' "$1" > ${root}/state/words
set --
while IFS= read -r word; do set -- "$@" "$word"; done < ${root}/state/words
exec "$@"`,
  };
}

async function read(root: string): Promise<Omit<RootRun, "exitCode" | "stdout" | "stderr">> {
  const daemons = join(root, "Library/LaunchDaemons");
  const modes = new Map<string, string>();
  for (const name of await readdir(daemons))
    modes.set(name, ((await stat(join(daemons, name))).mode & 0o777).toString(8));
  return {
    sysctls: await readFolder(join(root, "state/sysctls"), root),
    daemons: await readFolder(daemons, root),
    loaded: new Set(await readdir(join(root, "state/loaded"))),
    disabled: new Set(await readdir(join(root, "state/disabled"))),
    calls: (await readFile(join(root, "state/calls"), "utf8")).replaceAll(root, "").split("\n").filter(Boolean),
    modes,
  };
}

async function readFolder(folder: string, root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    files.set(name, (await readFile(join(folder, name), "utf8")).replaceAll(root, ""));
  }
  return files;
}
