import { desk } from "../support";
import type { Stage } from "./stage";

const MODEL = "qwen3-coder-next:q4_K_M";

/** What a command that was closed would have left behind. */
export function keepJournal(stage: Stage, at: number, states: readonly string[], url = stage.ollama.url): void {
  const steps = [
    { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" },
    { kind: "create-variant", source: MODEL, name: `${MODEL}-64k`, numCtx: 65_536, replaces: false },
    { kind: "load", name: `${MODEL}-64k` },
  ];
  const journal = {
    title: "Raise and Cap",
    model: MODEL,
    url,
    startedAt: at,
    aliveAt: at,
    isUndo: false,
    entries: steps.map((step, index) => ({ step, state: states[index] })),
  };
  desk.localStorage.set("journal", JSON.stringify({ version: 1, journal }));
}
