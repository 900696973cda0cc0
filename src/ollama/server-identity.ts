import type { Carrier, LaunchdServer, ServerIdentity } from "../fit/server-origin";
import { type LaunchdJob, readSessionJobs, readSystemJobs } from "../mac/launchd-jobs";
import { type Listener, listenersAt, readListeners } from "../mac/listeners";
import {
  ancestorsOf,
  appName,
  isInteractiveShell,
  isOllamaServer,
  isWrapper,
  ollamaAppOf,
  type ProcessLine,
  processName,
  programPath,
  readProcesses,
} from "../mac/processes";
import type { Runner } from "../mac/runner";
import { type OwnAddress, type OwnNetwork, parseHost } from "./host";
import { ollamaApps } from "./installation";

export interface IdentitySystem {
  readonly run: Runner;
  readonly userId: number;
  readonly homeFolder: string;
}

/** The server behind an address of this Mac, with the processes it was found among. */
export interface FoundServer {
  readonly identity: ServerIdentity;
  readonly processes: readonly ProcessLine[];
}

/**
 * Which process of this user answers at an address of this Mac, and how it was started: by who listens on the port, its
 * parents, and what launchd says of them. Needs neither root nor a prompt; what can't be told is "unknown". Never throws.
 */
export async function readServerIdentity(system: IdentitySystem, address: OwnAddress): Promise<FoundServer> {
  const [listeners, processes] = await Promise.all([
    readListeners(system, system.userId, address.port),
    readProcesses(system),
  ]);
  const identity = await identify(system, address, listeners, processes);
  return { identity, processes };
}

/** The server at a URL, read again: what runs changes, and what is done to a server goes by what runs now. */
export async function readIdentityAt(
  system: IdentitySystem & { readonly network: () => OwnNetwork },
  url: string,
): Promise<ServerIdentity> {
  const host = parseHost(url, system.network());
  if (host.kind === "invalid" || host.own === undefined) return { kind: "remote" };
  return (await readServerIdentity(system, host.own)).identity;
}

async function identify(
  system: IdentitySystem,
  { addresses, port }: OwnAddress,
  listeners: readonly Listener[] | undefined,
  processes: readonly ProcessLine[],
): Promise<ServerIdentity> {
  if (listeners === undefined || processes.length === 0) {
    return unknown(`Couldn't read which process listens on port ${port}.`);
  }
  const reached = withoutChildren(listenersAt(listeners, addresses, port), processes);
  const [listener, second] = reached;
  if (listener === undefined)
    return unknown(`No process of yours listens on port ${port}: it belongs to another user.`);
  if (second !== undefined) return { kind: "several", pids: reached.map(({ pid }) => pid) };
  const server = processes.find(({ pid }) => pid === listener.pid);
  if (server === undefined) return unknown(`The process that listens on port ${port} has ended.`);
  if (!isOllamaServer(server)) {
    return { kind: "elsewhere", pid: server.pid, ...carrierOf(server, listener) };
  }
  return startedBy(system, server, ancestorsOf(server, processes));
}

/** A child that holds its parent's socket open isn't a server of its own. */
function withoutChildren(listeners: readonly Listener[], processes: readonly ProcessLine[]): readonly Listener[] {
  const pids = new Set(listeners.map(({ pid }) => pid));
  return listeners.filter(({ pid }) => {
    const line = processes.find((process) => process.pid === pid);
    return line === undefined || !ancestorsOf(line, processes).some((ancestor) => pids.has(ancestor.pid));
  });
}

async function startedBy(
  system: IdentitySystem,
  { pid }: ProcessLine,
  ancestors: readonly ProcessLine[],
): Promise<ServerIdentity> {
  const [parent] = ancestors;
  const appPath = ollamaAppOf(parent);
  if (parent !== undefined && appPath !== undefined) {
    // Other copies are neither opened nor ended.
    return ollamaApps(system.homeFolder).includes(appPath)
      ? { kind: "app", pid, appPid: parent.pid, appPath }
      : { kind: "program", pid, program: appPath };
  }
  // What launchd started is its child, or lies behind a script or `caffeinate` of the job.
  const above = ancestors.findIndex((one) => !isWrapper(one));
  const wrappers = above < 0 ? ancestors : ancestors.slice(0, above);
  const job = await jobOf(system, [pid, ...wrappers.map((wrapper) => wrapper.pid)], ancestors[wrappers.length]);
  if (job !== undefined) {
    return { kind: /^homebrew\.mxcl\.ollama(?:@|$)/.test(job.label) ? "homebrew" : "agent", ...job, pid };
  }
  return byHand(pid, ancestors);
}

/** The job of launchd that owns one of the processes. `above` is the first process that isn't the job's own. */
async function jobOf(
  system: IdentitySystem,
  pids: readonly number[],
  above: ProcessLine | undefined,
): Promise<LaunchdServer | undefined> {
  if (above !== undefined && above.pid !== 1) return undefined;
  const owner = (jobs: readonly LaunchdJob[]) => jobs.find((job) => pids.includes(job.pid));
  return owner(await readSessionJobs(system)) ?? owner(await readSystemJobs(system));
}

/** A shell that a person types into makes it a terminal's; else the next app or program above started it. */
function byHand(pid: number, ancestors: readonly ProcessLine[]): ServerIdentity {
  for (const [index, one] of ancestors.entries()) {
    if (isInteractiveShell(one)) {
      const app = ancestors.slice(index).find(({ command }) => appName(command) !== undefined);
      return { kind: "terminal", pid, program: processName(app ?? one).replace(/^-/, "") };
    }
    if (appName(one.command) !== undefined) return { kind: "program", pid, program: processName(one) };
  }
  const starter = ancestors.find((one) => one.pid !== 1 && !isWrapper(one));
  return { kind: "program", pid, program: starter && processName(starter) };
}

/** Programs that hand requests on, by the path of their program or their whole command line; the first that matches counts. */
const CARRIERS: readonly {
  readonly program: string;
  readonly carrier: Carrier;
  readonly path?: RegExp;
  readonly line?: RegExp;
}[] = [
  // Their forwards are plain `ssh` and `limactl`, told by the folder of the machine.
  { program: "Colima", carrier: "container", line: /\/\.colima\// },
  { program: "Rancher Desktop", carrier: "container", line: /\/rancher-desktop\/|\/Rancher Desktop\.app\// },
  { program: "Lima", carrier: "container", line: /\/\.lima\//, path: /(?:^|\/)limactl(?: |$)/ },
  { program: "ssh", carrier: "tunnel", path: /(?:^|\/)(?:ssh:?|autossh)(?: |$)/ },
  { program: "kubectl", carrier: "tunnel", path: /(?:^|\/)kubectl(?: |$)/ },
  { program: "OrbStack", carrier: "container", path: /orbstack/i },
  { program: "Docker", carrier: "container", path: /docker|vpnkit/i },
  { program: "Podman", carrier: "container", path: /podman|gvproxy/i },
  {
    program: "a virtual machine",
    carrier: "container",
    path: /(?:^|\/)(?:qemu-system-\w+|krunkit|vfkit|VBoxHeadless|prl_\w+|vmware-vmx)(?: |$)/,
  },
];

function carrierOf(process: ProcessLine, listener: Listener): { readonly carrier: Carrier; readonly program: string } {
  const path = programPath(process.command);
  const known = CARRIERS.find((one) => one.line?.test(process.command) || one.path?.test(path));
  if (known !== undefined) return { carrier: known.carrier, program: known.program };
  return { carrier: "other", program: processName(process) || listener.name || "another program" };
}

function unknown(reason: string): ServerIdentity {
  return { kind: "unknown", reason };
}
