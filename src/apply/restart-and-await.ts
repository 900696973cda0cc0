import type { ServerIdentity } from "../fit/server-origin";
import { restartOllama, type RestartOutcome, type RestartReach, type ServiceSystem } from "../mac/ollama-service";
import { pauseUntilStop } from "../mac/wait";
import type { OllamaClient } from "../ollama/client";

/** What came of a restart. Only "restarted" means that Ollama answers again. */
export type AwaitedRestart =
  | { readonly kind: "restarted" }
  /** It stopped, but no server came back or none answers; the reason is a sentence. */
  | { readonly kind: "not-back"; readonly reason: string }
  | Exclude<RestartOutcome, { readonly kind: "restarted" | "not-back" }>;

export type FailedRestart = Exclude<AwaitedRestart, { readonly kind: "restarted" }>;

/** How long a server that is there may take to answer, and how often it is asked. */
const ANSWER_MS = 30_000;
const ASK_EVERY_MS = 500;

/**
 * Restarts the server that an identity was just read of and waits until it answers again: up to a minute for its process,
 * then 30 s, and the time limit of one request, for its first answer; the signal ends the wait. The person must have been
 * asked before. Never throws.
 */
export async function restartAndAwait(
  system: ServiceSystem,
  client: Pick<OllamaClient, "version">,
  identity: ServerIdentity,
  reach: RestartReach,
): Promise<AwaitedRestart> {
  const outcome = await restartOllama(system, identity, reach);
  if (outcome.kind === "not-back") return { kind: "not-back", reason: "Ollama stopped, but didn't start again." };
  return outcome.kind === "restarted" ? awaitAnswer(system, client) : outcome;
}

async function awaitAnswer(system: ServiceSystem, client: Pick<OllamaClient, "version">): Promise<AwaitedRestart> {
  let reason = "";
  let left = ANSWER_MS;
  while (left > 0) {
    const asked = performance.now();
    try {
      await client.version();
      return { kind: "restarted" };
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (system.signal?.aborted) return { kind: "stopped", reason: "Ollama restarted, but doesn't answer yet." };
    // A server that hangs takes its time, too; a pause counts as it was asked for.
    left -= performance.now() - asked + ASK_EVERY_MS;
    await pauseUntilStop(system, ASK_EVERY_MS);
  }
  return { kind: "not-back", reason: `A new server started, but it doesn't answer. ${reason}` };
}

/** Why Ollama wasn't restarted, in sentences. */
export function restartFailure(outcome: FailedRestart): string {
  switch (outcome.kind) {
    case "by-hand":
    case "not-back":
    case "stopped":
      return outcome.reason;
    case "still-running":
      return "Ollama was told to quit, but it's still running after 40 seconds. Nothing was restarted.";
    case "failed":
      return /[.!?…]$/.test(outcome.detail) ? outcome.detail : `${outcome.detail}.`;
  }
}
