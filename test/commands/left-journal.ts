import { type Journal, type JournalEntry, newJournal } from "../../src/apply/journal";
import { writeJournal } from "../../src/apply/journal-store";
import { type Step, undoUnseen } from "../../src/apply/steps";
import { localStorage } from "../../src/app/local-storage";
import { desk } from "../support";
import type { Stage } from "./stage";

const MODEL = "qwen3-coder-next:q4_K_M";

export interface LeftBehind {
  readonly states: readonly JournalEntry["state"][];
  /** The server it is about; default: the one on stage. */
  readonly url?: string;
  /** Last sign of life of the window that carries it out; absent = nobody does. */
  readonly signAt?: number;
}

/** Keeps what a command leaves behind that was closed in the middle of a change, or is still at it. */
export async function keepJournal(stage: Stage, { states, url, signAt }: LeftBehind): Promise<void> {
  const steps: readonly Step[] = [
    { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" },
    { kind: "create-variant", source: MODEL, name: `${MODEL}-64k`, numCtx: 65_536 },
    { kind: "load", name: `${MODEL}-64k` },
  ];
  const tags = await fetch(`${stage.ollama.url}/api/tags`);
  const { models } = (await tags.json()) as { models: { name: string; digest: string }[] };
  const digest = models.find(({ name }) => name === MODEL)?.digest ?? "";
  const about = { title: "Raise and Cap", model: MODEL, digest, url: url ?? stage.ollama.url };
  const journal: Journal = newJournal(about, steps, stage.system.now());
  const entries = journal.entries.map((entry, index) => asLeft(entry, states[index] ?? "waiting"));
  await writeJournal(localStorage, { ...journal, entries });
  if (signAt === undefined) return;
  const holder = { owner: "another window", title: "Raise and Cap", journal: journal.id, at: signAt };
  desk.localStorage.set("change-lock", JSON.stringify(holder));
}

function asLeft({ step }: JournalEntry, state: JournalEntry["state"]): JournalEntry {
  switch (state) {
    case "waiting":
    case "failed":
      return { step, state, effect: { kind: "none" } };
    case "running":
      return { step, state, effect: { kind: "unknown", undo: undoUnseen(step) } };
    case "done":
      return { step, state, effect: { kind: "made", undo: undoUnseen(step) } };
  }
}
