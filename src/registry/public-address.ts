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
for (const [network, prefix] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

/** Names that aren't looked up in the public DNS, or only on the own network. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|lan|internal|intranet|home|corp|home\.arpa|test|invalid)\.?$/i;

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
  if (family === 0) return host.includes(".") && !LOCAL_NAME.test(host);
  return !PRIVATE.check(host, family === 4 ? "ipv4" : "ipv6");
}
