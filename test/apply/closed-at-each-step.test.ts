import { afterEach, describe, expect, it } from "vitest";
import { canUndo, newUndo, stepsBack } from "../../src/apply/journal";
import { readJournal } from "../../src/apply/journal-store";
import { reviewJournal } from "../../src/apply/review-journal";
import { runChange } from "../../src/apply/run-change";
import type { ChangeSystem, Step, StepOf } from "../../src/apply/steps";
import type { Storage } from "../../src/apply/storage";
import { createOllamaClient } from "../../src/ollama/client";
import { createSampleMac, type StandInMac } from "../stand-ins/mac";
import { sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { changeSystemOf, journalOf, NOW, optionsOf } from "./changes";
import { keptIn } from "./kept";

const VARIANT = "llama3.1:8b-8k";
const KV = "OLLAMA_KV_CACHE_TYPE";

interface Sample<S extends Step> {
  readonly step: S;
  /** Whether the Mac or the server is as it would make it. */
  readonly isMade: () => boolean;
  /** The kind of step that takes it back. */
  readonly takenBackBy: Step["kind"];
}

/** What leaves nothing behind, and what only takes back. */
type Other = "close-apps" | "restart-ollama" | "unload" | "load" | "remove-variant";

/** One of each kind that leaves something, in the order in which they run; one that's forgotten is a type error. */
const SAMPLES: { readonly [K in Exclude<Step["kind"], Other>]: Sample<StepOf<K>> } = {
  "set-limit": {
    step: { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" },
    isMade: () => mac.limitMib() !== 0,
    takenBackBy: "set-limit",
  },
  "set-kv-cache": {
    step: { kind: "set-kv-cache", type: "q8_0", before: "" },
    isMade: () => mac.launchctlEnv.has(KV),
    takenBackBy: "set-kv-cache",
  },
  "create-variant": {
    step: { kind: "create-variant", source: "llama3.1:8b", name: VARIANT, numCtx: 8192 },
    isMade: () => server.models().some(({ name }) => name === VARIANT),
    takenBackBy: "remove-variant",
  },
};
const ALL: readonly Sample<Step>[] = Object.values(SAMPLES);
const STEPS = ALL.map(({ step }) => step);
const NEVER = new Promise<never>(() => {});

let server: StandInOllama;
let mac: StandInMac;
afterEach(() => server?.close());

async function begin(): Promise<void> {
  server = await startStandInOllama({ models: [sampleModel("llama3.1:8b")] });
  mac = createSampleMac();
}

/** What is different from before: by the step that takes it back. */
function differences(): readonly string[] {
  return ALL.filter(({ isMade }) => isMade()).map(({ takenBackBy }) => takenBackBy);
}

interface Closing {
  /** The how many-th thing that reaches outside is the last one. */
  readonly after: number;
  /** Whether that one still happens, though nobody sees its end. */
  readonly happens: boolean;
}

/** A command that is closed: nothing of it goes on, but for what it has started already. */
function closedCommand({ after, happens }: Closing, kept: Storage) {
  let count = 0;
  let isClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => (isClosed = resolve));
  const reach = async <T>(work: () => Promise<T>): Promise<T> => {
    count += 1;
    if (count < after) return work();
    if (count === after && happens) await work().catch(() => undefined);
    isClosed();
    return NEVER;
  };
  const whole = changeSystemOf(mac, server);
  const system: ChangeSystem = {
    ...whole,
    run: (...call) => reach(() => whole.run(...call)),
    client: createOllamaClient({ url: server.url, fetch: (...call) => reach(() => fetch(...call)) }),
  };
  const storage: Storage = {
    get: (key) => reach(() => kept.get(key)),
    set: (key, text) => reach(() => kept.set(key, text)),
    remove: (key) => reach(() => kept.remove(key)),
  };
  return { system, storage, closed, count: () => count };
}

// Each point is a Mac and a server of its own, and there are some forty.
describe("Raycast closed in the middle of a change", { timeout: 300_000 }, () => {
  it.each([true, false])("at each point, what was under way being done: %s", async (happens) => {
    let isOver = false;
    for (let after = 1; !isOver; after += 1) {
      await begin();
      const kept = keptIn();
      const command = closedCommand({ after, happens }, kept);
      const end = runChange(journalOf(STEPS), optionsOf(command.system, command.storage));
      isOver = await Promise.race([end.then(() => true), command.closed.then(() => false)]);

      const system = changeSystemOf(mac, server);
      const made = differences();
      const read = await readJournal(kept);
      if (read.kind !== "journal") {
        // Nothing is known of it, so nothing may have been made.
        expect([read.kind, made], `closed after ${after}`).toEqual(["none", []]);
      } else {
        const reviewed = await reviewJournal(system, read.journal);
        expect(
          stepsBack(reviewed).map(({ kind }) => kind),
          `closed after ${after}`,
        ).toEqual(made);
        // It can be continued to its end, and taken back from there.
        const prompts = mac.prompts.length;
        const result = await runChange(reviewed, optionsOf(system, kept));
        expect(result.kind, `closed after ${after}`).toBe("finished");
        expect(mac.prompts.length - prompts).toBe(made.includes("set-limit") ? 0 : 1);
        expect(differences()).toEqual(ALL.map(({ takenBackBy }) => takenBackBy));
        await runChange(newUndo(result.journal, NOW), optionsOf(system, kept));
        expect(differences()).toEqual([]);
        expect(await readJournal(kept)).toEqual({ kind: "none" });
      }
      await server.close();
    }
  });

  it("undoes nothing that somebody made meanwhile", async () => {
    let isOver = false;
    for (let after = 1; !isOver; after += 1) {
      await begin();
      const kept = keptIn();
      const command = closedCommand({ after, happens: false }, kept);
      const end = runChange(journalOf(STEPS), optionsOf(command.system, command.storage));
      isOver = await Promise.race([end.then(() => true), command.closed.then(() => false)]);

      // The person does it by hand, in another way.
      mac.sysctls.set("iogpu.wired_limit_mb", "60000");
      mac.launchctlEnv.set(KV, "q4_0");
      const own = { ...sampleModel("llama3.1:8b"), name: VARIANT, parameters: { num_ctx: 8192 }, system: "Mine." };
      await server.put(own);
      const read = await readJournal(kept);
      if (read.kind === "journal") {
        const system = changeSystemOf(mac, server);
        const reviewed = await reviewJournal(system, read.journal);
        if (canUndo(reviewed)) await runChange(newUndo(reviewed, NOW), optionsOf(system, kept));
      }
      expect(mac.limitMib(), `closed after ${after}`).toBe(60_000);
      expect(mac.launchctlEnv.get(KV), `closed after ${after}`).toBe("q4_0");
      expect(server.models().find(({ name }) => name === VARIANT)?.system, `closed after ${after}`).toBe("Mine.");
      await server.close();
    }
  });

  it("in the middle of an undo: it is continued to its end", async () => {
    let isOver = false;
    for (let after = 1; !isOver; after += 1) {
      await begin();
      const kept = keptIn();
      const system = changeSystemOf(mac, server);
      const change = await runChange(journalOf(STEPS), optionsOf(system, kept));
      const command = closedCommand({ after, happens: true }, kept);
      const end = runChange(newUndo(change.journal, NOW), optionsOf(command.system, command.storage));
      isOver = await Promise.race([end.then(() => true), command.closed.then(() => false)]);

      const read = await readJournal(kept);
      if (read.kind === "journal") {
        const reviewed = await reviewJournal(system, read.journal);
        // Either the undo is there to be continued, or the change to be undone.
        const next = reviewed.undoes === undefined ? newUndo(reviewed, NOW) : reviewed;
        await runChange(next, optionsOf(system, kept));
      }
      expect(differences(), `closed after ${after}`).toEqual([]);
      await server.close();
    }
  });
});
