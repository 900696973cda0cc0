import type { Runner } from "./runner";

/** Our own LaunchDaemon that sets the limit again after a restart. */
export const LAUNCH_DAEMON_LABEL = "gpu-limit.wired-limit";
export const LAUNCH_DAEMON_PATH = `/Library/LaunchDaemons/${LAUNCH_DAEMON_LABEL}.plist`;

/** Something on this Mac that sets the limit at every start. */
export interface BootSetting {
  readonly path: string;
  /** Ours, as opposed to somebody else's. */
  readonly own: boolean;
  readonly valueMib?: number;
  /** Only for our own: launchd has it. */
  readonly loaded?: boolean;
}

const MOST_FOUND = 20;

/** LaunchDaemons and sysctl.conf files that name the limit. Nothing found and nothing readable look the same: empty. */
export async function readBootSettings({ run }: { readonly run: Runner }): Promise<readonly BootSetting[]> {
  const found = await run("/usr/bin/grep", [
    "-rlsE",
    "iogpu\\.wired_limit",
    "/Library/LaunchDaemons",
    "/etc/sysctl.conf",
  ]);
  const paths = found.stdout
    .split("\n")
    .filter((path) => path.startsWith("/"))
    .slice(0, MOST_FOUND);
  return Promise.all(
    paths.map(async (path): Promise<BootSetting> => {
      const own = path === LAUNCH_DAEMON_PATH;
      const [text, job] = await Promise.all([
        run("/usr/bin/grep", ["-hsE", "iogpu\\.wired_limit", path], { maxBytes: 64 * 1024 }),
        own ? run("/bin/launchctl", ["print", `system/${LAUNCH_DAEMON_LABEL}`]) : undefined,
      ]);
      const valueMib = parseBootValue(text.stdout);
      return {
        path,
        own,
        ...(valueMib === undefined ? {} : { valueMib }),
        ...(job === undefined ? {} : { loaded: job.exitCode === 0 }),
      };
    }),
  );
}

/** The MiB in "iogpu.wired_limit_mb=57344"; undefined where the line holds no plain number. */
export function parseBootValue(text: string): number | undefined {
  const value = /iogpu\.wired_limit_mb\s*=\s*(\d{1,9})\b/.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
