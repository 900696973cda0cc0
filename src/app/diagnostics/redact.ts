import { basename } from "node:path";
import type { System } from "../system";

/** Replaces what says whose Mac it is: the home folder, the user's name as a word, the Mac's names and its addresses. */
export function redactor({ homeFolder, network }: Pick<System, "homeFolder" | "network">): (text: string) => string {
  const { hostname, addresses } = network();
  const [label = ""] = hostname.split(".");
  const isOwn = (address: string) => !/^(?:127\.|::1$)/.test(address) && address !== "";
  const names: readonly (readonly [text: string, shown: string])[] = [
    [homeFolder, "~"],
    [basename(homeFolder), "USER"],
    [hostname, "MAC"],
    [label, "MAC"],
    ...addresses.filter(isOwn).map((address) => [address, "ADDRESS"] as const),
  ];
  const rules = names
    // A name of one letter would be found everywhere.
    .filter(([text]) => text.length > 1)
    .map(([text, shown]) => [new RegExp(`(?<![\\w-])${escape(text)}(?![\\w-])`, "giu"), shown] as const);
  return (text) => rules.reduce((before, [found, shown]) => before.replace(found, shown), text);
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
