import { readLaunchctlEnv, type RestartReach } from "../mac/ollama-service";
import type { Runner } from "../mac/runner";
import { appLog } from "./server-facts";
import { type LoggedServer, readLoggedVariables } from "./server-log";

/**
 * What of Ollama.app has to restart so that its server measures the limit again: the server alone, where its log shows
 * the variables that the session has now; else, and where that can't be told, the app, which reads them. Never throws.
 */
export async function reachOfRestart(
  system: { readonly run: Runner; readonly homeFolder: string },
  server: LoggedServer,
): Promise<RestartReach> {
  const logged = await readLoggedVariables(appLog(system.homeFolder), server);
  if (logged === undefined) return "app";
  const names = [...logged.keys()].filter((name) => /^(?:OLLAMA|LLAMA_ARG)_/.test(name));
  const same = await Promise.all(
    names.map(async (name) => isUnchanged(name, logged.get(name) ?? "", await readLaunchctlEnv(system, name))),
  );
  return same.every(Boolean) ? "server" : "app";
}

/** What Ollama logs for variables that nobody set, where that is neither empty nor 0 nor false (envconfig/config.go). */
const UNSET: Readonly<Record<string, string>> = {
  OLLAMA_DEBUG: "INFO",
  OLLAMA_GO_TEMPLATE: "true",
  OLLAMA_KEEP_ALIVE: "5m0s",
  OLLAMA_LOAD_TIMEOUT: "5m0s",
  OLLAMA_MAX_QUEUE: "512",
  OLLAMA_MAX_TRANSFER_STREAMS: "4",
  OLLAMA_NUM_PARALLEL: "1",
};

/** What the app sets itself, from its settings or to its default. */
const OF_THE_APP: ReadonlySet<string> = new Set([
  "OLLAMA_CONTEXT_LENGTH",
  "OLLAMA_HOST",
  "OLLAMA_MODELS",
  "OLLAMA_ORIGINS",
  "OLLAMA_REMOTES",
]);

/** Whether a server that logged a value at its start would get the same again. In doubt it wouldn't. */
export function isUnchanged(name: string, logged: string, session: string | undefined): boolean {
  if (session === undefined) {
    return OF_THE_APP.has(name) || ["", "0", "false", UNSET[name]].includes(logged);
  }
  if (logged === session) return true;
  if (name === "OLLAMA_KEEP_ALIVE") {
    const seconds = secondsOf(session);
    return seconds !== undefined && seconds === loggedSeconds(logged);
  }
  if (/^(?:1|t|true)$/i.test(session)) return logged === "true";
  if (/^(?:0|f|false)$/i.test(session)) return logged === "false";
  // 127.0.0.1:11500 is logged as http://127.0.0.1:11500.
  return name === "OLLAMA_HOST" && logged === `http://${session}`;
}

/** The longest time that Go knows, in seconds, rounded down: what Ollama makes of a negative one. */
const FOR_EVER = 9_223_372_036;

/** Seconds of OLLAMA_KEEP_ALIVE as a person writes it: "30m", "300", "-1"; undefined for other forms. */
function secondsOf(value: string): number | undefined {
  const [, sign, count, unit = "s"] = /^(-?)(\d{1,9})([smh]?)$/.exec(value) ?? [];
  if (count === undefined) return undefined;
  return sign === "-" ? FOR_EVER : Number(count) * ({ h: 3600, m: 60 }[unit] ?? 1);
}

/** Seconds of a duration as Go logs it: "1h30m0s". */
function loggedSeconds(text: string): number | undefined {
  const match = /^(?:(\d{1,9})h)?(?:(\d{1,2})m)?(?:(\d{1,2})(?:\.\d{1,9})?s)?$/.exec(text);
  if (match === null || text === "") return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
}
