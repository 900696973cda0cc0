import type { StandInRegistry } from "../../stand-ins/registry";
import type { World, WorldServer } from "./schema";

/** A server and where it really answers. */
export type Addressed = Pick<WorldServer, "start" | "address"> & { readonly url: string };

export interface NetworkOptions {
  readonly servers: readonly Addressed[];
  readonly mac: Pick<World["mac"], "addresses" | "name">;
  readonly network: World["network"];
  readonly registry?: StandInRegistry;
  /** Reaches the stand-ins. */
  readonly fetch: typeof fetch;
}

/** Fetch in a world: servers answer at the addresses they have there, what the file names as it says, nothing else. */
export function worldFetch({ servers, mac, network, registry, fetch }: NetworkOptions): typeof globalThis.fetch {
  const others: typeof globalThis.fetch = async (input, init) => {
    const address = input instanceof Request ? input.url : String(input);
    const url = new URL(address);
    if (url.username !== "" || url.password !== "") {
      throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${address}`);
    }
    const known = Object.keys(network).find((start) => address.startsWith(start));
    const answer = known === undefined ? undefined : network[known];
    if (typeof answer === "string") throw failed(answer, url);
    if (answer) return new Response(answer.body, { status: answer.status, headers: answer.headers });
    const server = servers.find((one) => reaches(one, url, mac));
    if (!server) throw failed(isThisMac(url.hostname, mac) ? "ECONNREFUSED" : "ENOTFOUND", url);
    const there = server.url + url.pathname + url.search;
    return fetch(input instanceof Request ? new Request(there, input) : there, init);
  };
  return registry?.fetch(others) ?? others;
}

/** Whether a request to an address gets to a server: a loopback address only to what listens there or everywhere. */
function reaches({ start, address }: Addressed, url: URL, mac: NetworkOptions["mac"]): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const [, host = "", listens = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (port !== listens) return false;
  if (start === "remote") return host.toLowerCase() === url.hostname;
  if (["*", "0.0.0.0", "[::]"].includes(host)) return isThisMac(url.hostname, mac);
  return host === url.hostname || (host === "127.0.0.1" && url.hostname === "localhost");
}

function isThisMac(host: string, { addresses, name }: NetworkOptions["mac"]): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(host) || [...addresses, name.toLowerCase()].includes(host);
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: "getaddrinfo ENOTFOUND",
  CERT_HAS_EXPIRED: "certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
};

/** What Node's fetch throws. */
function failed(code: string, { hostname, host }: URL): TypeError {
  const words = code === "ENOTFOUND" ? `${WORDS[code]} ${hostname}` : (WORDS[code] ?? `connect ${code} ${host}`);
  const cause = Object.assign(new Error(words), { code, hostname });
  return new TypeError("fetch failed", { cause });
}
