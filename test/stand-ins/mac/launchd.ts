import { USER_ID } from "./processes";

/** Something that launchd keeps: a job of the session or of the whole Mac. */
export interface LaunchdJob {
  readonly label: string;
  readonly domain: "session" | "system";
  /** Its property list. */
  readonly path: string;
  readonly program: readonly string[];
  /** Where it logs. */
  readonly log?: string;
  /** Its process; absent while it does not run. */
  readonly pid: number | undefined;
}

export interface LaunchdState {
  readonly jobs: readonly LaunchdJob[];
  /** Apps that run are jobs of the session as well: label and process. */
  readonly apps: readonly { readonly label: string; readonly pid: number }[];
  /** Labels switched off in Login Items. */
  readonly disabled: ReadonlySet<string>;
  readonly disabledAgents: ReadonlySet<string>;
}

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const says = (stdout: string): Answer => ({ exitCode: 0, stdout, stderr: "" });

/** `launchctl list`, `print` of a domain or a job, and `print-disabled`; undefined for any other use. */
export function launchdAnswer(args: readonly string[], state: LaunchdState): Answer | undefined {
  const [verb, target = ""] = args;
  if (verb === "list" && args.length === 1) return says(list(state));
  if (args.length !== 2) return undefined;
  if (verb === "print-disabled" && target === "system") return says(disabledText(state.disabled));
  if (verb === "print-disabled" && target === `gui/${USER_ID}`) return says(disabledText(state.disabledAgents));
  if (verb !== "print") return undefined;
  if (target === "system") return says(systemText(state.jobs));
  const [, session, label] = /^(?:system|(gui\/\d+))\/(.+)$/.exec(target) ?? [];
  if (label === undefined || (session !== undefined && session !== `gui/${USER_ID}`)) return undefined;
  const domain = session === undefined ? "system" : "session";
  const job = state.jobs.find((one) => one.label === label && one.domain === domain);
  if (job) return says(jobText(target, job));
  const where = domain === "system" ? "system" : `user gui: ${USER_ID}`;
  return { exitCode: 113, stdout: "", stderr: `Could not find service "${label}" in domain for ${where}\n` };
}

function list({ jobs, apps }: LaunchdState): string {
  const session = jobs.filter(({ domain }) => domain === "session");
  const rows = [...session, ...apps].map(({ pid, label }) => `${pid ?? "-"}\t0\t${label}\n`);
  return `PID\tStatus\tLabel\n-\t0\tcom.apple.SafariHistoryServiceAgent\n399\t0\tcom.apple.Finder\n${rows.join("")}`;
}

function systemText(jobs: readonly LaunchdJob[]): string {
  const rows = jobs
    .filter(({ domain }) => domain === "system")
    .map(({ pid = 0, label }) => `\t\t${String(pid).padStart(8)}      - \t${label}\n`);
  return `com.apple.xpc.launchd.domain.system = {
	type = system
	handle = 0
	active count = 912
	creator = launchd[1]

	services = {
		       0      - 	com.apple.lskdd
		     404      - 	com.apple.runningboardd
${rows.join("")}	}

	unmanaged processes = {
	}
}
`;
}

function disabledText(labels: ReadonlySet<string>): string {
  const rows = [...labels].map((label) => `\t\t"${label}" => disabled\n`);
  return `\tdisabled services = {\n\t\t"com.apple.ftpd" => disabled\n\t\t"com.docker.vmnetd" => enabled\n${rows.join("")}\t}\n`;
}

function jobText(target: string, { domain, path, program, log, pid }: LaunchdJob): string {
  return `${target} = {
	active count = ${pid === undefined ? 0 : 1}
	path = ${path}
	type = Launch${domain === "system" ? "Daemon" : "Agent"}
	state = ${pid === undefined ? "not running" : "running"}

	program = ${program[0] ?? ""}
	arguments = {
${program.map((word) => `\t\t${word}\n`).join("")}	}
${log === undefined ? "" : `\n\tstdout path = ${log}\n\tstderr path = ${log}\n`}${pid === undefined ? "" : `\n\tpid = ${pid}\n`}	last exit code = 0
}
`;
}
