import { afterEach, describe, expect, it } from "vitest";
import { createOllamaClient } from "../../src/ollama/client";
import { createVariant, variantRefusal, type VariantRequest } from "../../src/ollama/variant";
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
    overwrite: false,
    ...changes,
  });
}
/** Ask the server that already runs. */
const SAME: StandInOptions = {};
const names = () => server.models().map(({ name }) => name);
const asked = (route: string) => server.requests.filter((request) => request.route === route);

describe("a variant", () => {
  it("is created with its context, says how far it is, and is read back", async () => {
    const steps: string[] = [];
    expect(await create({ onProgress: (step) => steps.push(step) })).toEqual({
      kind: "created",
      name: "llama3.1:8b-8k",
    });
    expect(server.models().find(({ name }) => name === "llama3.1:8b-8k")?.parameters).toEqual({ num_ctx: 8192 });
    expect(steps.at(-1)).toBe("success");
    expect(asked("create")[0]?.body).toMatchObject({
      model: "llama3.1:8b-8k",
      from: "llama3.1:8b",
      parameters: { num_ctx: 8192 },
    });
    expect(asked("show").at(-1)?.body["model"]).toBe("llama3.1:8b-8k");
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
    expect(again).toEqual({ kind: "name-taken", name: "llama3.1:8b-8k" });
    expect(asked("create")).toHaveLength(1);
    const agreed = await create({ name: "llama3.1:8b-8k", numCtx: 4096, overwrite: true }, SAME);
    expect(agreed).toEqual({ kind: "created", name: "llama3.1:8b-8k" });
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

  it("that the person stops is cancelled", async () => {
    const stop = new AbortController();
    expect(await create({ signal: stop.signal, onProgress: () => stop.abort() })).toEqual({ kind: "cancelled" });
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

  it.each(["tags", "create", "show"] as const)("fails with words where the server fails at %s", async (route) => {
    await create();
    for (const kind of ["refuse", "http500", "garbage", "halfStream", "hang"] as const) {
      server.fault(route, { kind });
      // Creating may take minutes, so nothing waits for one that hangs here.
      if (route === "create" && kind === "hang") continue;
      const outcome = await create({ name: `${route}-${kind.toLowerCase()}:8k` }, SAME, 300);
      expect(outcome).toEqual({ kind: "failed", reason: expect.stringMatching(/^[A-Z].{5,300}$/s) });
    }
  });

  it("fails with words where nothing answers", async () => {
    await create();
    await server.stop();
    expect(await create({}, SAME)).toMatchObject({ kind: "failed", reason: expect.stringContaining(server.url) });
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
