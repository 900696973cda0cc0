import { afterEach, describe, expect, it } from "vitest";
import { createOllamaClient } from "../../src/ollama/client";
import {
  createVariant,
  findVariant,
  lookForVariant,
  removeVariant,
  variantRefusal,
  type VariantRequest,
} from "../../src/ollama/variant";
import { type StandInOptions, sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";

let server: StandInOllama;
afterEach(() => server?.close());

async function create(changes: Partial<VariantRequest> = {}, options: StandInOptions = {}, timeoutMs = 5_000) {
  if (options !== SAME) {
    server = await startStandInOllama({
      models: [sampleModel("llama3.1:8b"), sampleModel("qwen3.6:27b-mlx"), sampleModel("gpt-oss:120b-cloud")],
      ...options,
    });
  }
  const client = createOllamaClient({ url: server.url, fetch, timeoutMs });
  return createVariant(client, {
    source: "llama3.1:8b",
    name: "llama3.1:8b-8k",
    numCtx: 8192,
    pause: async () => {},
    ...changes,
  });
}
/** Ask the server that already runs. */
const SAME: StandInOptions = {};
const names = () => server.models().map(({ name }) => name);
const clientOf = () => createOllamaClient({ url: server.url, fetch, timeoutMs: 300 });
const digestOf = async (name: string) => (await clientOf().models()).find((model) => model.name === name)?.digest ?? "";
const asked = (route: string) => server.requests.filter((request) => request.route === route);

describe("a variant", () => {
  it("is created with its context, says how far it is, and is read back", async () => {
    const steps: string[] = [];
    expect(await create({ onProgress: (step) => steps.push(step) })).toEqual({
      kind: "created",
      name: "llama3.1:8b-8k",
      digest: await digestOf("llama3.1:8b-8k"),
    });
    expect(server.models().find(({ name }) => name === "llama3.1:8b-8k")?.parameters).toEqual({ num_ctx: 8192 });
    expect(steps.at(-1)).toBe("success");
    expect(asked("create")[0]?.body).toMatchObject({
      model: "llama3.1:8b-8k",
      from: "llama3.1:8b",
      parameters: { num_ctx: 8192 },
    });
    expect(asked("show").map(({ body }) => body["model"])).toContain("llama3.1:8b-8k");
  });

  it("is made from the source as the server spells it", async () => {
    await create({ source: "LLAMA3.1:8B" });
    expect(asked("create")[0]?.body["from"]).toBe("llama3.1:8b");
    expect(server.pulls).toEqual([]);
  });

  it.each(["", "x:cloud", "x:8b-cloud", "x:local", "a/b/c/d", "../x", "x y"])(
    "of the name %j is refused without asking anybody",
    async (name) => {
      expect(await create({ name })).toEqual({ kind: "invalid-name" });
      expect(server.requests).toEqual([]);
    },
  );

  it.each([255, 256.5, Number.NaN, -1, 0, 2 ** 27 + 1, Number.POSITIVE_INFINITY])(
    "of a context of %d is refused without asking anybody",
    async (numCtx) => {
      expect(await create({ numCtx })).toEqual({ kind: "invalid-context" });
      expect(server.requests).toEqual([]);
    },
  );

  it("is never pulled: a source that is not there is named", async () => {
    expect(await create({ source: "mistral:7b" })).toEqual({ kind: "source-missing" });
    expect(asked("create")).toEqual([]);
    expect(server.pulls).toEqual([]);
  });

  it("never replaces a model unasked, whatever the case", async () => {
    await create();
    const again = await create({ name: "LLAMA3.1:8b-8K", numCtx: 4096 }, SAME);
    const digest = await digestOf("llama3.1:8b-8k");
    expect(again).toEqual({ kind: "name-taken", name: "llama3.1:8b-8k", digest });
    expect(asked("create")).toHaveLength(1);
    const other = await create({ name: "llama3.1:8b-8k", numCtx: 4096, replaces: "another" }, SAME);
    expect(other).toMatchObject({ kind: "name-taken", digest });
    const agreed = await create({ name: "llama3.1:8b-8k", numCtx: 4096, replaces: digest }, SAME);
    expect(agreed).toMatchObject({ kind: "created", name: "llama3.1:8b-8k" });
    expect(names().filter((name) => name === "llama3.1:8b-8k")).toHaveLength(1);
  });

  it.each([
    ["qwen3.6:27b-mlx", { kind: "mlx" }],
    ["gpt-oss:120b-cloud", { kind: "cloud" }],
  ])("of %s is refused", async (source, outcome) => {
    expect(await create({ source, name: "capped:8k" })).toEqual(outcome);
    expect(asked("create")).toEqual([]);
  });

  it("is refused on servers that would break it", async () => {
    expect(await create({}, { version: "0.12.6" })).toEqual({ kind: "too-old", version: "0.12.6" });
    expect(asked("create")).toEqual([]);
    await server.close();
    expect(await create({}, { version: "0.12.7" })).toMatchObject({ kind: "created" });
  });

  it("of a source that was replaced since it was judged is not made", async () => {
    await create();
    const sourceDigest = await digestOf("llama3.1:8b");
    expect(await create({ name: "one:8k", sourceDigest }, SAME)).toMatchObject({ kind: "created" });
    await server.put({ ...sampleModel("llama3.1:8b"), system: "Another one." });
    expect(await create({ name: "two:8k", sourceDigest }, SAME)).toEqual({ kind: "source-replaced" });
    expect(names()).not.toContain("two:8k");
  });

  it("that the person stops before it is asked for is cancelled", async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await create({ signal: stop.signal })).toEqual({ kind: "cancelled" });
    expect(asked("create")).toEqual([]);
  });

  it("that the server had made when the person stopped is said to be there, and left", async () => {
    const stop = new AbortController();
    const outcome = await create({ signal: stop.signal, onProgress: () => stop.abort() });
    expect(outcome).toMatchObject({ kind: "created", despite: "It was stopped too late." });
    expect(names()).toContain("llama3.1:8b-8k");
  });

  it("that reads back differently is not called created", async () => {
    await create();
    server.fault("show", {
      kind: "answer",
      body: JSON.stringify({ model_info: { "general.architecture": "llama" }, parameters: "num_ctx 4096" }),
    });
    expect(await create({ name: "other:8k" }, SAME)).toEqual({ kind: "not-as-asked", numCtx: 4096 });
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: {} }) });
    expect(await create({ name: "another:8k" }, SAME)).toEqual({ kind: "not-as-asked" });
  });

  const WORDS = expect.stringMatching(/^[A-Z].{5,300}$/s);

  it.each(["refuse", "http500", "garbage", "halfStream", "hang"] as const)(
    "fails with words where the server answers %s before anything is made",
    async (kind) => {
      await create();
      server.fault("tags", { kind });
      expect(await create({ name: "other:8k" }, SAME, 300)).toEqual({ kind: "failed", reason: WORDS });
      expect(asked("create")).toHaveLength(1);
    },
  );

  it.each(["refuse", "http500", "garbage"] as const)("is not made where creating is answered with %s", async (kind) => {
    await create();
    server.fault("create", { kind });
    expect(await create({ name: "other:8k" }, SAME)).toEqual({ kind: "failed", reason: WORDS });
  });

  it("is made, whatever went wrong on the way, where it is there afterwards", async () => {
    await create();
    server.fault("create", { kind: "halfStream" });
    expect(await create({ name: "other:8k" }, SAME)).toMatchObject({ kind: "created", despite: WORDS });
    server.fault("create", { kind: "refuse" });
    const late = () => server.put({ ...sampleModel("llama3.1:8b"), name: "late:8k", parameters: { num_ctx: 8192 } });
    expect(await create({ name: "late:8k", pause: late }, SAME)).toMatchObject({ kind: "created" });
  });

  it.each(["refuse", "http500", "garbage", "halfStream", "hang"] as const)(
    "may be there where it can't be read back: %s",
    async (kind) => {
      await create();
      server.fault("show", { kind });
      expect(await create({ name: "other:8k" }, SAME, 300)).toEqual({ kind: "unclear", reason: WORDS });
    },
  );

  it("may be there where the server died of making it", async () => {
    await create();
    server.fault("create", { kind: "dies" });
    expect(await create({ name: "other:8k" }, SAME, 300)).toEqual({ kind: "unclear", reason: WORDS });
    expect(names()).toContain("other:8k");
  });

  it("fails with words where nothing answers", async () => {
    await create();
    await server.stop();
    expect(await create({}, SAME)).toMatchObject({ kind: "failed", reason: expect.stringContaining(server.url) });
  });
});

describe("what a variant's name refers to", () => {
  const spec = { source: "llama3.1:8b", name: "llama3.1:8b-8k", numCtx: 8192 };
  const seen = () => lookForVariant(clientOf(), spec);

  it("is the variant only with its context and of its source's own file", async () => {
    await create();
    const digest = await digestOf(spec.name);
    expect(await seen()).toEqual({ kind: "as-asked", digest, isPlain: true });
    await server.put({ ...sampleModel("llama3.1:8b"), name: spec.name, parameters: { num_ctx: 4096 } });
    expect(await seen()).toMatchObject({ kind: "another", numCtx: 4096, sharesFile: true });
    await server.put({ ...sampleModel("qwen3:8b"), name: spec.name, parameters: { num_ctx: 8192 } });
    expect(await seen()).toMatchObject({ kind: "another", numCtx: 8192, sharesFile: false });
    await clientOf().remove(spec.name);
    expect(await seen()).toEqual({ kind: "absent" });
  });
});

describe("deleting a variant", () => {
  const remove = async (made: { digest: string } | { source: string; numCtx: number }) =>
    removeVariant(clientOf(), "llama3.1:8b-8k", made, { pause: async () => {} });
  const asRequested = { source: "llama3.1:8b", numCtx: 8192 };

  it("takes the one that was made, by its digest or by what was asked for", async () => {
    await create();
    expect(await remove({ digest: await digestOf("llama3.1:8b-8k") })).toEqual({ kind: "removed" });
    expect(names()).not.toContain("llama3.1:8b-8k");
    await create({}, SAME);
    expect(await remove(asRequested)).toEqual({ kind: "removed" });
    expect(await remove(asRequested)).toEqual({ kind: "gone" });
  });

  it.each([
    ["system", { system: "You are mine." }],
    ["template", { template: "{{ .System }}: {{ .Prompt }}" }],
    ["parameter", { parameters: { num_ctx: 8192, temperature: 0.1 } }],
    ["context", { parameters: { num_ctx: 4096 } }],
    ["file", { weights: sampleModel("qwen3:8b").weights }],
    ["adapter", { adapters: ["a".repeat(64)] }],
  ])("leaves one with another %s alone, however it is meant", async (_, changes) => {
    await create();
    const digest = await digestOf("llama3.1:8b-8k");
    const parameters = { ...sampleModel("llama3.1:8b").parameters, num_ctx: 8192 };
    await server.put({ ...sampleModel("llama3.1:8b"), name: "llama3.1:8b-8k", parameters, ...changes });
    expect(await remove({ digest })).toEqual({ kind: "another" });
    expect(await remove(asRequested)).toEqual({ kind: "another" });
    expect(asked("delete")).toEqual([]);
  });

  it("does not depend on the order in which the server prints parameters", async () => {
    await create();
    const own = { ...sampleModel("llama3.1:8b").parameters, num_ctx: 8192, temperature: 0.1, top_k: 3 };
    await server.put({ ...sampleModel("llama3.1:8b"), parameters: { top_k: 3, temperature: 0.1 } });
    await server.put({ ...sampleModel("llama3.1:8b"), name: "llama3.1:8b-8k", parameters: own });
    expect(await findVariant(clientOf(), "llama3.1:8b-8k", asRequested)).toBe("made");
  });

  it("reads what came of it", async () => {
    await create();
    server.fault("delete", { kind: "http500" });
    expect(await remove(asRequested)).toEqual({ kind: "failed", reason: expect.stringContaining("500") });
    server.fault("delete", { kind: "answer", body: "" });
    expect(await remove(asRequested)).toEqual({ kind: "failed", reason: "llama3.1:8b-8k is still there." });
    server.fault("delete", { kind: "hang" });
    expect(await remove(asRequested)).toEqual({ kind: "removed" });
    await server.stop();
    expect(await remove(asRequested)).toMatchObject({ kind: "failed" });
  });
});

describe("why a model gets no variant", () => {
  const model = { name: "x:1", digest: "d", sizeBytes: 1, families: [], capabilities: [], cloud: false } as const;

  it("is told before anything is asked", () => {
    expect(variantRefusal({ ...model, format: "gguf" }, "0.33.0")).toBeUndefined();
    expect(variantRefusal({ ...model, format: "gguf" }, undefined)).toBeUndefined();
    expect(variantRefusal({ ...model, format: "gguf" }, "0.0.0")).toBeUndefined();
    expect(variantRefusal({ ...model, format: "gguf" }, "0.9.0")).toEqual({ kind: "too-old", version: "0.9.0" });
    expect(variantRefusal({ ...model, format: "safetensors" }, "0.33.0")).toEqual({ kind: "mlx" });
    expect(variantRefusal({ ...model, format: "other", cloud: true }, "0.33.0")).toEqual({ kind: "cloud" });
  });
});
