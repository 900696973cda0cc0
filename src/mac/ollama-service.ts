import type { KeptName } from "../fit/kept-settings";
import { placeText, type ServerIdentity } from "../fit/server-origin";
import { LAUNCHCTL, readSessionJobs } from "./launchd-jobs";
import { isOllamaServer, ollamaAppOf, type ProcessLine, readProcesses } from "./processes";
import type { Runner } from "./runner";
import { type Pausing, pauseUntilStop } from "./wait";

const OPEN = "/usr/bin/open";
const KILL = "/bin/kill";

/**
 * A variable of the launchd session: what apps started from now on get, no proof for what runs already. Undefined where
 * it isn't set, and where that can't be told.
 */
export async function readLaunchctlEnv(system: { readonly run: Runner }, name: string): Promise<string | undefined> {
  return (await askLaunchctlEnv(system, name)) || undefined;
}

/** The same, "" = not set; undefined where launchctl didn't answer. */
export async function askLaunchctlEnv(system: { readonly run: Runner }, name: string): Promise<string | undefined> {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,100}$/.test(name)) return undefined;
  const result = await system.run(LAUNCHCTL, ["getenv", name], { timeoutMs: 2_000, maxBytes: 64 * 1024 });
  // What status it ends with for a variable that isn't set is not documented.
  if (result.exitCode === undefined) return undefined;
  return result.exitCode === 0 ? result.stdout.replace(/\n$/, "") : "";
}

/** Sets a variable for apps started from now on, until the Mac restarts; "" takes it away. Readers check the result. */
export async function setLaunchctlEnv(system: { readonly run: Runner }, name: KeptName, value: string): Promise<void> {
  const args = value === "" ? ["unsetenv", name] : ["setenv", name, value];
  await system.run(LAUNCHCTL, args, { timeoutMs: 5_000, maxBytes: 64 * 1024 });
}

/**
 * What of Ollama.app restarts: "app" reads the session's variables again; "server" is its server alone, which the app
 * starts again within seconds with the variables it has, and which measures the limit again.
 */
export type RestartReach = "app" | "server";

export type RestartOutcome =
  /** A new server process is there; it may need a moment more until it answers. */
  | { readonly kind: "restarted"; readonly pid: number }
  /** Only the person can do it; the reason is a sentence. */
  | { readonly kind: "by-hand"; readonly reason: string }
  /** The caller's signal ended the wait: what was begun goes on, or not. The reason is a sentence. */
  | { readonly kind: "stopped"; readonly reason: string }
  /** It did not stop. */
  | { readonly kind: "still-running" }
  /** It stopped and did not come back. */
  | { readonly kind: "not-back" }
  | { readonly kind: "failed"; readonly detail: string };

export type ServiceSystem = { readonly run: Runner; readonly userId: number; readonly signal?: AbortSignal } & Pausing;

/** The app may take 30 s until its downloads and its server have ended (ollama's app/lifecycle). */
const STOP_SECONDS = 40;
const START_SECONDS = 20;

/**
 * Restarts the server that an identity was read of and waits for its new process (up to 40 s to stop, 20 s to come back,
 * or until the signal stops the wait: what has ended by then is started again all the same).
 * The identity must be fresh, and the person must have been asked: whoever it is answering is cut off. Never throws.
 */
export async function restartOllama(
  system: ServiceSystem,
  identity: ServerIdentity,
  reach: RestartReach,
): Promise<RestartOutcome> {
  if (system.signal?.aborted) return { kind: "stopped", reason: "Nothing was restarted." };
  switch (identity.kind) {
    case "app":
      return reach === "app" ? restartApp(system, identity) : renewServer(system, identity);
    case "homebrew":
    case "agent":
      return restartJob(system, identity);
    case "terminal":
      return byHand(`Stop it in ${identity.program ?? "its shell"} with Control-C, then run "ollama serve".`);
    case "program":
      return byHand(`${identity.program ?? "A program that has ended since"} started Ollama. Restart it the same way.`);
    case "elsewhere":
    case "remote":
      return byHand(`${placeText(identity)} It has to be restarted there.`);
    case "several":
      return byHand("More than one process could be the Ollama that answers. Restart it the way you started it.");
    case "unknown":
      return byHand(identity.reason);
  }
}

const byHand = (reason: string): RestartOutcome => ({ kind: "by-hand", reason });

type AppServer = Extract<ServerIdentity, { readonly kind: "app" }>;
type JobServer = Extract<ServerIdentity, { readonly kind: "homebrew" | "agent" }>;

/**
 * Ends the app and opens it again. It refuses the Apple event that asks it to quit, and hides instead (ollama's
 * app/darwin); the signal that ends it is caught by the app itself, which stops its server before it goes.
 */
async function restartApp(system: ServiceSystem, { pid, appPid, appPath }: AppServer): Promise<RestartOutcome> {
  // Other users may run the same app: only these two processes count, and a server is new if none of those before.
  const before = await readProcesses(system);
  if (ollamaAppOf(before.find((line) => line.pid === appPid)) !== appPath) return CHANGED;
  const stopped = await stop(system, appPid, [appPid, pid]);
  if (stopped !== undefined) return stopped;
  // Without -g it would take the focus, without -j it would show its window.
  const opened = await system.run(OPEN, ["-g", "-j", "-a", appPath], { timeoutMs: 15_000 });
  if (opened.exitCode !== 0) return { kind: "failed", detail: opened.stderr.trim() || "Couldn't open the app." };
  return awaitServerOf(system, appPath, before);
}

/** Ends the app's server, which the app starts again after a second, with the variables it had. */
async function renewServer(system: ServiceSystem, { pid, appPath }: AppServer): Promise<RestartOutcome> {
  const before = await readProcesses(system);
  const server = before.find((line) => line.pid === pid);
  if (server === undefined || !isOllamaServer(server)) return CHANGED;
  return (await stop(system, pid, [pid])) ?? awaitServerOf(system, appPath, before);
}

const CHANGED: RestartOutcome = {
  kind: "failed",
  detail: "Ollama was restarted or quit in the meantime. Nothing was done.",
};

/** Ends a process and waits until some are gone. Undefined once they are. */
async function stop(system: ServiceSystem, pid: number, pids: readonly number[]): Promise<RestartOutcome | undefined> {
  const refused = await terminate(system.run, pid);
  if (refused !== undefined) return { kind: "failed", detail: refused };
  const isGone = (lines: readonly ProcessLine[]) => !lines.some((line) => pids.includes(line.pid));
  const gone = await waitFor(system, STOP_SECONDS, async (lines) => isGone(lines) || undefined);
  if (gone) return undefined;
  return system.signal?.aborted
    ? { kind: "stopped", reason: "Ollama was told to quit and may still do so. Open it again once it has." }
    : { kind: "still-running" };
}

/** Undefined = the signal was sent, else what went wrong. */
async function terminate(run: Runner, pid: number): Promise<string | undefined> {
  const result = await run(KILL, ["-TERM", String(pid)], { timeoutMs: 5_000 });
  return result.exitCode === 0 ? undefined : result.stderr.trim() || "Couldn't tell Ollama to stop.";
}

async function awaitServerOf(
  system: ServiceSystem,
  appPath: string,
  before: readonly ProcessLine[],
): Promise<RestartOutcome> {
  const known = new Set(before.map(({ pid }) => pid));
  const pid = await waitFor(system, START_SECONDS, async (lines) => {
    const isOfApp = ({ parentPid }: ProcessLine) =>
      ollamaAppOf(lines.find((line) => line.pid === parentPid)) === appPath;
    return lines.find((line) => !known.has(line.pid) && isOllamaServer(line) && isOfApp(line))?.pid;
  });
  return pid === undefined ? notBack(system) : { kind: "restarted", pid };
}

/** launchd ends the job's process and starts it again at once, with the variables of its property list. */
async function restartJob(system: ServiceSystem, { label, domain, pid }: JobServer): Promise<RestartOutcome> {
  if (domain === "system")
    return byHand(`The LaunchDaemon ${label} runs Ollama for the whole Mac. Restarting it takes an administrator.`);
  const service = `gui/${system.userId}/${label}`;
  const result = await system.run(LAUNCHCTL, ["kickstart", "-k", service], { timeoutMs: 20_000 });
  if (result.exitCode !== 0) {
    return { kind: "failed", detail: result.stderr.trim() || "launchctl couldn't restart the service." };
  }
  const started = await waitFor(system, START_SECONDS, async () => {
    const job = (await readSessionJobs(system)).find((one) => one.label === label);
    return job?.pid === pid ? undefined : job?.pid;
  });
  return started === undefined ? notBack(system) : { kind: "restarted", pid: started };
}

function notBack({ signal }: ServiceSystem): RestartOutcome {
  return signal?.aborted
    ? { kind: "stopped", reason: "Ollama was told to start again, but its server isn't there yet." }
    : { kind: "not-back" };
}

/** Looks twice a second; undefined when what was waited for did not happen, or nobody waits any longer. */
async function waitFor<T>(
  system: ServiceSystem,
  seconds: number,
  look: (lines: readonly ProcessLine[]) => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let tries = 0; tries < seconds * 2; tries += 1) {
    const lines = await readProcesses(system);
    // No lines at all means that ps did not answer, not that nothing runs.
    const found = lines.length > 0 ? await look(lines) : undefined;
    if (found !== undefined || system.signal?.aborted) return found;
    await pauseUntilStop(system, 500);
  }
  return undefined;
}

/** Ends Ollama.app's own processes, some of which are `pids`, and waits until they're gone. Never throws. */
export async function quitOllamaApp(
  system: ServiceSystem,
  appPath: string,
  pids: readonly number[],
): Promise<"quit" | "still-running"> {
  const isOwn = (line: ProcessLine) => pids.includes(line.pid) && ollamaAppOf(line) === appPath;
  const own = (await readProcesses(system)).filter(isOwn).map(({ pid }) => pid);
  for (const pid of own) await stop(system, pid, own);
  const left = (await readProcesses(system)).some(isOwn);
  return left ? "still-running" : "quit";
}
