import type { Journal } from "../../src/apply/journal";
import { newJournal } from "../../src/apply/journal";
import { readJournal } from "../../src/apply/journal-store";
import type { RunOptions } from "../../src/apply/run-change";
import type { ChangeSystem, Step } from "../../src/apply/steps";
import type { Storage } from "../../src/apply/storage";
import { createOllamaClient } from "../../src/ollama/client";
import type { StandInMac } from "../stand-ins/mac";
import type { StandInOllama } from "../stand-ins/ollama";

export const NOW = new Date("2026-11-24T10:00:00Z");
/** A lock that nobody else wants. */
const ALONE: RunOptions["lock"] = { isOurs: async () => true };

/** What the steps act on: a stand-in Mac and its server. */
export function changeSystemOf(mac: StandInMac, server: StandInOllama): ChangeSystem {
  return {
    ...mac.system(),
    client: createOllamaClient({ url: server.url, fetch }),
    ramMib: 65_536,
    limitWords: ({ kind, inForceMib }) => ({ title: kind, message: `In force: ${inForceMib}.` }),
  };
}

export function journalOf(steps: readonly Step[], undoes?: Journal): Journal {
  const about = { title: "Raise", model: "llama3.1:8b", digest: "d", url: "http://127.0.0.1:11434", undoes };
  return newJournal(about, steps, NOW);
}

export const optionsOf = (system: ChangeSystem, storage: Storage): RunOptions => ({
  system,
  storage,
  lock: ALONE,
  now: () => NOW,
});

/** The journal that is kept; fails where there is none. */
export async function keptJournal(storage: Storage): Promise<Journal> {
  const kept = await readJournal(storage);
  if (kept.kind !== "journal") throw new Error(kept.kind);
  return kept.journal;
}

/** States and effects of a journal's steps, in words: "done made". */
export const standOf = ({ entries }: Journal): readonly string[] =>
  entries.map(({ state, effect }) => `${state} ${effect.kind}`);
