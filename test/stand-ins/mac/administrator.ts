import { shellQuote } from "../../../src/fit/commands";
import { QUIT_SCRIPT } from "../../../src/mac/apps";
import { METAL_SCRIPT } from "../../../src/mac/metal-probe";
import { DAEMON_SHELL, PRIVILEGED_SCRIPT, PRIVILEGED_SHELL } from "../../../src/mac/privileged";
import type { RunOptions, RunResult } from "../../../src/mac/runner";
import { done, failed, same, timedOut } from "./answers";
import { evaluateAdminScript } from "./applescript";
import { runAsRoot } from "./sandbox";
import type { StandInMac } from "./types";

/** An error as osascript prints it. */
export function scriptError(text: string, code: number): RunResult {
  return failed(1, `0:1874: execution error: ${text} (${code})\n`);
}

/**
 * The administrator prompt of a Mac, and what its script then does as root: a real `sh` on stub programs.
 *
 * @param waitForAnswer what the person does with a prompt that hangs
 */
export async function askAdministrator(
  mac: StandInMac,
  argv: readonly string[],
  runOptions: RunOptions,
  waitForAnswer: () => Promise<"allow" | "cancel">,
): Promise<RunResult> {
  const { prompt, command } = evaluateAdminScript(PRIVILEGED_SCRIPT, argv);
  mac.prompts.push(prompt);
  const { faults } = mac;
  if (faults.hang && (await waitForAnswer()) !== "allow") {
    return runOptions.timeoutMs || runOptions.signal?.aborted ? timedOut : scriptError("User canceled.", -128);
  }
  if (faults.cancel) return scriptError("User canceled.", -128);
  if (faults.wrongPassword) {
    return scriptError("The administrator user name or password was incorrect.", -60007);
  }
  if (faults.notPermitted) return scriptError("Not authorized to send Apple events.", -60005);
  if (faults.timeoutReached === true) return scriptError("AppleEvent timed out.", -1712);
  const root = await runAsRoot(
    command,
    { sysctls: mac.sysctls, daemons: mac.daemons, loaded: mac.loadedDaemons, disabled: mac.disabledDaemons },
    faults,
  );
  const takeEffect = () => {
    mac.lastRootRun = root;
    for (const [key, value] of root.sysctls) mac.sysctls.set(key, value);
    mac.daemons = root.daemons;
    mac.loadedDaemons = root.loaded;
    mac.disabledDaemons = root.disabled;
  };
  if (faults.promptKilled) {
    mac.clock.after(300, takeEffect);
    return { stdout: "", stderr: "", missing: false, timedOut: false };
  }
  takeEffect();
  if (faults.timeoutReached === "applied") return scriptError("AppleEvent timed out.", -1712);
  if (root.exitCode !== 0) return scriptError(root.stderr.trim(), root.exitCode);
  // "altering line endings": LF becomes CR and the last one is cut; osascript adds its own.
  return done(`${root.stdout.replace(/\n$/, "").replaceAll("\n", "\r")}\n`);
}

/** Compiles what's ours, and finds fault with all else. */
export function osacompile(args: readonly string[]): RunResult | undefined {
  const script = args.at(-1) ?? "";
  const language = script === METAL_SCRIPT ? ["-l", "JavaScript"] : [];
  const isOurs = [METAL_SCRIPT, PRIVILEGED_SCRIPT, QUIT_SCRIPT].includes(script);
  const isAsked = same(args.slice(0, -4), ...language) && args.at(-4) === "-o" && args.at(-2) === "-e";
  if (!isAsked || !args.at(-3)?.startsWith("/")) return undefined;
  return isOurs ? done() : failed(1, "script:0:1: error: A unknown token can’t go here. (-2740)\n");
}

/** Our constant texts in a real shell, which touches nothing of this machine. */
export async function rootShell(args: readonly string[]): Promise<RunResult | undefined> {
  const text = args[args.indexOf("-c") + 1] ?? "";
  if (text !== PRIVILEGED_SHELL && text !== DAEMON_SHELL) return undefined;
  const state = { sysctls: new Map(), daemons: new Map(), loaded: new Set<string>(), disabled: new Set<string>() };
  const { exitCode, stdout, stderr } = await runAsRoot(["/bin/sh", ...args].map(shellQuote).join(" "), state, {});
  return done(stdout, { exitCode, stderr });
}
