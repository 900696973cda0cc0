import type { Runner } from "./runner";
import { parseWhole } from "./sysctl";

export const LAUNCHCTL = "/bin/launchctl";

/** Something that launchd started and that runs. */
export interface LaunchdJob {
  readonly pid: number;
  readonly label: string;
  readonly domain: "session" | "system";
}

const LABEL = /^[\w.@:-]{1,200}$/;

/** What runs under launchd in the user's session; empty where launchctl does not answer. Needs no root. */
export async function readSessionJobs({ run }: { readonly run: Runner }): Promise<readonly LaunchdJob[]> {
  const result = await run(LAUNCHCTL, ["list"], { timeoutMs: 5_000, maxBytes: 1024 * 1024 });
  return parseJobList(result.stdout);
}

/** What runs under launchd for the whole Mac; empty where launchctl does not answer. Needs no root either. */
export async function readSystemJobs({ run }: { readonly run: Runner }): Promise<readonly LaunchdJob[]> {
  const result = await run(LAUNCHCTL, ["print", "system"], { timeoutMs: 5_000 });
  return parseSystemDomain(result.stdout);
}

/**
 * Where a job writes its errors, as its property list says; undefined where it says nothing or launchctl doesn't answer.
 * launchd prints its jobs to anybody.
 */
export async function readJobLog(
  { run }: { readonly run: Runner },
  userId: number,
  { label, domain }: Pick<LaunchdJob, "label" | "domain">,
): Promise<string | undefined> {
  const target = `${domain === "system" ? "system" : `gui/${userId}`}/${label}`;
  const result = await run(LAUNCHCTL, ["print", target], { timeoutMs: 3_000, maxBytes: 256 * 1024 });
  const line = result.stdout.split("\n").find((text) => /^\s{0,8}stderr path = \//.test(text));
  return line?.trim().slice("stderr path = ".length);
}

/** Parses the table of `launchctl list`: `PID Status Label`, with a dash for what does not run. */
export function parseJobList(output: string): readonly LaunchdJob[] {
  return output.split("\n").flatMap((line) => job(line.split("\t"), "session"));
}

/** Parses the block `services = { pid status label … }` of `launchctl print system`. */
export function parseSystemDomain(output: string): readonly LaunchdJob[] {
  const lines = output.split("\n");
  const start = lines.findIndex((line) => /^\s{0,8}services = \{\s{0,8}$/.test(line));
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === "}");
  return lines
    .slice(start + 1, length < 0 ? undefined : start + 1 + length)
    .flatMap((line) => job(line.trim().split(/\s{1,40}/), "system"));
}

function job([pidText, , label]: readonly string[], domain: LaunchdJob["domain"]): readonly LaunchdJob[] {
  const pid = parseWhole(pidText?.trim());
  return pid !== undefined && pid > 0 && label !== undefined && LABEL.test(label) ? [{ pid, label, domain }] : [];
}
