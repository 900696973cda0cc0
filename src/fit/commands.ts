import { UNSEEN } from "./one-line";
import type { ModelRunner } from "./model-runner";
import type { ServerIdentity } from "./server-origin";

/**
 * One argument for zsh and sh: bare where it is harmless, else in single quotes (which keep "!" and "$" as they are).
 *
 * @throws RangeError for C0 and C1 control characters, DEL and bidirectional marks: in a shell without bracketed paste
 * some run the line before the person presses Return, whatever quotes surround them
 */
export function shellQuote(argument: string): string {
  refuseControl(argument);
  return /^[A-Za-z0-9_@%+:,./-]+$/.test(argument) && !argument.startsWith("-")
    ? argument
    : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/**
 * Several commands as one line that stops at the first that fails. On lines of their own, those behind a `sudo` would be
 * taken for the password where a shell does not keep a paste together.
 */
export function asOneLine(commands: readonly string[]): string {
  return commands.join(" && ");
}

/** The kernel value that holds the GPU limit, in MiB; 0 gives the limit back to macOS. macOS has it from 14 on. */
export const LIMIT_KEY = "iogpu.wired_limit_mb";

/** `sudo sysctl …` that sets the limit until the next restart; 0 = macOS default. */
export function sysctlCommand(mib: number): string {
  return `sudo /usr/sbin/sysctl ${LIMIT_KEY}=${mib}`;
}

/** The kernel value that holds the disk I/O of background tasks back: 1 = on, 0 = off. */
export const THROTTLE_KEY = "debug.lowpri_throttle_enabled";

/** `sudo sysctl …` that switches the disk throttle until the next restart. */
export function throttleCommand(state: 0 | 1): string {
  return `sudo /usr/sbin/sysctl ${THROTTLE_KEY}=${state}`;
}

function refuseControl(text: string): void {
  if (UNSEEN.test(text)) throw new RangeError("A name with control characters isn't put into commands.");
}

/** Modelfile of a context-capped variant. @throws RangeError for a name with control characters, a line break included */
export function modelfileText(source: string, numCtx: number): string {
  refuseControl(source);
  return `FROM ${source}\nPARAMETER num_ctx ${numCtx}\n`;
}

/** `ollama`, told which server is meant where that isn't the one it asks when it's told nothing. */
function ollamaAt(url: string | undefined): string {
  return url === undefined || USUAL_SERVER.test(url) ? "ollama" : `OLLAMA_HOST=${shellQuote(url)} ollama`;
}

const USUAL_SERVER = /^http:\/\/(?:127\.0\.0\.1|localhost):11434$/;

/**
 * One line that makes the variant with `ollama create`, on the server at `url`. It replaces a model of the same name, as
 * `ollama create` does. From 0.40 on that reads its Modelfile twice, which a pipe doesn't survive: it's a file.
 */
export function ollamaCreateCommand(source: string, variant: string, numCtx: number, url?: string): string {
  const lines = ["FROM " + source, `PARAMETER num_ctx ${numCtx}`].map(shellQuote).join(" ");
  return `f=$(mktemp) && printf '%s\\n' ${lines} > "$f" && ${ollamaAt(url)} create ${shellQuote(variant)} -f "$f"`;
}

/** For the prompt of `ollama run`. */
export function setParameterText(numCtx: number): string {
  return `/set parameter num_ctx ${numCtx}`;
}

/** Default context for future launches of the Ollama app; its own slider overrides it. */
export function launchctlContextCommand(numCtx: number): string {
  return `launchctl setenv OLLAMA_CONTEXT_LENGTH ${numCtx}`;
}

/**
 * Sets the type of the KV cache for a server started in the given way, and restarts it; empty where the variable has to
 * be set in a place that isn't known, or where only an administrator may write.
 */
export const kvCacheCommands = (type: string, identity: ServerIdentity): readonly string[] =>
  variableCommands("OLLAMA_KV_CACHE_TYPE", type, identity);

/** The same for how many requests are answered at once. */
export const parallelCommands = (count: number, identity: ServerIdentity): readonly string[] =>
  variableCommands("OLLAMA_NUM_PARALLEL", String(count), identity);

function variableCommands(name: string, value: string, identity: ServerIdentity): readonly string[] {
  if (identity.kind === "terminal") return [`${name}=${shellQuote(value)} ollama serve`];
  const restart = restartCommands(identity);
  return readsSession(identity) && restart.length > 0
    ? [`launchctl setenv ${name} ${shellQuote(value)}`, ...restart]
    : [];
}

/** Whether a server gets the variables of the user's session when it starts: launchd starts it there. */
function readsSession(identity: ServerIdentity): boolean {
  return identity.kind === "app" || ("domain" in identity && identity.domain === "session");
}

/**
 * Restarts Ollama the way it was started; empty where only the person knows how that was, and for an app in a folder whose
 * name isn't put into commands.
 */
export function restartCommands(identity: ServerIdentity): readonly string[] {
  switch (identity.kind) {
    case "app": {
      if (UNSEEN.test(identity.appPath)) return [];
      const processes = `-U "$(id -u)" -f ${shellQuote(mainProgramPattern(identity.appPath))}`;
      return [
        `/usr/bin/pkill -TERM ${processes}`,
        // It may take 30 s to end; opened before that, the old one would only come to the front.
        `for s in $(seq 40); do /usr/bin/pgrep ${processes} > /dev/null || break; sleep 1; done`,
        `open -g -j -a ${shellQuote(identity.appPath)}`,
      ];
    }
    case "homebrew":
      return [`${identity.domain === "system" ? "sudo " : ""}brew services restart ollama`];
    case "agent":
      return [
        identity.domain === "system"
          ? `sudo launchctl kickstart -k ${shellQuote(`system/${identity.label}`)}`
          : `launchctl kickstart -k "gui/$(id -u)/"${shellQuote(identity.label)}`,
      ];
    case "terminal":
    case "program":
    case "elsewhere":
    case "remote":
    case "several":
    case "unknown":
      return [];
  }
}

/** Matches the command line of an app's own process: a dot stands for what a regular expression would read otherwise. */
function mainProgramPattern(appPath: string): string {
  return `^${appPath.replace(/[\\^$*+?()[\]{}|]/g, ".")}/Contents/MacOS/Ollama`;
}

/** `ollama run`; of two builds of one name the runner tells which (cmd/cmd.go). */
export function ollamaRunCommand(model: string, url?: string, runner?: ModelRunner): string {
  const choice = runner === undefined ? "" : ` --runner ${runner}`;
  return `${ollamaAt(url)} run${choice} ${shellQuote(model)}`;
}

/** `ollama stop`: unloads a model. @throws RangeError as {@link shellQuote} does */
export function ollamaStopCommand(model: string, url?: string): string {
  return `${ollamaAt(url)} stop ${shellQuote(model)}`;
}

/**
 * Unloads idle models after so many seconds, for every model of a server started in the given way, and restarts it; empty
 * where its variables aren't the session's.
 */
export function keepAliveCommands(seconds: number, identity: ServerIdentity): readonly string[] {
  const restart = restartCommands(identity);
  return identity.kind === "app" && restart.length > 0
    ? [`launchctl setenv OLLAMA_KEEP_ALIVE ${seconds}s`, ...restart]
    : [];
}

/** `ollama pull` of the build that one runner runs, of several under one name. */
export function ollamaPullBuildCommand(model: string, runner: ModelRunner | undefined, url?: string): string {
  const pull = ollamaPullCommand(model, url);
  return runner === undefined ? pull : pull.replace(/ pull /, ` pull --runner ${runner} `);
}

/** `ollama pull`. @throws RangeError as {@link shellQuote} does */
export function ollamaPullCommand(model: string, url?: string): string {
  return `${ollamaAt(url)} pull ${shellQuote(model)}`;
}

/** `ollama rm`. @throws RangeError as {@link shellQuote} does */
export function ollamaRemoveCommand(model: string, url?: string): string {
  return `${ollamaAt(url)} rm ${shellQuote(model)}`;
}
