import { afterEach, describe, expect, it } from "vitest";
import { canUndo, newUndo, stepsBack } from "../../src/apply/journal";
import { readJournal, writeJournal } from "../../src/apply/journal-store";
import { readLoadHistory } from "../../src/apply/load-history";
import { reviewJournal } from "../../src/apply/review-journal";
import { runChange } from "../../src/apply/run-change";
import type { ChangeSystem, Step } from "../../src/apply/steps";
import type { Storage } from "../../src/apply/storage";
import { createSampleMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { changeSystemOf, journalOf, keptJournal, NOW, optionsOf, standOf } from "./changes";
import { keptIn } from "./kept";

const GIB = 1024 ** 3;
const EXPECTED = { numCtx: 8192, bytes: 6 * GIB, leastBytes: GIB };

const LIMIT: Step = { kind: "set-limit", mib: 57_344, beforeMib: 0, daemon: "keep" };
const KV: Step = { kind: "set-kv-cache", type: "q8_0", before: "" };
const VARIANT: Step = { kind: "create-variant", source: "llama3.1:8b", name: "llama3.1:8b-8k", numCtx: 8192 };
const LOAD: Step = { kind: "load", name: "llama3.1:8b-8k", expected: EXPECTED };
const SYSCTL = "iogpu.wired_limit_mb";

let server: StandInOllama;
let mac: StandInMac;
afterEach(() => server?.close());

async function systemOf(options: Partial<StandInMacOptions> = {}): Promise<ChangeSystem> {
  server = await startStandInOllama({
    models: [sampleModel("llama3.1:8b"), sampleModel("qwen3:8b")],
    footprint: () => ({ sizeBytes: 6 * GIB, vramBytes: 6 * GIB }),
  });
  mac = createSampleMac(options);
  return changeSystemOf(mac, server);
}

const names = () => server.models().map(({ name }) => name);
const variant = (changes = {}) => ({
  ...sampleModel("llama3.1:8b"),
  name: "llama3.1:8b-8k",
  parameters: { ...sampleModel("llama3.1:8b").parameters, num_ctx: 8192 },
  ...changes,
});

describe("carrying out a journal", () => {
  it("does each step, checks it, keeps the finished journal and the load", async () => {
    const system = await systemOf();
    const storage = keptIn();
    const seen: string[] = [];
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), {
      ...optionsOf(system, storage),
      onStep: ({ kind }, index, count) => seen.push(`${kind} ${index + 1}/${count}`),
    });
    expect(result).toMatchObject({ kind: "finished", load: { report: { kind: "on-gpu", numCtx: 8192 } } });
    expect(seen).toEqual(["set-limit 1/3", "create-variant 2/3", "load 3/3"]);
    expect(mac.limitMib()).toBe(57_344);
    const journal = await keptJournal(storage);
    expect(standOf(journal)).toEqual(["done made", "done made", "done made"]);
    const digest = (await system.client.models()).find(({ name }) => name === "llama3.1:8b-8k")?.digest;
    expect(stepsBack(journal)).toEqual([
      { kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" },
      { kind: "remove-variant", name: "llama3.1:8b-8k", made: { digest } },
    ]);
    expect([...(await readLoadHistory(storage)).keys()]).toEqual([digest]);
  });

  it("keeps the journal of an earlier change where it only loads", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT]), optionsOf(system, storage));
    await runChange(journalOf([{ ...LOAD, name: "qwen3:8b" }]), optionsOf(system, storage));
    expect((await keptJournal(storage)).entries.map(({ step }) => step.kind)).toEqual(["set-limit"]);
  });

  it.each([
    ["is cancelled", { cancel: true }, {}],
    ["can't be begun", {}, { "sysctl-unreadable": true }],
    ["is stopped before it begins", {}, { stopped: true }],
    ["finds all as asked", {}, { found: true }],
  ] as const)("leaves an earlier change its Undo where the next one %s", async (_, faults, way) => {
    const system = await systemOf();
    const storage = keptIn();
    const first = await runChange(journalOf([VARIANT]), optionsOf(system, storage));
    mac.faults = faults;
    if ("found" in way) mac.sysctls.set(SYSCTL, "57344");
    if ("sysctl-unreadable" in way) mac.sysctls.set(SYSCTL, "?");
    const signal = "stopped" in way ? AbortSignal.abort() : undefined;
    await runChange(journalOf([LIMIT]), optionsOf({ ...system, signal }, storage));
    expect((await keptJournal(storage)).id).toBe(first.journal.id);
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(names()).not.toContain("llama3.1:8b-8k");
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("gives an earlier change its Undo back once the later one is undone", async () => {
    const system = await systemOf();
    const storage = keptIn();
    for (const step of [VARIANT, LIMIT]) await runChange(journalOf([step]), optionsOf(system, storage));
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(0);
    expect(names()).toContain("llama3.1:8b-8k");
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(names()).not.toContain("llama3.1:8b-8k");
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("notes where the limit was set and the LaunchDaemon was not, and takes the limit back", async () => {
    const daemons = { "local.gpu-limit.wired-limit.plist": daemonOf(54_000) };
    const system = await systemOf({ overrideMib: 54_000, daemons, faults: { lintFails: true } });
    const storage = keptIn();
    const step: Step = { ...LIMIT, beforeMib: 54_000, daemon: "install", daemonBeforeMib: 54_000 };
    const result = await runChange(journalOf([step]), {
      ...optionsOf(
        {
          ...system,
          limitWords: (outcome) => ({
            title: "Set",
            message: "daemon" in outcome ? `daemon ${outcome.daemon?.kind}` : "",
          }),
        },
        storage,
      ),
    });
    expect(result).toMatchObject({ kind: "finished", notes: [{ title: "Set", message: "daemon failed" }] });
    expect(stepsBack(await keptJournal(storage))).toMatchObject([{ mib: 54_000, beforeMib: 57_344 }]);
  });

  it("sets limit and LaunchDaemon, though the limit alone is as asked already", async () => {
    const daemons = { "local.gpu-limit.wired-limit.plist": daemonOf(54_000) };
    const system = await systemOf({ overrideMib: 57_344, daemons });
    const step: Step = { ...LIMIT, beforeMib: 54_000, daemon: "install", daemonBeforeMib: 54_000 };
    await runChange(journalOf([step]), optionsOf(system, keptIn()));
    expect(mac.prompts).toHaveLength(1);
    expect(mac.daemons.get("local.gpu-limit.wired-limit.plist")).toContain("wired_limit_mb=57344");
    // With both as asked there is nothing to ask the person for.
    await runChange(journalOf([step]), optionsOf(system, keptIn()));
    expect(mac.prompts).toHaveLength(1);
  });

  it("installs no LaunchDaemon again that somebody has removed since", async () => {
    const daemons = { "local.gpu-limit.wired-limit.plist": daemonOf(54_000) };
    const system = await systemOf({ overrideMib: 54_000, daemons });
    const storage = keptIn();
    await runChange(
      journalOf([{ ...LIMIT, beforeMib: 54_000, daemon: "install", daemonBeforeMib: 54_000 }]),
      optionsOf(system, storage),
    );
    expect(mac.daemons.size).toBe(1);
    mac.daemons = new Map();
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(54_000);
    expect(mac.daemons.size).toBe(0);
  });

  it("writes each step down before it begins, and what takes it back if nobody sees its end", async () => {
    const system = await systemOf();
    const storage = keptIn();
    const stands: (readonly string[])[] = [];
    const watched: ChangeSystem = {
      ...system,
      beforePrompt: async () => {
        const journal = await keptJournal(storage);
        stands.push(standOf(journal));
        expect(stepsBack(journal)).toMatchObject([{ kind: "set-limit", mib: 0, beforeMib: 57_344 }]);
      },
    };
    await runChange(journalOf([LIMIT, VARIANT]), optionsOf(watched, storage));
    expect(stands).toEqual([["running unknown", "waiting none"]]);
  });

  it("asks for no password where the limit is in force already, and does not take it for its own", async () => {
    const system = await systemOf();
    mac.sysctls.set(SYSCTL, "57344");
    const result = await runChange(journalOf([LIMIT]), optionsOf(system, keptIn()));
    expect(mac.prompts).toEqual([]);
    expect(standOf(result.journal)).toEqual(["done found"]);
    expect(canUndo(result.journal)).toBe(false);
  });

  it.each([
    ["cancel", { cancel: true }, "cancelled"],
    ["a wrong password", { wrongPassword: true }, "failed"],
    ["a value that the kernel refuses", { sysctlRefuses: true }, "failed"],
    ["a prompt that nobody answers", { timeoutReached: true }, "failed"],
  ] as const)("stops at %s, goes no further and keeps no journal", async (_, faults, kind) => {
    const system = await systemOf({ faults });
    const storage = keptIn();
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind, entry: { step: LIMIT, effect: { kind: "none" } }, isLeft: false });
    expect(names()).not.toContain("llama3.1:8b-8k");
    expect(server.loaded()).toEqual([]);
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("keeps the journal where something was done before it stopped, and goes on from there", async () => {
    const system = await systemOf();
    const storage = keptIn();
    server.fault("create", { kind: "http500" });
    const options = optionsOf(system, storage);
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), options);
    expect(result).toMatchObject({ kind: "failed", entry: { step: VARIANT }, isLeft: true });
    const left = await keptJournal(storage);
    expect(standOf(left)).toEqual(["done made", "failed none", "waiting none"]);
    expect(left.entries[1]?.reason).toMatch(/500/);
    server.fault("create", undefined);
    expect(await runChange(left, options)).toMatchObject({ kind: "finished" });
    expect(mac.prompts).toHaveLength(1);
    expect(server.loaded()).toMatchObject([{ model: { name: "llama3.1:8b-8k" } }]);
  });

  it("begins no further step once it was stopped", async () => {
    const stop = new AbortController();
    const system = { ...(await systemOf()), signal: stop.signal };
    const storage = keptIn();
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), {
      ...optionsOf(system, storage),
      onStep: () => stop.abort(),
    });
    expect(result).toMatchObject({ kind: "cancelled", entry: { step: VARIANT }, isLeft: true });
    expect(mac.limitMib()).toBe(57_344);
    expect(server.models()).toHaveLength(2);
    expect(standOf(await keptJournal(storage))).toEqual(["done made", "waiting none", "waiting none"]);
  });

  it("does not replace a model that somebody made under the name meanwhile", async () => {
    const system = await systemOf();
    await server.put({ ...sampleModel("qwen3:8b"), name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 } });
    const result = await runChange(journalOf([VARIANT]), optionsOf(system, keptIn()));
    expect(result).toMatchObject({
      kind: "failed",
      reason: "By now llama3.1:8b-8k is another model, so it was left alone.",
    });
    expect(server.models().find(({ name }) => name === "llama3.1:8b-8k")?.family).toBe("qwen3");
  });

  it("replaces the model that was agreed to, and no other of the name", async () => {
    const system = await systemOf();
    const digest = async () => (await system.client.models()).find(({ name }) => name === "llama3.1:8b-8k")?.digest;
    await server.put(variant({ parameters: { num_ctx: 4096 } }));
    const agreed = await digest();
    await server.put(variant({ parameters: { num_ctx: 4096, temperature: 1 } }));
    const step: Step = { ...VARIANT, replaces: agreed };
    expect(await runChange(journalOf([step]), optionsOf(system, keptIn()))).toMatchObject({ kind: "failed" });
    const result = await runChange(journalOf([{ ...VARIANT, replaces: await digest() }]), optionsOf(system, keptIn()));
    expect(standOf(result.journal)).toEqual(["done made"]);
    expect(canUndo(result.journal)).toBe(false);
  });

  it("says that a model does not load, in Ollama's words", async () => {
    const system = await systemOf();
    await server.restart({ loadError: () => "llama-server process has terminated: exit status 1" });
    const result = await runChange(journalOf([{ ...LOAD, name: "llama3.1:8b" }]), optionsOf(system, keptIn()));
    expect(result).toMatchObject({ kind: "failed", reason: expect.stringContaining("exit status 1"), isLeft: false });
  });

  it("sets nothing where somebody else has set another limit since it was planned", async () => {
    const system = await systemOf();
    mac.sysctls.set(SYSCTL, "60000");
    const result = await runChange(journalOf([LIMIT]), optionsOf(system, keptIn()));
    expect(result).toMatchObject({ kind: "failed", isLeft: false, reason: expect.stringContaining("60,000 MiB") });
    expect(mac.prompts).toEqual([]);
  });

  it("stops before the next step where another window has taken the lock, and writes nothing over its journal", async () => {
    const system = await systemOf();
    const storage = keptIn();
    let isOurs = true;
    const other = journalOf([KV]);
    const watched: ChangeSystem = {
      ...system,
      run: async (...call) => {
        const result = await system.run(...call);
        if (isOurs && mac.prompts.length > 0) {
          isOurs = false;
          await writeJournal(storage, other);
        }
        return result;
      },
    };
    const result = await runChange(journalOf([LIMIT, VARIANT]), {
      ...optionsOf(watched, storage),
      lock: { isOurs: async () => isOurs },
    });
    expect(result).toMatchObject({ kind: "failed", reason: "Another window has taken over.", isLeft: true });
    expect(names()).not.toContain("llama3.1:8b-8k");
    expect(await keptJournal(storage)).toEqual(other);
  });
});

describe("a step that failed is looked at before it is forgotten", () => {
  it.each([
    ["a prompt that was given up while its command went on", { timeoutReached: "applied" }],
    ["osascript killed, its root child 0.3 s behind", { promptKilled: true }],
  ] as const)("%s: the limit is set, kept and taken back", async (_, faults) => {
    const system = await systemOf({ faults });
    const storage = keptIn();
    const result = await runChange(journalOf([LIMIT]), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(57_344);
    expect(result).toMatchObject({ kind: "finished", notes: [{ message: "In force: 57344." }] });
    const journal = await keptJournal(storage);
    expect(standOf(journal)).toEqual(["done made"]);
    mac.faults = {};
    await runChange(newUndo(journal, NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(0);
  });

  it("a limit that was set without its LaunchDaemon, behind a prompt that was given up, is taken back", async () => {
    const system = await systemOf({ faults: { timeoutReached: "applied", lintFails: true } });
    const storage = keptIn();
    const result = await runChange(journalOf([{ ...LIMIT, daemon: "install" }]), optionsOf(system, storage));
    expect([mac.limitMib(), mac.daemons.size]).toEqual([57_344, 0]);
    expect(result).toMatchObject({ kind: "failed", isLeft: true, entry: { effect: { kind: "made" } } });
    mac.faults = {};
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(0);
  });

  it("a limit that was there without its LaunchDaemon isn't the change's to take back", async () => {
    const system = await systemOf({ overrideMib: 57_344, faults: { wrongPassword: true } });
    const storage = keptIn();
    const result = await runChange(journalOf([{ ...LIMIT, daemon: "install" }]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind: "failed", isLeft: false, entry: { effect: { kind: "none" } } });
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("another value than asked for is taken back from where it is", async () => {
    const system = await systemOf({ faults: { lies: 1000 } });
    mac.faults = {};
    const storage = keptIn();
    const lying: ChangeSystem = { ...system, beforePrompt: async () => void (mac.faults = { lies: 1000 }) };
    const result = await runChange(journalOf([LIMIT, LOAD]), optionsOf(lying, storage));
    expect(result).toMatchObject({ kind: "failed", isLeft: true, entry: { effect: { kind: "made" } } });
    expect(stepsBack(await keptJournal(storage))).toMatchObject([{ mib: 0, beforeMib: 1000 }]);
    mac.faults = {};
    mac.sysctls.set(SYSCTL, "1000");
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(0);
  });

  it.each(["set", "not set"])("a limit that can't be read back is kept as unknown; it was %s", async (was) => {
    const system = await systemOf();
    const storage = keptIn();
    if (was === "not set") mac.faults = { timeoutReached: true };
    const blind: ChangeSystem = {
      ...system,
      beforePrompt: async () => void (mac.faults = { ...mac.faults, sysctlHangs: true }),
    };
    const result = await runChange(journalOf([LIMIT]), optionsOf(blind, storage));
    expect(result).toMatchObject({ kind: "failed", isLeft: true, entry: { effect: { kind: "unknown" } } });
    const left = await keptJournal(storage);
    expect(stepsBack(left)).toMatchObject([{ mib: 0, beforeMib: 57_344 }]);
    mac.faults = {};
    expect(standOf(await reviewJournal(system, left))).toEqual([was === "set" ? "done unknown" : "waiting none"]);
    await runChange(newUndo(left, NOW), optionsOf(system, storage));
    expect(mac.limitMib()).toBe(0);
    expect(mac.prompts).toHaveLength(was === "set" ? 2 : 1);
  });

  it("a stream that is cut after the variant was made: it is made", async () => {
    const system = await systemOf();
    const storage = keptIn();
    server.fault("create", { kind: "halfStream" });
    const result = await runChange(journalOf([VARIANT]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind: "finished" });
    await runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));
    expect(names()).not.toContain("llama3.1:8b-8k");
  });

  it("a variant that the server makes a second after the connection broke is made", async () => {
    const system = await systemOf();
    server.fault("create", { kind: "refuse" });
    const late: ChangeSystem = { ...system, pause: () => server.put(variant()) };
    const result = await runChange(journalOf([VARIANT]), optionsOf(late, keptIn()));
    expect(standOf(result.journal)).toEqual(["done made"]);
  });

  it("a server that dies after making the variant: kept as unknown, found once it is back", async () => {
    const system = await systemOf();
    const storage = keptIn();
    server.fault("create", { kind: "dies" });
    const result = await runChange(journalOf([VARIANT]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind: "failed", isLeft: true, entry: { effect: { kind: "unknown" } } });
    const left = await keptJournal(storage);
    expect(standOf(await reviewJournal(system, left))).toEqual(["failed unknown"]);
    server.fault("create", undefined);
    await server.restart();
    expect(names()).toContain("llama3.1:8b-8k");
    const reviewed = await reviewJournal(system, left);
    expect(standOf(reviewed)).toEqual(["done unknown"]);
    await runChange(newUndo(reviewed, NOW), optionsOf(system, storage));
    expect(names()).not.toContain("llama3.1:8b-8k");
  });

  it("a stop that comes after the variant was made keeps it, and stops before the next step", async () => {
    const stop = new AbortController();
    const system = { ...(await systemOf()), signal: stop.signal };
    const storage = keptIn();
    server.fault("create", { kind: "hang" });
    setTimeout(() => stop.abort(), 300);
    const result = await runChange(journalOf([VARIANT, LOAD]), optionsOf(system, storage));
    expect(names()).toContain("llama3.1:8b-8k");
    expect(result).toMatchObject({ kind: "cancelled", entry: { step: LOAD }, isLeft: true });
    expect(canUndo(await keptJournal(storage))).toBe(true);
  });

  it("launchctl that can't be asked changes nothing", async () => {
    const system = await systemOf({ faults: { stuck: ["/bin/launchctl"] } });
    const result = await runChange(journalOf([KV]), optionsOf(system, keptIn()));
    expect(result).toMatchObject({ kind: "failed", isLeft: false, reason: "Couldn't read OLLAMA_KV_CACHE_TYPE." });
  });
});

describe("undoing what was done", () => {
  const undo = async (system: ChangeSystem, storage: Storage) =>
    runChange(newUndo(await keptJournal(storage), NOW), optionsOf(system, storage));

  it("gives the limit back and deletes the variant, and keeps no journal of it", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT, VARIANT, LOAD]), optionsOf(system, storage));
    expect((await undo(system, storage)).kind).toBe("finished");
    expect(mac.limitMib()).toBe(0);
    expect(names()).toEqual(["llama3.1:8b", "qwen3:8b"]);
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it("leaves a variant alone that existed already, made by hand with its own system prompt", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await server.put(variant({ system: "You are mine." }));
    const result = await runChange(journalOf([LIMIT, VARIANT]), optionsOf(system, storage));
    expect(standOf(result.journal)).toEqual(["done made", "done found"]);
    await undo(system, storage);
    expect(mac.limitMib()).toBe(0);
    expect(names()).toContain("llama3.1:8b-8k");
  });

  it.each([
    ["another context", { parameters: { num_ctx: 4096 } }],
    ["a system prompt", { system: "You are mine." }],
    ["another file", { weights: sampleModel("qwen3:8b").weights }],
  ])("leaves a variant alone that has got %s since, and undoes the rest", async (_, changes) => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT, VARIANT]), optionsOf(system, storage));
    await server.put(variant(changes));
    const undone = await undo(system, storage);
    expect(undone).toMatchObject({ kind: "finished", notes: [{ message: expect.stringContaining("left alone") }] });
    expect(mac.limitMib()).toBe(0);
    expect(names()).toContain("llama3.1:8b-8k");
  });

  it("leaves a variant alone that was made by hand while it wasn't known whether the change had made it", async () => {
    const system = await systemOf();
    const storage = keptIn();
    server.fault("create", { kind: "dies" });
    await runChange(journalOf([VARIANT]), optionsOf(system, storage));
    server.fault("create", undefined);
    await server.restart();
    await server.put(variant({ system: "You are mine." }));
    await undo(system, storage);
    expect(names()).toContain("llama3.1:8b-8k");
  });

  it("leaves a limit alone that somebody has set since", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT]), optionsOf(system, storage));
    mac.sysctls.set(SYSCTL, "60000");
    const undone = await undo(system, storage);
    expect(undone).toMatchObject({ kind: "finished", notes: [{ message: expect.stringContaining("60,000 MiB") }] });
    expect(mac.limitMib()).toBe(60_000);
    expect(mac.prompts).toHaveLength(1);
  });

  it("leaves a KV cache type alone that somebody has set since", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([KV]), optionsOf(system, storage));
    mac.launchctlEnv.set("OLLAMA_KV_CACHE_TYPE", "q4_0");
    await undo(system, storage);
    expect(mac.launchctlEnv.get("OLLAMA_KV_CACHE_TYPE")).toBe("q4_0");
  });

  it("keeps the change where the undo changed nothing, so that it can be undone later", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT]), optionsOf(system, storage));
    const change = await keptJournal(storage);
    mac.faults = { cancel: true };
    expect(await undo(system, storage)).toMatchObject({ kind: "cancelled", isLeft: false });
    expect(await keptJournal(storage)).toEqual(change);
    mac.faults = {};
    await undo(system, storage);
    expect(mac.limitMib()).toBe(0);
  });

  it("keeps the undo where only part of it was done, and goes on with it", async () => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([LIMIT, VARIANT]), optionsOf(system, storage));
    server.fault("delete", { kind: "http500" });
    const half = await undo(system, storage);
    expect(half).toMatchObject({ kind: "failed", isLeft: true });
    server.fault("delete", undefined);
    const left = await keptJournal(storage);
    expect(standOf(left)).toEqual(["done made", "failed none"]);
    expect(await runChange(left, optionsOf(system, storage))).toMatchObject({ kind: "finished" });
    expect(names()).not.toContain("llama3.1:8b-8k");
    expect(await readJournal(storage)).toEqual({ kind: "none" });
  });

  it.each(["halfStream", "refuse", "dies"] as const)("finds out where deleting is answered with %s", async (kind) => {
    const system = await systemOf();
    const storage = keptIn();
    await runChange(journalOf([VARIANT]), optionsOf(system, storage));
    server.fault("delete", { kind });
    const result = await undo(system, storage);
    const isGone = !names().includes("llama3.1:8b-8k");
    expect(isGone).toBe(kind !== "refuse");
    expect(result.kind).toBe(kind === "halfStream" ? "finished" : "failed");
    // Nothing that is still there, or may be, is forgotten.
    expect((await readJournal(storage)).kind).toBe(result.kind === "finished" ? "none" : "journal");
  });
});

describe("storage that fails", () => {
  const failing = (storage: Storage, fails: (write: number) => boolean): Storage => {
    let writes = 0;
    return {
      ...storage,
      set: async (key, text) => {
        writes += 1;
        if (fails(writes)) throw new Error("disk full");
        await storage.set(key, text);
      },
    };
  };

  it("begins nothing that can't be written down", async () => {
    const system = await systemOf();
    const storage = failing(keptIn(), () => true);
    const result = await runChange(journalOf([LIMIT]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind: "failed", isLeft: false, reason: expect.stringContaining("disk full") });
    expect(mac.prompts).toEqual([]);
    expect(mac.limitMib()).toBe(0);
  });

  it.each([1, 2, 3, 4, 5, 6])("from write %d on: what was made is known, or found again", async (from) => {
    const system = await systemOf();
    const kept = keptIn();
    const storage = failing(kept, (write) => write >= from);
    const result = await runChange(journalOf([LIMIT, VARIANT, LOAD]), optionsOf(system, storage));
    const isLimitMade = mac.limitMib() !== 0;
    const isVariantMade = names().includes("llama3.1:8b-8k");
    const made = [...(isLimitMade ? ["set-limit"] : []), ...(isVariantMade ? ["remove-variant"] : [])];
    expect(stepsBack(result.journal).map(({ kind }) => kind)).toEqual(made);
    const read = await readJournal(kept);
    const back = read.kind === "journal" ? stepsBack(await reviewJournal(system, read.journal)) : [];
    expect(back.map(({ kind }) => kind)).toEqual(made);
  });

  it("does not spoil a change by a load that can't be kept", async () => {
    const system = await systemOf();
    const kept = keptIn();
    const storage: Storage = {
      ...kept,
      set: async (key, text) => {
        if (key === "load-history") throw new Error("disk full");
        await kept.set(key, text);
      },
    };
    const result = await runChange(journalOf([VARIANT, LOAD]), optionsOf(system, storage));
    expect(result).toMatchObject({ kind: "finished", load: { report: { kind: "on-gpu" } } });
  });
});

describe("a journal held against the system", () => {
  const stands = async (system: ChangeSystem, ...given: ("done made" | "running unknown" | "failed none")[]) => {
    const journal = journalOf([LIMIT, VARIANT, LOAD]);
    const backs: readonly Step[] = [
      { kind: "set-limit", mib: 0, beforeMib: 57_344, daemon: "keep" },
      { kind: "remove-variant", name: "llama3.1:8b-8k", made: { source: "llama3.1:8b", numCtx: 8192 } },
    ];
    const entries = journal.entries.map((entry, index) => {
      const undo = backs.slice(index, index + 1);
      switch (given[index]) {
        case "done made":
          return { step: entry.step, state: "done", effect: { kind: "made", undo } } as const;
        case "running unknown":
          return { step: entry.step, state: "running", effect: { kind: "unknown", undo } } as const;
        case "failed none":
          return { step: entry.step, state: "failed", effect: { kind: "none" } } as const;
        default:
          return entry;
      }
    });
    return standOf(await reviewJournal(system, { ...journal, entries }));
  };
  const WAITING = "waiting none";

  it("finds a step done that was cut off after it took effect, and one not done that was cut off before", async () => {
    const system = await systemOf();
    expect(await stands(system, "running unknown")).toEqual([WAITING, WAITING, WAITING]);
    mac.sysctls.set(SYSCTL, "57344");
    expect(await stands(system, "running unknown")).toEqual(["done unknown", WAITING, WAITING]);
    expect(await stands(system, "done made", "running unknown")).toEqual(["done made", WAITING, WAITING]);
    await server.put(variant());
    expect(await stands(system, "done made", "running unknown")).toEqual(["done made", "done unknown", WAITING]);
    expect(await stands(system, "done made", "failed none")).toEqual(["done made", "done found", WAITING]);
  });

  it("finds that a restart of the Mac took the limit back", async () => {
    const system = await systemOf();
    mac.sysctls.set(SYSCTL, "57344");
    mac.reboot();
    expect(await stands(system, "done made", "failed none")).toEqual([WAITING, "failed none", WAITING]);
  });

  it("leaves as it was written what can't be read now, and what somebody else has changed", async () => {
    const system = await systemOf();
    mac.sysctls.set(SYSCTL, "60000");
    expect(await stands(system, "done made")).toEqual(["done made", WAITING, WAITING]);
    expect(await stands(system, "running unknown")).toEqual(["failed unknown", WAITING, WAITING]);
    await server.stop();
    mac.faults = { sysctlHangs: true };
    expect(await stands(system, "done made", "running unknown")).toEqual(["done made", "running unknown", WAITING]);
  });
});

function daemonOf(mib: number): string {
  return `<plist><dict><key>Label</key><string>local.gpu-limit.wired-limit</string><key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string><string>iogpu.wired_limit_mb=${mib}</string></array></dict></plist>`;
}
