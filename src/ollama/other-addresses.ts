import { readLaunchctlEnv } from "../mac/ollama-service";
import { readAddressesOf } from "../mac/listeners";
import { isOllamaServer, readProcesses } from "../mac/processes";
import { createOllamaClient } from "./client";
import { type OwnNetwork, parseHost } from "./host";
import type { IdentitySystem } from "./server-identity";
import { appLog } from "./server-facts";
import { readLoggedAddress } from "./server-log";

const ANSWER_MS = 2_000;

interface SearchSystem extends IdentitySystem {
  readonly fetch: typeof fetch;
  readonly network: () => OwnNetwork;
}

/**
 * An address of this Mac other than `url` at which Ollama answers: where one of this user's servers listens, where
 * OLLAMA_HOST of the session says, where the app's log says. Undefined where none does. Never throws.
 */
export async function findOtherAddress(system: SearchSystem, url: string): Promise<string | undefined> {
  const network = system.network();
  const [listening, session, logged] = await Promise.all([
    listeningAddresses(system),
    readLaunchctlEnv(system, "OLLAMA_HOST"),
    readLoggedAddress(appLog(system.homeFolder)),
  ]);
  const hosts = [...listening, session, logged].flatMap((text) => {
    // A server that listens everywhere is reached at this Mac's own address.
    const host = text === undefined ? undefined : parseHost(text.replace(/^\*:/, "127.0.0.1:"), network);
    return host?.kind === "ok" && host.own !== undefined && host.url !== url ? [host.url] : [];
  });
  for (const other of new Set(hosts)) {
    const client = createOllamaClient({ url: other, fetch: system.fetch, timeoutMs: ANSWER_MS });
    const version = await client.version().catch(() => undefined);
    if (version !== undefined) return other;
  }
  return undefined;
}

async function listeningAddresses(system: SearchSystem): Promise<readonly string[]> {
  const servers = (await readProcesses(system)).filter(isOllamaServer);
  const found = await readAddressesOf(
    system,
    system.userId,
    servers.map(({ pid }) => pid),
  );
  return found.flatMap(({ addresses }) => addresses);
}
