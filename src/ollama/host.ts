export type Host =
  | {
      readonly kind: "ok";
      readonly url: string;
      /** Where on this Mac that is; absent where it's another machine. */
      readonly own?: OwnAddress;
    }
  | { readonly kind: "invalid"; readonly reason: string };

/** Where a server is asked, if that is this Mac. */
export interface OwnAddress {
  /** What the host's name stands for, as lsof writes it: "127.0.0.1", "[::1]", "192.168.1.20". */
  readonly addresses: readonly string[];
  readonly port: number;
}

/** What this Mac is called in its networks. */
export interface OwnNetwork {
  /** As `os.hostname()` gives it: "Sams-Mac.local". */
  readonly hostname: string;
  /** Addresses of its interfaces, IPv6 without brackets and zone. */
  readonly addresses: readonly string[];
}

const EVERYWHERE = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["[::]", "[::1]"],
]);
/** Begins nowhere but at the first of some: every other one would be tried to the end of them again. */
const SLASHES_AT_END = /(?<!\/)\/+$/;
const PLAIN_PORT = /^[^/?#]*:0*80(?:[/?#]|$)/;

/**
 * An Ollama host as people write OLLAMA_HOST: scheme and port may be missing (http, 11434; 443 and 80 after a scheme).
 * 0.0.0.0 and :: listen everywhere and are reached at this machine's own address. An address with a password in it is
 * refused, and none of what is refused is shown with one.
 */
export function parseHost(text: string, network: OwnNetwork): Host {
  const trimmed = text.trim();
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed);
  let url: URL;
  try {
    url = new URL(hasScheme ? trimmed : `http://${trimmed}`);
  } catch {
    return invalid(trimmed);
  }
  if (url.username !== "" || url.password !== "") {
    return {
      kind: "invalid",
      reason: "The address holds a user name or a password, which isn't supported. Enter it without them.",
    };
  }
  if ((url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") return invalid(trimmed);
  url.hostname = EVERYWHERE.get(url.hostname) ?? url.hostname;
  // A URL does not keep port 80, but here it was written down.
  if (url.port === "" && !hasScheme && !PLAIN_PORT.test(trimmed)) url.port = "11434";
  const addresses = ownAddresses(url.hostname, network);
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  return {
    kind: "ok",
    url: `${url.protocol}//${url.host}${url.pathname.replace(SLASHES_AT_END, "")}`,
    own: addresses && { addresses, port },
  };
}

/** What a host name stands for on this Mac, as lsof writes it; undefined where it's another machine's. */
function ownAddresses(hostname: string, { hostname: ownName, addresses }: OwnNetwork): readonly string[] | undefined {
  if (hostname === "localhost") return ["127.0.0.1", "[::1]"];
  if (hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname)) return [hostname];
  const own = addresses.map((address) => (address.includes(":") ? `[${address}]` : address));
  if (own.includes(hostname)) return [hostname];
  const [label = ""] = ownName.toLowerCase().split(".");
  const names = [ownName.toLowerCase(), `${label}.local`];
  return label !== "" && names.includes(hostname.replace(/\.$/, "")) ? own : undefined;
}

function invalid(text: string): Host {
  // What's before an @ may be meant as a password.
  const shown = text.slice(text.lastIndexOf("@") + 1).slice(0, 80);
  return {
    kind: "invalid",
    reason: `"${shown}" isn't the address of an Ollama server, such as http://127.0.0.1:11434.`,
  };
}
