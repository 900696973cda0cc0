import { afterEach, describe, expect, it } from "vitest";
import { newJournal, readJournal } from "../../src/apply/journal";
import { readLoadHistory } from "../../src/apply/load-history";
import type { ChangeSystem } from "../../src/apply/steps";
import { reviewJournal } from "../../src/apply/review-journal";
import { runChange } from "../../src/apply/run-change";
import { type Step, undoSteps } from "../../src/apply/steps";
import { createOllamaClient } from "../../src/ollama/client";
import { createSampleMac, type StandInMac } from "../stand-ins/mac";
import { sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { keptIn } from "./kept";

const GIB = 1024 ** 3;
const NOW = new Date("2026-11-24T10:00:00Z");
const EXPECTED = { numCtx: 8192, bytes: 6 * GIB, leastBytes: GIB };

const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const VARIANT: Step = {
  kind: "create-variant",
  source: "llama3.1:8b",
  name: "llama3.1:8b-8k",
  numCtx: 8192,
  replaces: false,
};
const LOAD: Step = { kind: "load", name: "llama3.1:8b-8k", expected: EXPECTED };

let server: StandInOllama;
let mac: StandInMac;
afterEach(() => server?.close());

async function systemOf(faults: StandInMac["faults"] = {}): Promise<ChangeSystem> {
  server = await startStandInOllama({
    models: [sampleModel("llama3.1:8b"), sampleModel("qwen3:8b")],
    footprint: () => ({ sizeBytes: 6 * GIB, vramBytes: 6 * GIB }),
  });
  mac = createSampleMac({ faults });
  return {
    ...mac.system(),
    client: createOllamaClient({ url: server.url, fetch }),
    ramMib: 65_536,
    limitWords: (outcome) => outcome.kind,
  };
}

const journalOf = (steps: readonly Step[], isUndo = false) =>
  newJournal({ title: "Raise", model: "llama3.1:8b", url: server.url, isUndo }, steps, NOW);

describe("carrying out a journal", () => {
  it("does each step, checks it, keeps the finished journal and the load", async () => {
    const system = await systemOf();
    const storage = keptIn();
    const seen: string[] = [];
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), {
      system,
      storage,
      now: () => NOW,
      onStep: ({ kind }, index, count) => seen.push(`${kind} ${index + 1}/${count}`),
    });
    expect(result).toMatchObject({ kind: "finished", load: { report: { kind: "on-gpu", numCtx: 8192 } } });
    expect(seen).toEqual(["set-limit 1/3", "create-variant 2/3", "load 3/3"]);
    expect(mac.limitMib()).toBe(57_344);
    expect((await readJournal(storage))?.entries.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    const [digest] = [...(await readLoadHistory(storage)).keys()];
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("keeps the journal of an earlier change where it only loads", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT]), { system, storage, now: () => NOW });
    await runChange(journalOf([{ ...LOAD, name: "qwen3:8b" }]), { system, storage, now: () => NOW });
    expect((await readJournal(storage))?.entries.map(({ step }) => step.kind)).toEqual(["set-limit"]);
  });

  it("notes where the limit was set and the LaunchDaemon was not", async () => {
    const system = await systemOf({ lintFails: true });
    const result = await runChange(journalOf([{ ...LIMIT, daemon: "install" }]), {
      system: { ...system, limitWords: (outcome) => ("daemon" in outcome ? `daemon ${outcome.daemon?.kind}` : "") },
      storage: keptIn(),
      now: () => NOW,
    });
    expect(result).toMatchObject({ kind: "finished", notes: ["daemon failed"] });
  });

  it("writes each step down before it begins", async () => {
    const system = await systemOf();
    const storage = keptIn();
    const states: (readonly string[])[] = [];
    await runChange(journalOf([LIMIT, VARIANT]), {
      system: {
        ...system,
        run: async (...call) => {
          states.push(((await readJournal(storage))?.entries ?? []).map(({ state }) => state));
          return system.run(...call);
        },
      },
      storage,
      now: () => NOW,
    });
    expect(states.length).toBeGreaterThan(0);
    expect(states.every(([first]) => first === "running")).toBe(true);
  });

  it("asks for no password where the limit is in force already", async () => {
    const system = await systemOf();
    mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    await runChange(journalOf([LIMIT]), { system, storage: keptIn(), now: () => NOW });
    expect(mac.prompts).toEqual([]);
  });

  it.each([
    ["cancel", { cancel: true }, "cancelled"],
    ["a wrong password", { wrongPassword: true }, "failed"],
    ["another value than asked for", { lies: 1000 }, "failed"],
  ] as const)("stops at %s, goes no further and keeps no journal", async (_, faults, kind) => {
    const system = await systemOf(faults);
    const storage = keptIn();
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), { system, storage, now: () => NOW });
    expect(result).toMatchObject({ kind, step: LIMIT, isLeft: false });
    expect(server.models().map(({ name }) => name)).not.toContain("llama3.1:8b-8k");
    expect(server.loaded()).toEqual([]);
    expect(await readJournal(storage)).toBeUndefined();
  });

  it("keeps the journal where something was done before it stopped, and goes on from there", async () => {
    const system = await systemOf();
    const storage = keptIn();
    server.fault("create", { kind: "http500" });
    const options = { system, storage, now: () => NOW };
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), options);
    expect(result).toMatchObject({ kind: "failed", step: VARIANT, isLeft: true });
    const left = await readJournal(storage);
    expect(left?.entries.map(({ state }) => state)).toEqual(["done", "failed", "waiting"]);
    expect(left?.entries[1]?.reason).toMatch(/500/);
    server.fault("create", undefined);
    expect(left && (await runChange(left, options))).toMatchObject({ kind: "finished" });
    expect(mac.prompts).toHaveLength(1);
    expect(server.loaded()).toMatchObject([{ model: { name: "llama3.1:8b-8k" } }]);
  });

  it("begins no further step once it was stopped", async () => {
    const stop = new AbortController();
    const system = { ...(await systemOf()), signal: stop.signal };
    const storage = keptIn();
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), {
      system,
      storage,
      now: () => NOW,
      onStep: () => stop.abort(),
    });
    expect(result).toMatchObject({ kind: "cancelled", step: VARIANT, isLeft: true });
    expect(mac.limitMib()).toBe(57_344);
    expect(server.models()).toHaveLength(2);
    expect((await readJournal(storage))?.entries.map(({ state }) => state)).toEqual(["done", "waiting", "waiting"]);
  });

  it("does not replace a model that somebody made under the name meanwhile", async () => {
    const system = await systemOf();
    await server.put({ ...sampleModel("qwen3:8b"), name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 } });
    const result = await runChange(journalOf([VARIANT]), { system, storage: keptIn(), now: () => NOW });
    expect(result).toMatchObject({ kind: "failed", reason: "llama3.1:8b-8k was left alone." });
    expect(server.models().find(({ name }) => name === "llama3.1:8b-8k")?.family).toBe("qwen3");
  });

  it("says that a model does not load, in Ollama's words", async () => {
    const system = await systemOf();
    await server.restart({ loadError: () => "llama-server process has terminated: exit status 1" });
    const result = await runChange(journalOf([{ ...LOAD, name: "llama3.1:8b" }]), {
      system,
      storage: keptIn(),
      now: () => NOW,
    });
    expect(result).toMatchObject({ kind: "failed", reason: expect.stringContaining("exit status 1"), isLeft: false });
  });
});

describe("undoing what was done", () => {
  it("gives the limit back and deletes the variant, and keeps no journal of it", async () => {
    const system = await systemOf();
    const storage = keptIn();
    const options = { system, storage, now: () => NOW };
    await runChange(journalOf([LIMIT, VARIANT, LOAD]), options);
    const undone = await runChange(journalOf(undoSteps([LIMIT, VARIANT, LOAD]), true), options);
    expect(undone.kind).toBe("finished");
    expect(mac.limitMib()).toBe(0);
    expect(server.models().map(({ name }) => name)).toEqual(["llama3.1:8b", "qwen3:8b"]);
    expect(await readJournal(storage)).toBeUndefined();
  });

  it("has nothing to do, and asks for nothing, where nothing took effect", async () => {
    const system = await systemOf();
    const undone = await runChange(journalOf(undoSteps([LIMIT, VARIANT]), true), {
      system,
      storage: keptIn(),
      now: () => NOW,
    });
    expect(undone.kind).toBe("finished");
    expect(mac.prompts).toEqual([]);
  });

  it("does not delete a model that has another context by now", async () => {
    const system = await systemOf();
    await server.put({ ...sampleModel("llama3.1:8b"), name: "llama3.1:8b-8k", parameters: { num_ctx: 4096 } });
    const result = await runChange(journalOf(undoSteps([VARIANT]), true), {
      system,
      storage: keptIn(),
      now: () => NOW,
    });
    expect(result).toMatchObject({ kind: "failed", reason: expect.stringContaining("was left alone") });
    expect(server.models()).toHaveLength(3);
  });
});

describe("a journal held against the world", () => {
  const states = async (system: ChangeSystem, ...given: ("done" | "running" | "failed" | "waiting")[]) => {
    const journal = journalOf([LIMIT, VARIANT, LOAD]);
    const entries = journal.entries.map((entry, index) => ({ ...entry, state: given[index] ?? "waiting" }));
    return (await reviewJournal(system, { ...journal, entries })).entries.map(({ state }) => state);
  };

  it("finds a step done that was cut off after it took effect, and one not done that was cut off before", async () => {
    const system = await systemOf();
    expect(await states(system, "running")).toEqual(["waiting", "waiting", "waiting"]);
    mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    expect(await states(system, "running")).toEqual(["done", "waiting", "waiting"]);
    expect(await states(system, "done", "running")).toEqual(["done", "waiting", "waiting"]);
    await server.put({ ...sampleModel("llama3.1:8b"), name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 } });
    expect(await states(system, "done", "running")).toEqual(["done", "done", "waiting"]);
    expect(await states(system, "done", "done", "running")).toEqual(["done", "done", "waiting"]);
  });

  it("finds that a restart of the Mac took the limit back", async () => {
    const system = await systemOf();
    mac.sysctls.set("iogpu.wired_limit_mb", "57344");
    mac.reboot();
    expect(await states(system, "done", "failed")).toEqual(["waiting", "failed", "waiting"]);
  });

  it("leaves as it was written what cannot be read now", async () => {
    const system = await systemOf();
    await server.stop();
    expect(await states(system, "waiting", "done", "running")).toEqual(["waiting", "done", "waiting"]);
  });
});
