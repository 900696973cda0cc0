/**
 * The adapter and the stand-in against a real Ollama server: OLLAMA_LIVE_HOST=http://127.0.0.1:11434 npx vitest run
 * test/live. It uploads a model of a few kilobytes, makes variants of it and deletes them all; nothing else is touched.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newJournal, newUndo } from "../../src/apply/journal";
import { runChange } from "../../src/apply/run-change";
import type { Step } from "../../src/apply/steps";
import { isOmitted, type MetadataValue, type ModelMetadata } from "../../src/memory/metadata";
import { createOllamaClient } from "../../src/ollama/client";
import { createVariant } from "../../src/ollama/variant";
import { parseHost } from "../../src/ollama/host";
import { describeModel } from "../../src/ollama/model-source";
import { OllamaProblem } from "../../src/ollama/problems";
import { keptIn } from "../apply/kept";
import { writeGguf } from "../stand-ins/gguf-writer";
import { ggufModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";

const host = process.env["OLLAMA_LIVE_HOST"];
const NAME = "gpu-limit-live-test:tiny";
const VARIANT = `${NAME}-8k`;

/** Two layers of qwen3next, one of each kind, with the KV heads per layer. */
const METADATA: ModelMetadata = {
  values: new Map<string, MetadataValue>([
    ["general.architecture", "qwen3next"],
    ["general.name", "tiny"],
    ["general.file_type", 15],
    ["qwen3next.block_count", 2],
    ["qwen3next.context_length", 262144],
    ["qwen3next.embedding_length", 64],
    ["qwen3next.attention.head_count", 2],
    ["qwen3next.attention.head_count_kv", [0, 1]],
    ["qwen3next.attention.key_length", 32],
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.tokens", { omitted: true, length: 50 }],
  ]),
  tensors: [
    { name: "token_embd.weight", type: "Q8_0", shape: [64, 50] },
    { name: "output_norm.weight", type: "F32", shape: [64] },
    { name: "blk.0.attn_norm.weight", type: "F32", shape: [64] },
    { name: "blk.1.attn_k.weight", type: "F16", shape: [64, 32] },
  ],
};

/** Uploads a GGUF file and makes a model of it. */
async function upload(url: string, name: string): Promise<void> {
  const { header, fileBytes } = writeGguf(METADATA);
  const file = Buffer.alloc(fileBytes);
  file.set(header);
  const digest = `sha256:${createHash("sha256").update(file).digest("hex")}`;
  const uploaded = await fetch(`${url}/api/blobs/${digest}`, { method: "POST", body: file });
  expect(uploaded.status).toBe(201);
  const body = {
    model: name,
    files: { "tiny.gguf": digest },
    template: "{{ .Prompt }}",
    parameters: { num_ctx: 1_048_576, stop: ["<end>", "two\nlines"], temperature: 0.5 },
    license: "one line\nFROM another",
    stream: false,
  };
  const created = await fetch(`${url}/api/create`, { method: "POST", body: JSON.stringify(body) });
  expect(await created.json()).toEqual({ status: "success" });
}

/** The form of an answer: types in the place of values, keys in order. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [formOf(value[0])] : [];
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, formOf(inner)]));
}

describe.skipIf(host === undefined)("a real Ollama server", () => {
  const parsed = parseHost(host ?? "", { hostname: "", addresses: [] });
  const url = parsed.kind === "ok" ? parsed.url : "";
  const client = createOllamaClient({ url, fetch });
  let standIn: StandInOllama;

  beforeAll(async () => {
    await upload(url, NAME);
    const model = ggufModel(METADATA, {
      name: NAME,
      parameterSize: "1",
      quantization: "Q4_K_M",
      capabilities: ["completion"],
      parameters: { num_ctx: 1_048_576, stop: ["<end>", "two\nlines"], temperature: 0.5 },
      license: "one line\nFROM another",
    });
    standIn = await startStandInOllama({ models: [model], version: await client.version() });
  });
  afterAll(async () => {
    for (const name of [VARIANT, NAME]) await client.remove(name).catch(() => undefined);
    await standIn.close();
  });

  /** What both servers answer to the same request. */
  async function both(path: string, body?: unknown, method = body === undefined ? "GET" : "POST") {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answers = [url, standIn.url].map(async (base) => {
      const response = await fetch(base + path, init);
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
    });
    const [real, ours] = await Promise.all(answers);
    if (!real || !ours) throw new Error("no answers");
    return { real, ours };
  }

  it("lists the model", async () => {
    const model = (await client.models()).find(({ name }) => name === NAME);
    expect(model).toMatchObject({ format: "gguf", family: "qwen3next", trainedContext: 262144, cloud: false });
    expect(model?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await client.version()).toMatch(/^\d+\.\d+\.\d+/);
    expect(await client.loaded()).toEqual([]);
  });

  it("shows the model as our reader sees its header", async () => {
    const shown = await client.show(NAME);
    expect(shown.metadata.tensors).toEqual(expect.arrayContaining([...METADATA.tensors]));
    expect(shown.metadata.tensors).toHaveLength(METADATA.tensors.length);
    expect(shown.metadata.values.get("qwen3next.attention.head_count_kv")).toEqual({ omitted: true });
    expect(isOmitted(shown.metadata.values.get("tokenizer.ggml.tokens"))).toBe(true);
    expect(shown.parameters).toEqual({ numCtx: 1_048_576, unreadable: [] });
    expect(shown).toMatchObject({ projectors: [], adapters: [], drafts: [] });
    const verbose = await client.show(NAME, { verbose: true });
    expect(verbose.metadata.values.get("qwen3next.attention.head_count_kv")).toEqual([0, 1]);
    expect(isOmitted(verbose.metadata.values.get("tokenizer.ggml.tokens"))).toBe(true);
  });

  it("names the file, which is read where it is on this machine", async () => {
    const model = (await client.models()).find(({ name }) => name === NAME);
    if (!model) throw new Error("not listed");
    const options = { client, model, isLocal: true, modelsFolders: [], needsArrays: () => false };
    const { metadata, metadataSource } = await describeModel(options);
    expect(metadataSource).toBe("header");
    expect(metadata.values.get("qwen3next.attention.head_count_kv")).toEqual([0, 1]);
  });

  it("creates a variant that shares the file, and deletes it", async () => {
    const steps: string[] = [];
    const request = { source: NAME, name: VARIANT, numCtx: 8192, overwrite: false };
    expect(await createVariant(client, { ...request, onProgress: (step) => steps.push(step) })).toMatchObject({
      kind: "created",
      name: VARIANT,
    });
    expect(steps.at(-1)).toBe("success");
    const { parameters, parentModel, modelfile } = await client.show(VARIANT);
    expect(parameters).toEqual({ numCtx: 8192, unreadable: [] });
    expect(parentModel).toBe(NAME);
    expect(modelfile).toContain("PARAMETER temperature 0.5");
    expect(await createVariant(client, { ...request, name: VARIANT.toUpperCase() })).toMatchObject({
      kind: "name-taken",
      name: VARIANT,
    });
    await client.remove(VARIANT);
    expect((await client.models()).map(({ name }) => name)).not.toContain(VARIANT);
    expect((await client.models()).map(({ name }) => name)).toContain(NAME);
  });

  it("says in its own words what it does not do", async () => {
    const missing = client.show("nobody:knows");
    await expect(missing).rejects.toMatchObject({ kind: "not-found" });
    await expect(missing).rejects.toBeInstanceOf(OllamaProblem);
    await expect(client.create({ name: "a b", from: NAME, numCtx: 8192 })).rejects.toMatchObject({ kind: "http" });
    await expect(client.remove("nobody:knows")).rejects.toMatchObject({ kind: "not-found" });
    await client.unload(NAME);
  });

  it("carries out a journal and takes it back", async () => {
    const storage = keptIn();
    const system = {
      run: () => Promise.reject(new Error("Nothing runs on this machine.")),
      platform: "linux",
      homeFolder: "/nowhere",
      userId: 501,
      network: () => ({ hostname: "", addresses: [] }),
      client,
      limitWords: () => ({ title: "", message: "" }),
    };
    const options = { system, storage, lock: { isOurs: async () => true }, now: () => new Date() };
    const steps: readonly Step[] = [
      { kind: "create-variant", source: NAME, name: VARIANT, numCtx: 8192 },
      { kind: "unload", name: VARIANT },
    ];
    const about = { title: "Cap", model: NAME, digest: "", url };
    const done = await runChange(newJournal(about, steps, new Date()), options);
    expect(done.kind).toBe("finished");
    expect((await client.show(VARIANT)).parameters.numCtx).toBe(8192);
    const undone = await runChange(newUndo(done.journal, new Date()), options);
    expect(undone.kind).toBe("finished");
    expect((await client.models()).map(({ name }) => name)).not.toContain(VARIANT);
  });

  const requests: readonly [what: string, path: string, body?: unknown, method?: string][] = [
    ["the version", "/api/version"],
    ["what is loaded", "/api/ps"],
    ["a model", "/api/show", { model: NAME }],
    ["a model with all", "/api/show", { model: NAME, verbose: true }],
    ["a model that is not there", "/api/show", { model: "nobody:knows" }],
    ["no model", "/api/show", {}],
    ["unloading", "/api/generate", { model: NAME, keep_alive: 0 }],
    ["loading what is not there", "/api/generate", { model: "nobody:knows" }],
    ["loading under a bad name", "/api/generate", { model: "a b" }],
    ["loading for a time without a unit", "/api/generate", { model: NAME, keep_alive: "60" }],
    ["loading what is not there to embed", "/api/embed", { model: "nobody:knows", input: "" }],
    ["creating", "/api/create", { model: VARIANT, from: NAME, parameters: { num_ctx: 8192 } }],
    ["creating at once", "/api/create", { model: VARIANT, from: NAME, parameters: { num_ctx: 4096 }, stream: false }],
    ["a variant", "/api/show", { model: VARIANT }],
    ["creating under a bad name", "/api/create", { model: "a b", from: NAME }],
    ["creating of nothing", "/api/create", { model: "a:b" }],
    ["copying", "/api/copy", { source: NAME, destination: VARIANT }],
    ["copying what is not there", "/api/copy", { source: "nobody:knows", destination: "a:b" }],
    ["copying to a bad name", "/api/copy", { source: NAME, destination: "a b" }],
    ["deleting", "/api/delete", { model: VARIANT }, "DELETE"],
    ["deleting what is not there", "/api/delete", { model: "nobody:knows" }, "DELETE"],
    ["deleting under a bad name", "/api/delete", { model: "a b" }, "DELETE"],
    ["another route", "/api/nothing"],
    ["another method", "/api/create"],
  ];

  it.each(requests)("and the stand-in answer alike to %s", async (_, path, body, method) => {
    const { real, ours } = await both(path, body, method);
    expect(ours.status).toBe(real.status);
    const lines = (text: string) => text.split("\n").filter((line) => line !== "");
    // Which release left the tensors out of its plain answer isn't certain.
    const isPlainShow = path === "/api/show" && !JSON.stringify(body).includes("verbose");
    const without = (answer: object) => (isPlainShow ? { ...answer, tensors: [] } : answer);
    const form = (text: string) =>
      lines(text).map((line) => (line.startsWith("{") ? formOf(without(JSON.parse(line))) : line));
    if (!path.endsWith("create") || real.status !== 200) expect(form(ours.text)).toEqual(form(real.text));
    else expect(lines(ours.text).at(-1)).toEqual(lines(real.text).at(-1));
    if (real.status !== 200 && real.text.startsWith("{")) expect(JSON.parse(ours.text)).toEqual(JSON.parse(real.text));
  });

  it("and the stand-in list a model in the same form", async () => {
    const { real, ours } = await both("/api/tags");
    const entry = (text: string) =>
      (JSON.parse(text) as { models: { name: string }[] }).models.find(({ name }) => name === NAME);
    expect(formOf(entry(ours.text))).toEqual(formOf(entry(real.text)));
  });
});
