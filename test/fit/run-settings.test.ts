import { describe, expect, it } from "vitest";
import type { ModelParameters, ServerFacts } from "../../src/fit/facts";
import { automaticBatch } from "../../src/fit/automatic-batch";
import { type ModelRun, resolveRun, runAtContext, runSettings } from "../../src/fit/run-settings";
import type { RunInput } from "../../src/fit/run-input";
import { GIB, MIB } from "../../src/fit/units";
import { settingsOf } from "../../src/fit/verdict-text";
import type { MetadataValue } from "../../src/memory/metadata";
import { described, installed, lacking, logged, measured, SERVER, withKeys } from "./inputs";

const qwen = measured("qwen3-8b");
const CONTEXT_KEY = "qwen3.context_length";

function inputOf(changes: Partial<RunInput> = {}): RunInput {
  return {
    model: installed(qwen),
    description: described(qwen.header),
    server: SERVER,
    options: { context: "effective" },
    limitBytes: 100 * GIB,
    ...changes,
  };
}

const server = (changes: Partial<ServerFacts>): ServerFacts => ({ ...SERVER, ...changes });
const without = (key: Exclude<keyof ServerFacts, "identity" | "runners">): ServerFacts => lacking(SERVER, key);
const parameters = (changes: Partial<ModelParameters>, capabilities: readonly string[] = ["completion"]) =>
  described(qwen.header, { parameters: { unreadable: [], ...changes }, capabilities });

function run(changes: Partial<RunInput> = {}): ModelRun {
  const resolved = resolveRun(inputOf(changes));
  if ("kind" in resolved) throw new Error(resolved.reason);
  return resolved;
}

describe("the context of a model that's loaded", () => {
  const ruled = { server: server({ tierNumCtx: logged(32_768) }) };
  const at = (loadedContext: number, changes: Partial<RunInput> = {}) => run({ ...ruled, loadedContext, ...changes });

  it("was asked for by a client where Ollama's rules give another", () => {
    expect(at(40_960)).toMatchObject({
      numCtx: { value: 40_960, source: "asked for by a client", assumed: false },
      isAskedByClient: true,
      contextFollowsLimit: false,
    });
    expect(at(8192, { description: parameters({ numCtx: 16_384 }) }).numCtx.source).toBe("asked for by a client");
  });

  it("is what Ollama takes where the rules give the same", () => {
    expect(at(32_768)).toMatchObject({
      numCtx: { source: "Ollama's default (server log)" },
      isAskedByClient: false,
      contextFollowsLimit: true,
    });
    // More than it was trained for is cut, as Ollama does.
    const asksMore = parameters({ numCtx: 262_144 });
    expect(at(40_960, { description: asksMore }).isAskedByClient).toBe(false);
  });

  it("is just what is loaded where the rule isn't known, or Ollama lowers its default itself", () => {
    const none = { isAskedByClient: false, staysWhenReloaded: false };
    expect(at(4096)).toMatchObject({ numCtx: { value: 4096, source: "as it's loaded now" }, ...none });
    const guessed = { server: lacking(without("startupTotalBytes"), "contextLength") };
    expect(at(8192, guessed)).toMatchObject({ numCtx: { source: "as it's loaded now, whoever chose it" } });
    expect(at(8192, { ...guessed, limitBytes: undefined }).numCtx.value).toBe(8192);
  });

  it("is what the next load gets where a client asked for it or nothing known explains it", () => {
    const guessed = { server: lacking(without("startupTotalBytes"), "contextLength") };
    expect(at(40_960).staysWhenReloaded).toBe(true);
    expect(at(8192, guessed)).toMatchObject({ isAskedByClient: false, staysWhenReloaded: true });
    expect(at(32_768).staysWhenReloaded).toBe(false);
    expect(at(40_960, { options: { context: 8192 } }).staysWhenReloaded).toBe(false);
  });

  it("doesn't count where the model is judged as Ollama would load it, or at a chosen context", () => {
    expect(at(40_960, { options: { context: "default" } })).toMatchObject({
      numCtx: { value: 32_768 },
      isAskedByClient: false,
      contextFollowsLimit: true,
    });
    expect(at(40_960, { options: { context: 8192 } })).toMatchObject({
      numCtx: { value: 8192 },
      isAskedByClient: false,
    });
  });
});

describe("the context that Ollama would use", () => {
  it("is the Modelfile's before everything else", () => {
    const numCtx = run({
      description: parameters({ numCtx: 8192 }),
      server: server({ contextLength: logged(16_384), tierNumCtx: logged(32_768) }),
    }).numCtx;
    expect(numCtx).toEqual({ value: 8192, source: "Modelfile (num_ctx)", assumed: false });
  });

  it("is OLLAMA_CONTEXT_LENGTH before the tier", () => {
    const numCtx = run({ server: server({ contextLength: logged(16_384), tierNumCtx: logged(32_768) }) }).numCtx;
    expect(numCtx).toEqual({ value: 16_384, source: "OLLAMA_CONTEXT_LENGTH (server log)", assumed: false });
  });

  it("is the logged tier before the one worked out from the start-up total", () => {
    const facts = server({ tierNumCtx: logged(4096), startupTotalBytes: logged(30 * GIB) });
    expect(run({ server: facts }).numCtx).toEqual({
      value: 4096,
      source: "Ollama's default (server log)",
      assumed: false,
    });
  });

  it("is the tier of the start-up total, not of the limit in force now", () => {
    const facts = server({ startupTotalBytes: logged(30 * GIB) });
    expect(run({ server: facts, limitBytes: 20 * GIB }).numCtx).toMatchObject({ value: 32_768, assumed: false });
  });

  it("is assumed from the limit where the server told nothing", () => {
    const numCtx = run({ server: without("startupTotalBytes"), limitBytes: 30 * GIB }).numCtx;
    expect(numCtx).toMatchObject({ value: 32_768, assumed: true });
    expect(numCtx.source).toContain("30.0 GiB");
  });

  it("takes the overhead off before the tier", () => {
    const facts = { startupTotalBytes: logged(24 * GIB), gpuOverheadBytes: logged(2 * GIB) };
    expect(run({ server: server(facts) }).numCtx.value).toBe(4096);
    const unlogged = { ...without("startupTotalBytes"), gpuOverheadBytes: logged(2 * GIB) };
    expect(run({ server: unlogged, limitBytes: 24 * GIB }).numCtx.value).toBe(4096);
  });

  it("is a tier only by assumption where OLLAMA_CONTEXT_LENGTH or the version is not known", () => {
    expect(run({ server: without("contextLength") }).numCtx.assumed).toBe(true);
    expect(run({ server: { ...without("version"), tierNumCtx: logged(32_768) } }).numCtx.assumed).toBe(true);
    expect(run({ server: without("contextLength"), description: parameters({ numCtx: 8192 }) }).numCtx.assumed).toBe(
      false,
    );
  });

  it("is unknown where nothing tells the GPU memory, and where num_ctx is no number", () => {
    const noLimit = lacking(inputOf({ server: without("startupTotalBytes") }), "limitBytes");
    expect(resolveRun(noLimit)).toMatchObject({ kind: "unknown" });
    expect(resolveRun(inputOf({ description: parameters({ unreadable: ["num_ctx"] }) }))).toMatchObject({
      kind: "unknown",
      reason: expect.stringContaining("num_ctx"),
    });
  });

  it.each([0, -1, 3])("is never below 4: num_ctx %d", (numCtx) => {
    const chosen = run({ description: parameters({ numCtx }) }).numCtx;
    expect(chosen.value).toBe(4);
    expect(chosen.source).toContain("minimum of 4");
  });

  it("is at least 2048 for a model that sees", () => {
    const sees = ["completion", "vision"];
    expect(run({ description: parameters({ numCtx: 512 }, sees) }).numCtx.value).toBe(2048);
    expect(run({ description: parameters({ numCtx: 0 }, sees) }).numCtx.value).toBe(2048);
    expect(run({ description: parameters({ numCtx: 2049 }, sees) }).numCtx.value).toBe(2049);
    const listed = installed(qwen, { capabilities: sees });
    expect(run({ model: listed, description: parameters({ numCtx: 512 }, []) }).numCtx.value).toBe(2048);
  });

  it("is cut to the trained context, after it was raised", () => {
    const cut = run({ description: parameters({ numCtx: 1_000_000 }) });
    expect(cut.numCtx.value).toBe(40_960);
    expect(cut.trainedContext).toBe(40_960);
    expect(cut.numCtx.source).toContain("trained context");
    const short = described(withKeys(qwen.header, { [CONTEXT_KEY]: 1024 }), { capabilities: ["completion", "vision"] });
    expect(run({ description: short }).numCtx.value).toBe(1024);
  });

  it("takes the trained context from the list where the metadata lacks it, and no cap where both do", () => {
    const description = described(withKeys(qwen.header, { [CONTEXT_KEY]: undefined }));
    expect(run({ description, model: installed(qwen, { trainedContext: 9000 }) }).numCtx.value).toBe(9000);
    const uncapped = run({ description, server: server({ contextLength: logged(999_424) }) });
    expect(uncapped.numCtx.value).toBe(999_424);
    expect(uncapped).not.toHaveProperty("trainedContext", expect.anything());
    expect(resolveRun(inputOf({ description, options: { context: "trained" } }))).toMatchObject({ kind: "unknown" });
  });

  it("gives way to the context the person judges at", () => {
    const description = parameters({ numCtx: 8192 });
    expect(run({ description, options: { context: "trained" } }).numCtx.value).toBe(40_960);
    expect(run({ description, options: { context: 16_384 } }).numCtx).toEqual({
      value: 16_384,
      source: "chosen to judge at",
      assumed: false,
    });
    expect(run({ description, options: { context: 262_144 } }).numCtx.value).toBe(40_960);
  });

  it.each([
    ["0.15.5", "qwen3", 51.8, 40_960],
    ["0.15.4", "qwen3", 51.8, 4096],
    ["0.6.7", "qwen3", 51.8, 4096],
    ["0.6.6", "qwen3", 51.8, 2048],
    ["0.12.0", "gptoss", 20, 8192],
    ["0.12.0", "gpt-oss", 20, 8192],
    ["0.12.0", "gptoss", 19.9, 4096],
    ["0.11.3", "gptoss", 51.8, 4096],
    ["0.13.0", "qwen3vlmoe", 51.8, 8192],
    ["0.12.9", "qwen3vl", 51.8, 4096],
  ])("on Ollama %s for %s with %d GiB is %d", (version, family, gib, numCtx) => {
    const facts = server({ version, startupTotalBytes: logged(gib * GIB) });
    expect(run({ server: facts, model: installed(qwen, { family }) }).numCtx.value).toBe(numCtx);
  });
});

describe("slots", () => {
  const four = server({ parallel: logged(4) });

  it("are the preference's, the server's, or assumed to be 1", () => {
    expect(run({ server: four, options: { context: "effective", parallel: 2 } }).parallel).toEqual({
      value: 2,
      source: "preferences",
      assumed: false,
    });
    expect(run({ server: four }).parallel).toEqual({ value: 4, source: "server log", assumed: false });
    expect(run({ server: without("parallel") }).parallel).toMatchObject({ value: 1, assumed: true });
    expect(run({ server: server({ parallel: logged(0) }) }).parallel).toMatchObject({ value: 1, assumed: true });
  });

  it.each(["mllama", "qwen3vl", "qwen35moe", "qwen3next", "lfm2", "nemotron_h"])("are forced to 1 for %s", (family) => {
    const forced = run({
      server: four,
      model: installed(qwen, { family }),
      options: { context: "effective", parallel: 8 },
    });
    expect(forced.parallel).toMatchObject({ value: 1, assumed: false });
  });

  it("are forced to 1 by the architecture where the list names no family", () => {
    const next = measured("qwen3-coder-next");
    const model = lacking(installed(next), "family");
    expect(run({ server: four, model, description: described(next.header) }).parallel.value).toBe(1);
  });

  it("are forced to 1 for a model that only embeds", () => {
    expect(run({ server: four, description: parameters({}, ["embedding"]) }).parallel.value).toBe(1);
    expect(run({ server: four, description: parameters({}, ["embedding", "completion"]) }).parallel.value).toBe(4);
  });
});

describe("the KV cache type", () => {
  it("is the preference's, the server's in any case, or f16", () => {
    const facts = server({ kvCacheType: logged("Q8_0") });
    expect(run({ server: facts, options: { context: "effective", kvCacheType: "q4_0" } }).kvCacheType).toMatchObject({
      value: "q4_0",
      source: "preferences",
    });
    expect(run({ server: facts }).kvCacheType).toEqual({ value: "q8_0", source: "server log", assumed: false });
    expect(run().kvCacheType).toMatchObject({ value: "f16", assumed: false });
    expect(run({ server: without("kvCacheType") }).kvCacheType).toMatchObject({ value: "f16", assumed: true });
  });

  it("that llama.cpp does not know makes the run unknown", () => {
    expect(resolveRun(inputOf({ server: server({ kvCacheType: logged("q3_x") }) }))).toEqual({
      kind: "unknown",
      reason: expect.stringContaining('"q3_x"'),
    });
    const forging = resolveRun(inputOf({ server: server({ kvCacheType: logged("q8_0\u202e\n\u001b[2J") }) }));
    expect(forging).toMatchObject({ reason: expect.stringContaining('is "q8_0 [2J" (') });
  });
});

describe("flash attention", () => {
  it("is what the server says, or Ollama's auto by assumption", () => {
    expect(run({ server: server({ flashAttention: logged("off") }) }).flashAttention).toMatchObject({
      value: "off",
      assumed: false,
    });
    expect(run({ server: without("flashAttention") }).flashAttention).toMatchObject({ value: "auto", assumed: true });
  });
});

describe("Ollama's automatic batch", () => {
  it.each([
    [4_096, 512],
    [4_097, 1024],
    [32_768, 1024],
    [32_769, 2048],
  ])("for %d tokens over all slots is %d", (tokens, batch) => {
    expect(automaticBatch(GIB, tokens, 1000 * GIB)).toBe(batch);
    expect(automaticBatch(undefined, tokens, 1000 * GIB)).toBe(batch);
    expect(automaticBatch(GIB, tokens, undefined)).toBe(batch);
  });

  // At 100 GiB: 2048 up to 60 (and with 2 more below 80), 1024 up to 75 (and with 0.75 more below 80).
  it.each([
    [60, 40_000, 2048],
    [60.01, 40_000, 1024],
    [75, 40_000, 1024],
    [75.01, 40_000, 512],
    [75, 32_768, 1024],
    [75.01, 32_768, 512],
    [99, 4_096, 512],
  ])("steps down on 100 GiB: %d GiB predicted at %d tokens is %d", (gib, tokens, batch) => {
    expect(automaticBatch(gib * GIB, tokens, 100 * GIB)).toBe(batch);
  });

  // At 5 GiB the 80 % with the surcharge bind first: 2 + 2 and 3.25 + 0.75 of 4.
  it.each([
    [2, 40_000, 2048],
    [2.01, 40_000, 1024],
    [3.25, 40_000, 1024],
    [3.26, 40_000, 512],
  ])("keeps its surcharge under 80 %% of 5 GiB: %d GiB at %d tokens is %d", (gib, tokens, batch) => {
    expect(automaticBatch(gib * GIB, tokens, 5 * GIB)).toBe(batch);
  });

  it("counts the context of all slots", () => {
    const options = { context: 4096 } as const;
    expect(run({ options }).batch.value).toBe(512);
    expect(run({ options, server: server({ parallel: logged(2) }) }).batch.value).toBe(1024);
    expect(run({ options: { context: 32_768 }, server: server({ parallel: logged(2) }) }).batch.value).toBe(2048);
  });

  it("gives way to the Modelfile, to embedding and to older servers", () => {
    const options = { context: 40_960 } as const;
    expect(run({ options }).batch.value).toBe(2048);
    expect(run({ options, description: parameters({ numBatch: 64 }) }).batch).toMatchObject({
      value: 64,
      source: "Modelfile (num_batch)",
    });
    expect(run({ options, description: parameters({}, ["embedding"]) }).batch.value).toBe(2048);
    expect(run({ options: { context: 300 }, description: parameters({}, ["embedding"]) }).batch.value).toBe(300);
    expect(run({ options, server: server({ version: "0.29.9" }) }).batch.value).toBe(512);
  });

  it("steps down by Ollama's prediction for the GPU it started with", () => {
    // 4.68 GiB of file and 2 × 36 × 8 × (4096 / 32) × 2 bytes = 144 KiB a token: 10.3 GiB at 40,960 tokens.
    const at = (gib: number) =>
      run({ options: { context: 40_960 }, server: server({ startupTotalBytes: logged(gib * GIB) }) }).batch.value;
    const predicted = qwen.weights + 147_456 * 40_960;
    const edge = Math.max(predicted / 0.6, (predicted + 2 * GIB) / 0.8) / GIB;
    expect(at(edge + 0.01)).toBe(2048);
    expect(at(edge - 0.01)).toBe(1024);
    expect(
      run({ options: { context: 40_960 }, server: without("startupTotalBytes"), limitBytes: 8 * GIB }).batch.value,
    ).toBe(512);
  });

  it("stays at the largest where the prediction's keys are missing", () => {
    const small = server({ startupTotalBytes: logged(8 * GIB) });
    for (const changes of [
      { "qwen3.block_count": undefined },
      { "qwen3.embedding_length": undefined },
      { "qwen3.attention.head_count": undefined },
    ]) {
      const description = described(withKeys(qwen.header, changes));
      expect(run({ options: { context: 40_960 }, server: small, description }).batch.value).toBe(2048);
    }
  });
});

describe("the prediction behind the batch", () => {
  const at = (tokens: number, gib: number, heads: MetadataValue | undefined) =>
    run({
      options: { context: tokens },
      server: server({ startupTotalBytes: logged(gib * GIB) }),
      description: described(withKeys(qwen.header, { "qwen3.attention.head_count_kv": heads })),
    }).batch.value;

  it("takes the fewest KV heads of an array, at least one, and one where its elements were left out", () => {
    for (const gib of [10, 12, 14, 16, 18, 20]) {
      const one = at(40_960, gib, 1);
      expect(at(40_960, gib, [8, 1, 8])).toBe(one);
      expect(at(40_960, gib, [8, 0, 8])).toBe(one);
      expect(at(40_960, gib, { omitted: true })).toBe(one);
    }
    expect([at(40_960, 12, 1), at(40_960, 12, 8)]).toEqual([2048, 512]);
  });

  it("takes all heads where no KV heads are named", () => {
    for (const gib of [16, 24, 32, 48, 64]) expect(at(40_960, gib, undefined)).toBe(at(40_960, gib, 32));
  });
});

describe("what is kept free", () => {
  it.each([
    ["0.33.0", 1024],
    ["0.30.0", 1024],
    ["0.29.9", 512],
    [undefined, 1024],
  ])("on Ollama %s is %d MiB", (version, mib) => {
    const facts = version === undefined ? without("version") : server({ version });
    expect(run({ server: facts }).margin.value).toBe(mib * MIB);
  });

  it("is LLAMA_ARG_FIT_TARGET where it is set, which older servers do not know", () => {
    expect(run({ server: server({ fitTargetMib: logged(4096) }) }).margin).toMatchObject({
      value: 4 * GIB,
      source: "LLAMA_ARG_FIT_TARGET (server log)",
    });
    expect(run({ server: server({ fitTargetMib: logged(4096), version: "0.24.0" }) }).margin.value).toBe(512 * MIB);
  });

  it("includes OLLAMA_GPU_OVERHEAD only on older servers", () => {
    const overhead = { gpuOverheadBytes: logged(GIB) };
    expect(run({ server: server({ ...overhead, version: "0.24.0" }) }).margin.value).toBe(1536 * MIB);
    expect(run({ server: server(overhead) }).margin.value).toBe(GIB);
  });
});

describe("the generation of llama.cpp", () => {
  it.each([
    ["0.24.0", "b10488", "b10488 or older"],
    ["0.33.0", "b10488", "b10488 or older"],
    ["0.33.1", "v0.5.0", "the newer rules are taken"],
    ["0.34.0", "v0.5.0", "b10760"],
    ["0.34.2", "v0.5.0", "b10969"],
  ])("in Ollama %s is %s", (version, value, how) => {
    const source = expect.stringContaining(how);
    expect(run({ server: server({ version }) }).runtime).toEqual({ value, source, assumed: false });
  });

  it.each(["0.34.3", "0.40.15", "1.2.0", "0.0.0", "nightly", undefined])(
    "is the newest known in Ollama %s, which the detail says",
    (version) => {
      const judged = run({ server: server({ version }) });
      expect(judged.runtime).toMatchObject({ value: "v0.5.0", assumed: true });
      expect(settingsOf(judged)).toContainEqual({
        title: "Memory Rules",
        text: expect.stringMatching(/^llama\.cpp v0\.5\.0 · assumed: .*rules checked up to 0\.34\.2$/),
      });
    },
  );

  it("makes older servers a caution", () => {
    expect(run({ server: server({ version: "0.29.9" }) }).cautions).toHaveLength(1);
    expect(run().cautions).toEqual([]);
  });
});

describe("a run at another context", () => {
  it("differs in context and batch only, follows no limit, and is what the estimate takes", () => {
    const input = inputOf({ server: server({ parallel: logged(4), kvCacheType: logged("q8_0") }) });
    const start = run(input);
    const other = runAtContext(input, start, 1024);
    expect(runSettings(other)).toEqual({
      numCtx: 1024,
      parallel: 4,
      kvCacheType: "q8_0",
      flashAttention: "auto",
      batch: 512,
      runtime: "b10488",
    });
    expect([start.contextFollowsLimit, other.contextFollowsLimit]).toEqual([true, false]);
    expect({ ...other, numCtx: start.numCtx, batch: start.batch, contextFollowsLimit: true }).toEqual(start);
  });
});

describe("the command line of the llama-server that runs the file", () => {
  const blob = `/models/blobs/sha256-${"a".repeat(64)}`;
  const description = described(qwen.header, { weightsFile: blob });
  const line = { pid: 7, modelPath: blob, totalContext: 32_768, parallel: 4, batch: 256 } as const;
  const running = (changes: object = {}) =>
    server({ parallel: logged(1), kvCacheType: logged("q8_0"), runners: [{ ...line, ...changes }] });

  it("beats every rule while the model is judged as it's loaded", () => {
    const own = run({ description, server: running({ flashAttention: "off" }), loadedContext: 8192 });
    expect(own).toMatchObject({ parallel: { value: 4 }, kvCacheType: { value: "f16" }, batch: { value: 256 } });
    expect(own.flashAttention).toEqual({ value: "off", source: "command line of the running model", assumed: false });
    const typed = run({ description, server: running({ kvCacheType: "q4_0" }), loadedContext: 8192 });
    expect(typed.kvCacheType.value).toBe("q4_0");
  });

  it("says nothing of another file, of one that isn't loaded, or of another context", () => {
    const rules = { parallel: { value: 1 }, kvCacheType: { value: "q8_0" } };
    expect(run({ description, server: running({ modelPath: "/b" }), loadedContext: 8192 })).toMatchObject(rules);
    expect(run({ description, server: running() })).toMatchObject(rules);
    const asked = { description, server: running(), loadedContext: 8192, options: { context: 4096 } };
    expect(run(asked)).toMatchObject(rules);
    expect(run({ description, server: running({ totalContext: 8192 }), loadedContext: 8192 }).batch.value).not.toBe(
      256,
    );
  });
});
