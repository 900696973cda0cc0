import type { ServerOrigin } from "../fit/server-origin";
import { askToQuit, AUTOMATION_EXPLANATION } from "./apps";
import { LAUNCHCTL } from "./boot-settings";
import { findOllamaServer, type OllamaServerProcess, type ProcessLine, readProcesses } from "./processes";
import type { Runner } from "./runner";
import { pause, type Pausing } from "./wait";

export const OPEN = "/usr/bin/open";
export const ID = "/usr/bin/id";
/** Homebrew on Apple Silicon; under Rosetta it may still be in the Intel folder. */
export const BREWS = ["/opt/homebrew/bin/brew", "/usr/local/bin/brew"] as const;
export const HOMEBREW_LABEL = "homebrew.mxcl.ollama";
const DEFAULT_APP = "/Applications/Ollama.app";

/** A variable of the launchd session: what apps started from now on get, no proof for what runs already. */
export async function readLaunchctlEnv(system: { readonly run: Runner }, name: string): Promise<string | undefined> {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,100}$/.test(name)) return undefined;
  const result = await system.run(LAUNCHCTL, ["getenv", name], { timeoutMs: 2_000, maxBytes: 64 * 1024 });
  const value = result.exitCode === 0 ? result.stdout.replace(/\n$/, "") : "";
  return value === "" ? undefined : value;
}

/** Sets a variable for apps started from now on, until the Mac restarts; "" takes it away. Readers check the result. */
export async function setLaunchctlEnv(
  system: { readonly run: Runner },
  name: "OLLAMA_KV_CACHE_TYPE",
  value: string,
): Promise<void> {
  const args = value === "" ? ["unsetenv", name] : ["setenv", name, value];
  await system.run(LAUNCHCTL, args, { timeoutMs: 5_000, maxBytes: 64 * 1024 });
}

export type RestartOutcome =
  /** A new server process is there; it may need a moment more until it answers. */
  | { readonly kind: "restarted"; readonly pid: number }
  /** Only the person can do it; the reason is a sentence. */
  | { readonly kind: "by-hand"; readonly reason: string }
  | { readonly kind: "not-permitted"; readonly explanation: string }
  /** It did not stop. */
  | { readonly kind: "still-running" }
  /** It stopped and did not come back. */
  | { readonly kind: "not-back" }
  | { readonly kind: "failed"; readonly detail: string };

type ServiceSystem = { readonly run: Runner } & Pausing;

/**
 * Restarts the Ollama server of this Mac and waits for its new process (up to 20 s to stop, 20 s to come back). The
 * person must have been asked before: whoever it is answering is cut off. Never throws.
 */
export async function restartOllama(system: ServiceSystem, origin: ServerOrigin): Promise<RestartOutcome> {
  switch (origin) {
    case "app":
      return restartApp(system);
    case "homebrew":
      return restartHomebrewService(system);
    case "terminal":
      return {
        kind: "by-hand",
        reason: "Ollama runs in a terminal. Stop it there with Control-C and start `ollama serve` again.",
      };
    case "agent":
    case "program":
      return { kind: "by-hand", reason: "Another program starts Ollama: restart it there." };
    case "elsewhere":
    case "remote":
      return { kind: "by-hand", reason: "Ollama isn't a process of this Mac and has to be restarted where it runs." };
    case "several":
    case "unknown":
      return {
        kind: "by-hand",
        reason: "It isn't clear how Ollama was started. Quit it and start it again the way you did.",
      };
  }
}

async function restartApp(system: ServiceSystem): Promise<RestartOutcome> {
  const before = findOllamaServer(await readProcesses(system));
  const app = before?.appPath ?? DEFAULT_APP;
  const asked = await askToQuit(system.run, app);
  if (asked.kind === "not-permitted") return { kind: "not-permitted", explanation: AUTOMATION_EXPLANATION };
  if (asked.kind === "failed") return asked;
  // While the old app is still going down, opening it would only bring that one to the front.
  const isOfApp = ({ command }: ProcessLine) => command.startsWith(`${app}/Contents/MacOS/`);
  if (!(await waitFor(system, (server, lines) => !lines.some(isOfApp) && (!before || server?.pid !== before.pid)))) {
    return { kind: "still-running" };
  }
  // Without -g it would take the focus, without -j it would show its window.
  const opened = await system.run(OPEN, ["-g", "-j", "-a", app], { timeoutMs: 15_000 });
  if (opened.exitCode !== 0) return { kind: "failed", detail: opened.stderr.trim() || "Couldn't open the app." };
  return awaitNewServer(system, before);
}

async function restartHomebrewService(system: ServiceSystem): Promise<RestartOutcome> {
  const before = findOllamaServer(await readProcesses(system));
  const detail = (await kickstart(system.run)) && (await brewRestart(system.run));
  return detail === undefined ? awaitNewServer(system, before) : { kind: "failed", detail };
}

/** launchd restarts a service at once and needs no network, unlike brew. Undefined = done, else what went wrong. */
async function kickstart(run: Runner): Promise<string | undefined> {
  const id = (await run(ID, ["-u"], { timeoutMs: 2_000 })).stdout.trim();
  if (!/^\d{1,10}$/.test(id)) return "Couldn't read this user's ID.";
  const result = await run(LAUNCHCTL, ["kickstart", "-k", `gui/${id}/${HOMEBREW_LABEL}`], { timeoutMs: 20_000 });
  return result.exitCode === 0 ? undefined : result.stderr.trim() || "launchctl couldn't restart the service.";
}

async function brewRestart(run: Runner): Promise<string | undefined> {
  for (const brew of BREWS) {
    const result = await run(brew, ["services", "restart", "ollama"], { timeoutMs: 60_000 });
    if (result.missing) continue;
    return result.exitCode === 0 ? undefined : result.stderr.trim() || "brew couldn't restart the service.";
  }
  return "Couldn't find Homebrew.";
}

async function awaitNewServer(system: ServiceSystem, before: OllamaServerProcess | undefined): Promise<RestartOutcome> {
  const server = await waitFor(system, (now) => now !== undefined && now.pid !== before?.pid);
  return server?.server ? { kind: "restarted", pid: server.server.pid } : { kind: "not-back" };
}

/** Looks twice a second, 40 times; undefined when what was waited for did not happen. */
async function waitFor(
  system: ServiceSystem,
  happened: (server: OllamaServerProcess | undefined, lines: readonly ProcessLine[]) => boolean,
): Promise<{ readonly server: OllamaServerProcess | undefined } | undefined> {
  for (let tries = 0; tries < 40; tries += 1) {
    const lines = await readProcesses(system);
    const server = findOllamaServer(lines);
    // No lines at all means that ps did not answer, not that nothing runs.
    if (lines.length > 0 && happened(server, lines)) return { server };
    await pause(system, 500);
  }
  return undefined;
}
