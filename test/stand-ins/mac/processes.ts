/** A process of the stand-in Mac. */
export interface MacProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly uid: number;
  /** Path of the program. */
  readonly path: string;
  /** Program and arguments as `ps` shows them. */
  readonly command: string;
  readonly footprintMib: number;
  /** What of the footprint it holds for the GPU: counted by ioreg, and wired. */
  readonly gpuMib: number;
  /** Addresses that it listens on, as lsof writes them: "127.0.0.1:11434", "*:8080". */
  readonly listens: readonly string[];
}

/** The user whose Mac it is. */
export const USER_ID = 501;

/** What runs on any Mac of ours. */
export const USUAL_PROCESSES: readonly (Partial<MacProcess> & Pick<MacProcess, "path">)[] = [
  { pid: 1, parentPid: 0, uid: 0, path: "/sbin/launchd", footprintMib: 40 },
  {
    uid: 88,
    path: "/System/Library/PrivateFrameworks/SkyLight.framework/Resources/WindowServer",
    footprintMib: 900,
  },
  { path: "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder", footprintMib: 250 },
  { path: "/Applications/Raycast.app/Contents/MacOS/Raycast", footprintMib: 310 },
  { path: "/Applications/Firefox.app/Contents/MacOS/firefox", footprintMib: 1400 },
  {
    path: "/Applications/Firefox.app/Contents/MacOS/plugin-container.app/Contents/MacOS/plugin-container",
    footprintMib: 2300,
  },
  { path: "/Applications/Xcode.app/Contents/MacOS/Xcode", footprintMib: 2900 },
];

const pad = (value: number) => String(value).padStart(5);

const COLUMNS: Readonly<Record<string, (process: MacProcess) => string>> = {
  pid: ({ pid }) => pad(pid),
  ppid: ({ parentPid }) => pad(parentPid),
  uid: ({ uid }) => pad(uid),
  comm: ({ path }) => path,
  command: ({ command }) => command,
};

/** `ps -axww -o COLUMNS` or `ps -p PIDS -o COLUMNS`, columns without heads; undefined for any other use. */
export function psAnswer(
  processes: readonly MacProcess[],
  args: readonly string[],
): { readonly exitCode: number; readonly stdout: string } | undefined {
  const [, pids, columns] = /^(?:-axww|-p ([\d,]+)) -o ((?:[a-z]+=,?)+)$/.exec(args.join(" ")) ?? [];
  const names = columns?.split(",").map((name) => name.slice(0, -1));
  if (!names?.every((name) => name in COLUMNS)) return undefined;
  const asked = pids?.split(",").map(Number);
  const shown = processes.filter(({ pid }) => asked?.includes(pid) ?? true);
  const lines = shown.map((process) => `${names.map((name) => COLUMNS[name]?.(process)).join(" ")}\n`);
  return { exitCode: shown.length > 0 ? 0 : 1, stdout: lines.join("") };
}

/**
 * `lsof -nP -a -u UID -iTCP:PORT -sTCP:LISTEN -Fpcn`, or with `-p PIDS -iTCP` for any port: a line a field, the file
 * descriptor always among them; names are those of the kernel, cut at 16 characters. Status 1 and no word where nothing
 * of that user listens.
 */
export function lsofAnswer(
  processes: readonly MacProcess[],
  args: readonly string[],
): { readonly exitCode: number; readonly stdout: string } | undefined {
  const [, userId, pids, port] =
    /^-nP -a -u (\d+) (?:-p ([\d,]+) -iTCP|-iTCP:(\d+)) -sTCP:LISTEN -Fpcn$/.exec(args.join(" ")) ?? [];
  if (userId === undefined) return undefined;
  const asked = pids?.split(",").map(Number);
  const found = processes.flatMap(({ pid, uid, path, listens }) => {
    const here = listens.filter((address) =>
      port === undefined ? asked?.includes(pid) : address.endsWith(`:${port}`),
    );
    if (uid !== Number(userId) || here.length === 0) return [];
    const names = here.map((address, index) => `f${index + 3}\nn${address}\n`);
    return [`p${pid}\nc${path.slice(path.lastIndexOf("/") + 1).slice(0, 16)}\n${names.join("")}`];
  });
  return { exitCode: found.length > 0 ? 0 : 1, stdout: found.join("") };
}
