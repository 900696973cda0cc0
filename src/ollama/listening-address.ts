import { readAddressesOf } from "../mac/listeners";
import { isOllamaServer, readProcesses } from "../mac/processes";
import { type OwnNetwork, parseHost } from "./host";
import { answersAt } from "./light-client";
import type { IdentitySystem } from "./server-identity";

const ANSWER_MS = 2_000;
/** Nobody runs more servers; what is beyond is not asked. */
const MOST_ADDRESSES = 10;

/** What it takes to look for Ollama on this Mac. */
export interface SearchSystem extends IdentitySystem {
  readonly fetch: typeof fetch;
  readonly network: () => OwnNetwork;
}

/**
 * An address of this Mac other than `url` at which one of this user's servers listens and answers; undefined where none
 * does. Two programs and a request for each address. Never throws.
 */
export async function findListening(system: SearchSystem, url: string): Promise<string | undefined> {
  return firstAnswering(system, url, await listeningAddresses(system));
}

/** Where this user's servers listen, as lsof prints it: "127.0.0.1:11500", "*:11434". */
export async function listeningAddresses(system: IdentitySystem): Promise<readonly string[]> {
  const servers = (await readProcesses(system)).filter(isOllamaServer);
  const found = await readAddressesOf(
    system,
    system.userId,
    servers.map(({ pid }) => pid),
  );
  return found.flatMap(({ addresses }) => addresses);
}

/** The first of some addresses of this Mac at which Ollama answers, other than `url`. */
export async function firstAnswering(
  { fetch, network }: Pick<SearchSystem, "fetch" | "network">,
  url: string,
  addresses: readonly string[],
): Promise<string | undefined> {
  const hosts = addresses.flatMap((text) => {
    // A server that listens everywhere is reached at this Mac's own address.
    const host = parseHost(text.replace(/^\*:/, "127.0.0.1:"), network());
    return host.kind === "ok" && host.own !== undefined && host.url !== url ? [host.url] : [];
  });
  const others = [...new Set(hosts)].slice(0, MOST_ADDRESSES);
  // Side by side, so that some that hang don't add up.
  const answers = await Promise.all(others.map((other) => answersAt({ url: other, fetch, timeoutMs: ANSWER_MS })));
  return others.find((_, index) => answers[index]);
}
