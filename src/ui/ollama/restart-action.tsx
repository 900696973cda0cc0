import { Action, Alert, Icon, showToast } from "@raycast/api";
import { restartAndAwait } from "../../apply/restart-and-await";
import type { ServerFacts } from "../../fit/facts";
import { GIB } from "../../fit/units";
import type { RestartReach } from "../../mac/ollama-service";
import type { ServerIdentity } from "../../fit/server-origin";
import { inForceBytes } from "../../fit/limit-policy";
import { tierText } from "../../fit/limit-preview";
import { readLaunchctlEnv } from "../../mac/ollama-service";
import { parseWhole } from "../../mac/sysctl";
import { createOllamaClient } from "../../ollama/client";
import { parseHost } from "../../ollama/host";
import { reachOfRestart } from "../../ollama/session-variables";
import { readIdentityAt } from "../../ollama/server-identity";
import { type RestartEffects, restartQuestion, restartToast } from "./restart-words";
import { confirmAndRun } from "../shared/confirm-and-run";
import type { Snapshot } from "../../app/snapshot";
import { SHORTCUTS } from "../shared/shortcuts";
import { getSystem, type System } from "../../app/system";

/** A server that hangs is a reason for a restart: the question does not wait for it for long. */
const ASKED_MS = 3_000;

/** The log rounds its total to a tenth of a gibibyte. */
const LOGGED_EXACTLY = 0.06 * GIB;

interface Props {
  readonly snapshot: Snapshot;
  readonly refresh: () => void;
}

/** Restarts the Ollama of this Mac; nothing where it runs elsewhere or not at all. */
export function RestartOllamaAction({ snapshot, refresh }: Props) {
  const { url, isLocal, machine, state } = snapshot;
  const isThere = state.kind === "answering" || state.kind === "failed";
  if (url === undefined || !isLocal || machine.kind === "not-a-mac" || !isThere) return null;
  return (
    <Action
      title="Restart Ollama"
      icon={Icon.RotateClockwise}
      shortcut={SHORTCUTS.restartOllama}
      onAction={() => askAndRestart(url, snapshot, refresh)}
    />
  );
}

/**
 * Restarts Ollama after a question that names what is cut off, and says what came of it. What only the person can
 * restart is explained instead.
 */
async function askAndRestart(url: string, snapshot: Snapshot, refresh: () => void): Promise<void> {
  const system = getSystem();
  // What runs may have changed since the snapshot was read.
  const identity = await readIdentityAt(system, url);
  const client = createOllamaClient({ url, fetch: system.fetch });
  if (!canRestart(identity)) {
    await showToast(restartToast(await restartAndAwait(system, client, identity, "app"), identity));
  } else {
    const stop = new AbortController();
    const effects = await readEffects(system, url, identity, snapshot);
    const outcome = await confirmAndRun({
      change: "Restart Ollama",
      questions: [
        {
          icon: Icon.RotateClockwise,
          title: "Restart Ollama?",
          message: restartQuestion(effects),
          primaryAction: { title: "Restart", style: Alert.ActionStyle.Destructive },
        },
      ],
      progress: {
        title: "Restarting Ollama",
        message: "Waiting for it to answer",
        primaryAction: { title: "Stop Waiting", onAction: () => stop.abort() },
      },
      work: () => restartAndAwait({ ...system, signal: stop.signal }, client, identity, effects.reach ?? "app"),
      outcome: (came) => restartToast(came, identity),
    });
    if (outcome === undefined) return;
  }
  refresh();
}

/** Whether it can be restarted without a password and without whoever started it. */
function canRestart(identity: ServerIdentity): boolean {
  return identity.kind === "app" || ("domain" in identity && identity.domain === "session");
}

/**
 * Ollama's server alone where it's the limit that it has to measure again, and no variable changed; the app for whatever
 * else a person restarts it for.
 */
async function readReach(
  system: System,
  port: number | undefined,
  { version, startupTotalBytes, gpu }: ServerFacts,
  limit: Snapshot["limit"],
): Promise<RestartReach> {
  if (port === undefined || limit.kind !== "known" || startupTotalBytes === undefined) {
    return port !== undefined && gpu?.value === "none" ? reachOfRestart(system, { port, version }) : "app";
  }
  const isMeasured = Math.abs(startupTotalBytes.value - inForceBytes(limit)) < LOGGED_EXACTLY;
  return isMeasured ? "app" : reachOfRestart(system, { port, version });
}

async function readEffects(
  system: System,
  url: string,
  { kind }: ServerIdentity,
  { server, limit }: Snapshot,
): Promise<RestartEffects> {
  const client = createOllamaClient({ url, fetch: system.fetch, timeoutMs: ASKED_MS });
  const host = parseHost(url, system.network());
  const port = host.kind === "ok" ? host.own?.port : undefined;
  const [loaded, next, reach] = await Promise.all([
    client.loaded().catch(() => undefined),
    kind === "app" ? readLaunchctlEnv(system, "OLLAMA_CONTEXT_LENGTH") : undefined,
    kind === "app" ? readReach(system, port, server, limit) : undefined,
  ]);
  const nextContext = parseWhole(next) || undefined;
  const tier = limit.kind === "known" ? tierText(inForceBytes(limit), server, limit) : undefined;
  return {
    loaded: loaded === undefined ? undefined : loaded.map(({ name }) => name),
    reach,
    tier,
    nextContext: nextContext === undefined || nextContext === server.contextLength?.value ? undefined : nextContext,
  };
}
