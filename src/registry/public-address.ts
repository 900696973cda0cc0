import { BlockList, isIP } from "node:net";

/** Addresses that lead, or may lead, to this Mac or its own network (RFC 6890 and its successors), IPv4 and IPv6. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
/** What of IPv6 leads out into the world; all else is this Mac's, its network's, or IPv4 in disguise. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet("2000::", 3, "ipv6");
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

/** Names that aren't looked up in the public DNS, or only on the own network. */
const LOCAL_NAME =
  /(?:^|\.)(?:localhost|localdomain|local|lan|internal|intranet|private|home|corp|home\.arpa|test|invalid|onion|alt)\.?$/i;

/** A registry's own address sends on to that of its storage, at Hugging Face by way of a second name. */
const MOST_REDIRECTS = 3;

/** Whether a redirect of a registry is followed: to a public address, the third at most. */
export function mayFollow(target: URL, followed: number): boolean {
  return followed < MOST_REDIRECTS && isPublicAddress(target);
}

/**
 * Whether a registry may send a request on to this address: https on its usual port, without credentials, to a public
 * host by name or number. A public name that resolves to a private address isn't noticed.
 */
export function isPublicAddress({ protocol, username, password, port, hostname }: URL): boolean {
  if (protocol !== "https:" || username !== "" || password !== "" || port !== "") return false;
  const host = hostname.replace(/^\[|\]$/g, "");
  const family = isIP(host);
  // A dot at the end alone makes no public name of "printer".
  if (family === 0) return /\../.test(host) && !LOCAL_NAME.test(host);
  if (family === 4) return !PRIVATE.check(host, "ipv4");
  return GLOBAL.check(host, "ipv6") && !PRIVATE.check(host, "ipv6");
}
