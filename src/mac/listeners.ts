import { oneLine } from "../fit/one-line";
import type { Runner } from "./runner";

export const LSOF = "/usr/sbin/lsof";

/** A process of this user that listens. */
export interface Listener {
  readonly pid: number;
  /** Name of its program as the kernel has it, cut at 16 characters. */
  readonly name: string;
  /** As lsof prints them: "127.0.0.1:11434", "*:11434", "[::1]:11434". */
  readonly addresses: readonly string[];
}

function listenersArgs(userId: number, port: number): readonly string[] {
  return ["-nP", "-a", "-u", String(userId), `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpcn"];
}

/**
 * The processes of this user that listen on a TCP port; undefined where lsof gives no answer. It shows a user's own
 * processes without root and without a prompt, and ends with status 1 and no word where there are none.
 */
export async function readListeners(
  { run }: { readonly run: Runner },
  userId: number,
  port: number,
): Promise<readonly Listener[] | undefined> {
  const result = await run(LSOF, listenersArgs(userId, port), { timeoutMs: 5_000, maxBytes: 256 * 1024 });
  const listeners = parseListeners(result.stdout);
  // lsof also ends with 1 where it could not look at everything; what it found counts all the same.
  if (listeners.length > 0 || result.exitCode === 0) return listeners;
  return result.exitCode === 1 && result.stderr.trim() === "" ? [] : undefined;
}

/** Where some processes listen, as far as they are this user's; empty where lsof gives no answer. */
export async function readAddressesOf(
  { run }: { readonly run: Runner },
  userId: number,
  pids: readonly number[],
): Promise<readonly Listener[]> {
  if (pids.length === 0) return [];
  const args = ["-nP", "-a", "-u", String(userId), "-p", pids.slice(0, 20).join(","), "-iTCP", "-sTCP:LISTEN", "-Fpcn"];
  return parseListeners((await run(LSOF, args, { timeoutMs: 5_000, maxBytes: 256 * 1024 })).stdout);
}

/** Parses lsof's fields, one a line: `p` begins a process, `c` names it, `n` is an address. Others are passed over. */
export function parseListeners(output: string): readonly Listener[] {
  const listeners: { pid: number; name: string; addresses: string[] }[] = [];
  for (const line of output.split("\n")) {
    const value = line.slice(1);
    const last = listeners.at(-1);
    if (/^p\d{1,9}$/.test(line)) listeners.push({ pid: Number(value), name: "", addresses: [] });
    else if (last !== undefined && line.startsWith("c")) last.name = oneLine(value, 64);
    else if (last !== undefined && line.startsWith("n")) last.addresses.push(value.slice(0, 100));
  }
  return listeners.filter(({ addresses }) => addresses.length > 0);
}

/**
 * Of the listeners on a port those that a connection to an address reaches: who listens on the very address goes before
 * who listens on all. `addresses` is what the host's name stands for, as lsof writes it ("127.0.0.1", "[::1]").
 */
export function listenersAt(
  listeners: readonly Listener[],
  addresses: readonly string[],
  port: number,
): readonly Listener[] {
  const at = (address: string) => listeners.filter((one) => one.addresses.includes(`${address}:${port}`));
  const everywhere = [...at("*"), ...at("[::]"), ...at("0.0.0.0")];
  const reached = addresses.flatMap((address) => {
    const exact = at(address);
    return exact.length > 0 ? exact : everywhere;
  });
  return [...new Set(reached)];
}
