import type { Snapshot } from "../../app/snapshot";
import { getSystem } from "../../app/system";
import { readSettingsAgent, type SettingsAgent } from "../../mac/settings-agent";
import { parseHost } from "../../ollama/host";
import { type KeptInUse, readKeptInUse } from "../../ollama/kept-in-use";

/** Ollama's settings that are kept over restarts, and how the running server does with them. */
export interface Kept {
  readonly agent: SettingsAgent;
  /** Absent where nothing is kept, and where it can't be told. */
  readonly inUse?: KeptInUse;
}

/** Reads them without a prompt. Never throws. */
export async function readKept({ url, server }: Pick<Snapshot, "url" | "server">): Promise<Kept> {
  const system = getSystem();
  const agent = await readSettingsAgent(system);
  const host = url === undefined ? undefined : parseHost(url, system.network());
  if (agent.kind !== "kept" || host?.kind !== "ok") return { agent };
  return { agent, inUse: await readKeptInUse(system, server, host.own, agent.values) };
}
