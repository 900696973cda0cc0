import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { keepAliveSeconds } from "../../src/fit/units";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createOllamaClient, type OllamaClient } from "../../src/ollama/client";
import { keepModel } from "../../src/ollama/light-client";
import { patientFetch } from "../../src/ollama/patient-fetch";
import { OllamaProblem, type ProblemKind } from "../../src/ollama/problems";
import { type Fault, type Route, sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";

let server: StandInOllama;
afterEach(() => server?.close());

async function start(...given: Parameters<typeof startStandInOllama>): Promise<OllamaClient> {
  server = await startStandInOllama(...given);
  return createOllamaClient({ url: server.url, fetch });
}

/** The problem that a call ends in; its message is checked to be one. */
async function problem(work: Promise<unknown>): Promise<OllamaProblem> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(OllamaProblem);
  expect((outcome as OllamaProblem).message).toMatch(/^[A-Z].{5,300}$/s);
  return outcome as OllamaProblem;
}

const SMALL = { models: [sampleModel("llama3.1:8b")] };

describe("the models of a server", () => {
  it("come with what the list says of them", async () => {
    const client = await start();
    const models = await client.models();
    expect(models.find(({ name }) => name === "qwen3:8b")).toEqual({
      name: "qwen3:8b",
      runner: "ggml",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      sizeBytes: 5_225_366_132,
      modifiedAt: "2026-11-02T09:14:03.112345678+01:00",
      format: "gguf",
      family: "qwen3",
      families: ["qwen3"],
      parameterSize: "8.2B",
      quantization: "Q4_K_M",
      trainedContext: 40960,
      capabilities: ["completion", "tools", "thinking"],
      cloud: false,
    });
    expect(models.filter(({ cloud }) => cloud).map(({ name }) => name)).toEqual(["gpt-oss:120b-cloud"]);
    expect(models.filter(({ format }) => format === "safetensors").map(({ name }) => name)).toEqual([
      "qwen3.6:27b-mlx",
    ]);
  });

  it("of an old release lack what it did not say yet", async () => {
    const client = await start({ ...SMALL, version: "0.12.3" });
    const [model] = await client.models();
    expect(model).toMatchObject({ name: "llama3.1:8b", capabilities: [] });
    expect(model).not.toHaveProperty("trainedContext");
    expect(await client.version()).toBe("0.12.3");
  });

  it("may be none", async () => {
    const client = await start({ models: [] });
    expect(await client.models()).toEqual([]);
    server.fault("tags", { kind: "answer", body: '{"models":null}' });
    expect(await client.models()).toEqual([]);
  });

  it("are taken from a damaged list as far as they are whole", async () => {
    const client = await start();
    const entries = [
      null,
      7,
      {},
      { name: "no-digest:latest", size: 1 },
      { name: 5, digest: "d" },
      { name: "odd:latest", digest: "d", size: "big", details: [1], capabilities: "all", remote_host: 0 },
      { name: "far:latest", digest: "e", size: -1, details: { families: null }, remote_host: "https://a" },
    ];
    server.fault("tags", { kind: "answer", body: JSON.stringify({ models: entries }) });
    const bare = { sizeBytes: 0, format: "other", families: [], capabilities: [] };
    expect(await client.models()).toEqual([
      { ...bare, name: "odd:latest", digest: "d", cloud: false },
      { ...bare, name: "far:latest", digest: "e", cloud: true },
    ]);
  });
});

describe("what is loaded", () => {
  it("is what was loaded, at the context it runs at, until it is unloaded", async () => {
    const client = await start({ ...SMALL, unloadMs: 300 });
    expect(await client.loaded()).toEqual([]);
    await client.load("llama3.1:8b", { numCtx: 8192 });
    const [digest] = (await client.models()).map((model) => model.digest);
    expect(await client.loaded()).toEqual([
      expect.objectContaining({ name: "llama3.1:8b", digest, contextLength: 8192, expiresAt: expect.any(String) }),
    ]);
    await client.unload("llama3.1:8b");
    expect(server.loaded()).toEqual([]);
    await client.load("llama3.1:8b", { keepAlive: -1 });
    expect(keepAliveSeconds((await client.loaded())[0]?.expiresAt, new Date())).toBe(-1);
  });

  it("of a model that only embeds is asked for as an embedding, keeps what it was asked with, and is unloaded", async () => {
    const name = "nomic-embed-text:latest";
    const client = await start({ models: [sampleModel(name)] });
    await client.load(name, { numCtx: 1024, keepAlive: -1 });
    const [loaded] = await client.loaded();
    expect(loaded).toMatchObject({ name, contextLength: 1024 });
    expect(keepAliveSeconds(loaded?.expiresAt, new Date())).toBe(-1);
    await keepModel({ url: server.url, fetch }, { name }, { seconds: 60, ignoresContext: false });
    const [kept] = await client.loaded();
    expect(kept?.contextLength).toBe(1024);
    expect(keepAliveSeconds(kept?.expiresAt, new Date())).not.toBe(-1);
    await client.unload(name);
    expect(await client.loaded()).toEqual([]);
    // It's the server that says what a model can't do: nothing else makes it an embedding.
    server.fault("generate", {
      kind: "answer",
      status: 400,
      body: '{"error":"registry.ollama.ai/x does not support thinking"}',
    });
    expect((await problem(client.load(name))).message).toContain("thinking");
  });

  it("takes the server's default context where none is asked, or the model's own", async () => {
    const client = await start({ models: [sampleModel("llama3.1:8b"), sampleModel("nomic-embed-text:latest")] });
    await client.load("llama3.1:8b");
    await client.load("nomic-embed-text");
    // The embedding model asks for 8192 but was trained at 2048.
    expect((await client.loaded()).map((model) => model.contextLength)).toEqual([2048, 131072]);
  });

  it("shows a spill", async () => {
    const client = await start({ ...SMALL, footprint: () => ({ sizeBytes: 9e9, vramBytes: 6e9 }) });
    await client.load("llama3.1:8b");
    expect(await client.loaded()).toMatchObject([{ sizeBytes: 9e9, vramBytes: 6e9 }]);
  });

  it("leaves out entries without sizes, which would look like a spill", async () => {
    const client = await start();
    server.fault("ps", { kind: "answer", body: '{"models":[{"name":"a:b","size":5},{"name":"a:b","size_vram":5}]}' });
    expect(await client.loaded()).toEqual([]);
  });

  it("says in Ollama's words why loading failed", async () => {
    const client = await start({ ...SMALL, loadError: () => "llama-server process has terminated: exit status 1" });
    const { kind, message } = await problem(client.load("llama3.1:8b"));
    expect(kind).toBe("http");
    expect(message).toBe("Ollama answered 500: llama-server process has terminated: exit status 1");
  });
});

describe("the description of a model", () => {
  it("has its metadata and tensors, arrays left out", async () => {
    const client = await start();
    const { metadata, ...rest } = await client.show("qwen3-coder-next:q4_K_M");
    expect(metadata.values.get("qwen3next.block_count")).toBe(48);
    expect(metadata.values.get("qwen3next.attention.head_count_kv")).toEqual({ omitted: true });
    expect(metadata.tensors).toHaveLength(843);
    expect(metadata.tensors[0]).toEqual({ name: "output.weight", type: "Q6_K", shape: [2048, 151936] });
    expect(rest).toMatchObject({
      metadataSource: "show",
      parameters: { unreadable: [] },
      capabilities: ["completion", "tools"],
      requires: "0.15.5",
      projectors: [],
      adapters: [],
      drafts: [],
    });
    expect(rest).not.toHaveProperty("parentModel");
  });

  it("has the arrays, but no vocabulary, where it is asked for with all", async () => {
    const client = await start();
    const { metadata, metadataSource } = await client.show("qwen3-coder-next:q4_K_M", { verbose: true });
    expect(metadataSource).toBe("show-verbose");
    expect((metadata.values.get("qwen3next.attention.head_count_kv") as number[]).slice(0, 5)).toEqual([0, 0, 0, 2, 0]);
    expect(metadata.values.get("tokenizer.ggml.tokens")).toEqual({ omitted: true });
  });

  it("names adapters, drafts and projectors, whatever the texts in the Modelfile say", async () => {
    const metadata = { values: new Map([["general.architecture", "clip"]]), tensors: [] };
    const base = sampleModel("llama3.1:8b");
    if (!base.weights) throw new Error("no weights");
    const client = await start({
      models: [
        {
          ...base,
          adapters: ["a".repeat(64)],
          drafts: ["d".repeat(64)],
          weights: { ...base.weights, projector: { digest: "e".repeat(64), metadata } },
          template: "one\nFROM two\nADAPTER three",
          license: "first line\nDRAFT four\nFROM five",
        },
      ],
    });
    const { projectors, adapters, drafts } = await client.show(base.name);
    expect(projectors).toEqual([{ path: expect.stringMatching(/blobs\/sha256-e{64}$/) }]);
    expect(adapters).toEqual([{ path: expect.stringMatching(/sha256-a{64}$/) }]);
    expect(drafts).toEqual([expect.stringMatching(/sha256-d{64}$/)]);
  });

  it("has the parameters that change memory, as Go prints numbers", async () => {
    const model = {
      ...sampleModel("llama3.1:8b"),
      parameters: { num_ctx: 1_048_576, num_gpu: 20, num_batch: "many", temperature: 0.5, stop: ["num_ctx 7"] },
    };
    const client = await start({ models: [model] });
    expect((await client.show(model.name)).parameters).toEqual({
      numCtx: 1_048_576,
      numGpu: 20,
      unreadable: ["num_batch"],
    });
  });

  const damaged: readonly (readonly [string, unknown])[] = [
    ["no metadata", {}],
    ["metadata that is a list", { model_info: [] }],
    ["a tensor that is none", { model_info: {}, tensors: [null] }],
    ["a tensor without shape", { model_info: {}, tensors: [{ name: "a", type: "F32" }] }],
    ["a negative dimension", { model_info: {}, tensors: [{ name: "a", type: "F32", shape: [-1] }] }],
    ["half a dimension", { model_info: {}, tensors: [{ name: "a", type: "F32", shape: [1.5] }] }],
  ];
  it.each(damaged)("is refused with %s", async (_, answer) => {
    const client = await start(SMALL);
    server.fault("show", { kind: "answer", body: JSON.stringify(answer) });
    expect((await problem(client.show("llama3.1:8b"))).kind).toBe("bad-answer");
  });

  it("never moves the elements of a damaged array to other layers", async () => {
    const client = await start(SMALL);
    const info = { "general.architecture": "llama", "llama.attention.head_count_kv": [0, null, 2], nested: { a: 1 } };
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: info }) });
    const { metadata } = await client.show("llama3.1:8b", { verbose: true });
    expect([...metadata.values]).toEqual([
      ["general.architecture", "llama"],
      ["llama.attention.head_count_kv", { omitted: true, length: 3 }],
    ]);
  });

  it("of an unknown model says that there is none", async () => {
    const client = await start(SMALL);
    const { kind, message } = await problem(client.show("nobody:knows"));
    expect([kind, message]).toEqual(["not-found", "Ollama says: model 'nobody:knows' not found"]);
  });
});

describe("creating a variant", () => {
  it("reports the steps and shares the weights", async () => {
    const client = await start(SMALL);
    const steps: string[] = [];
    await client.create({
      name: "llama3.1:8b-8k",
      from: "llama3.1:8b",
      numCtx: 8192,
      onProgress: (step) => steps.push(step),
    });
    expect(steps.at(-1)).toBe("success");
    expect(steps[0]).toMatch(/^using existing layer sha256:/);
    expect(server.models()[0]).toMatchObject({ name: "llama3.1:8b-8k", parameters: { num_ctx: 8192 } });
    expect(server.models()[0]?.weights).toBe(server.models()[1]?.weights);
  });

  it("tells the steps in one short line each, whatever the server calls them", async () => {
    const client = await start(SMALL);
    const lines = [`writing\u202e\n\u200bPassword:${"x".repeat(9_000)}`, "success"].map((status) =>
      JSON.stringify({ status }),
    );
    server.fault("create", { kind: "answer", body: `${lines.join("\n")}\n`, type: "application/x-ndjson" });
    const steps: string[] = [];
    const request = { name: "a:b", from: "llama3.1:8b", numCtx: 8192 };
    await client.create({ ...request, onProgress: (step) => steps.push(step) });
    expect(steps).toEqual([`writing Password:${"x".repeat(283)}`, "success"]);
  });

  it("fails with the reason that comes in the stream", async () => {
    const client = await start(SMALL);
    const { kind, message } = await problem(client.create({ name: "a:b", from: "missing", numCtx: 8192 }));
    expect([kind, message]).toEqual(["http", "Ollama couldn't do it: pull model manifest: file does not exist"]);
  });

  it("fails with the status of a name that Ollama does not take", async () => {
    const client = await start(SMALL);
    const { kind, message } = await problem(client.create({ name: "a b", from: "llama3.1:8b", numCtx: 8192 }));
    expect([kind, message]).toEqual(["http", "Ollama answered 400: invalid model name"]);
  });

  const streams: readonly (readonly [string, string, ProblemKind])[] = [
    ["ends without success", '{"status":"writing manifest"}\n', "bad-answer"],
    ["ends in the middle of a line", '{"status":"writing manifest"}\n{"stat', "bad-answer"],
    ["holds no JSON", "<html>\n</html>\n", "not-ollama"],
    ["holds null", "null\n", "not-ollama"],
    ["reports an error that is no text", '{"error":{"a":1}}\n', "http"],
    ["has a line without end", " ".repeat(100_000), "bad-answer"],
    ["is empty", "", "bad-answer"],
  ];
  it.each(streams)("fails where the stream %s", async (_, body, kind) => {
    const warned = vi.spyOn(console, "warn");
    const client = await start(SMALL);
    server.fault("create", { kind: "answer", body, type: "application/x-ndjson" });
    expect((await problem(client.create({ name: "a:b", from: "llama3.1:8b", numCtx: 8192 }))).kind).toBe(kind);
    expect(warned).not.toHaveBeenCalled();
  });

  it("ends with success, and lets go of a stream that stays open behind it", async () => {
    const cancel = vi.fn();
    const open = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"status":"success"}\n')),
      cancel,
    });
    const client = createOllamaClient({ url: "http://ollama", fetch: () => Promise.resolve(new Response(open)) });
    await client.create({ name: "a:b", from: "llama3.1:8b", numCtx: 8192 });
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
  });

  it("stops at the signal", async () => {
    const client = await start(SMALL);
    server.fault("create", { kind: "hang" });
    const stop = new AbortController();
    const creating = problem(client.create({ name: "a:b", from: "llama3.1:8b", numCtx: 8192, signal: stop.signal }));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    stop.abort();
    expect((await creating).kind).toBe("stopped");
  });
});

describe("deleting a model", () => {
  it("leaves the others", async () => {
    const client = await start({ models: [sampleModel("llama3.1:8b"), sampleModel("qwen3:8b")] });
    await client.remove("qwen3:8b");
    expect(server.models().map(({ name }) => name)).toEqual(["llama3.1:8b"]);
    expect((await problem(client.remove("qwen3:8b"))).kind).toBe("not-found");
  });
});

describe("a server that misbehaves", () => {
  const calls: Readonly<Record<Exclude<Route, "copy" | "embed">, (client: OllamaClient) => Promise<unknown>>> = {
    version: (client) => client.version(),
    tags: (client) => client.models(),
    ps: (client) => client.loaded(),
    show: (client) => client.show("llama3.1:8b"),
    generate: (client) => client.load("llama3.1:8b"),
    create: (client) => client.create({ name: "a:b", from: "llama3.1:8b", numCtx: 4096 }),
    delete: (client) => client.remove("llama3.1:8b"),
  };
  const faults: readonly (readonly [Fault["kind"], ProblemKind])[] = [
    ["refuse", "not-running"],
    ["http500", "http"],
    ["garbage", "not-ollama"],
    ["hugeBody", "bad-answer"],
  ];
  const cases = Object.keys(calls).flatMap((route) => faults.map(([fault, kind]) => [route, fault, kind] as const));

  it.each(cases)("at %s with %s is a problem of the kind %s", async (route, fault, kind) => {
    const client = await start(SMALL);
    server.fault(route as Route, { kind: fault } as Fault);
    expect((await problem(calls[route as keyof typeof calls](client))).kind).toBe(kind);
    expect(server.models()).toHaveLength(1);
  });

  it.each(["version", "tags", "ps", "show", "create"] as const)(
    "at %s half-way gives no half answer",
    async (route) => {
      const client = await start(SMALL);
      server.fault(route, { kind: "halfStream" });
      expect((await problem(calls[route](client))).kind).toBe("bad-answer");
      server.fault(route, { kind: "dies" });
      expect((await problem(calls[route](client))).kind).toBe("bad-answer");
      expect((await problem(client.version())).kind).toBe("not-running");
    },
  );

  it("is waited for, but not for ever", async () => {
    const slow = await start(SMALL);
    server.fault("tags", { kind: "slow", ms: 20 });
    expect(await slow.models()).toHaveLength(1);
    const client = createOllamaClient({ url: server.url, fetch, timeoutMs: 50 });
    server.fault("tags", { kind: "hang" });
    server.fault("version", { kind: "hang" });
    expect((await problem(client.models())).kind).toBe("timed-out");
    expect((await problem(client.version())).kind).toBe("timed-out");
  });

  it("cannot hold the caller with a fetch that ignores every signal", async () => {
    const never: typeof fetch = () => new Promise(() => undefined);
    const client = createOllamaClient({ url: "http://127.0.0.1:1", fetch: never, timeoutMs: 20 });
    expect((await problem(client.models())).kind).toBe("timed-out");
    const aborted = AbortSignal.abort();
    expect((await problem(client.show("a", { signal: aborted }))).kind).toBe("stopped");
  });

  it("that is no Ollama is told apart from one that is not there", async () => {
    const client = await start(SMALL);
    server.fault("tags", { kind: "answer", status: 404, type: "text/plain", body: "404 page not found" });
    expect((await problem(client.models())).kind).toBe("not-ollama");
    server.fault("tags", { kind: "answer", body: '{"hello":"world"}' });
    expect((await problem(client.models())).kind).toBe("not-ollama");
    server.fault("tags", { kind: "answer", status: 502, type: "text/html", body: "<h1>Bad gateway</h1>" });
    expect((await problem(client.models())).kind).toBe("http");
    await server.stop();
    expect((await problem(client.models())).kind).toBe("not-running");
    await server.restart();
    server.fault("tags", undefined);
    expect(await client.models()).toHaveLength(1);
  });

  it.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.9\r\n"],
    ["an alert of TLS", "\x15\x03\x01\x00\x02\x02\x46"],
    ["headers without end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(99_999)}\r\n\r\n{}`],
  ])("that answers with %s isn't taken for one that isn't there", async (_, words) => {
    const other = createTcpServer((socket) => socket.on("error", () => undefined).end(words));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    for (const inner of [fetch, patientFetch]) {
      const { kind, message } = await problem(createOllamaClient({ url, fetch: inner }).models());
      expect([kind, message]).toEqual(["not-ollama", `What answers at ${url} isn't Ollama.`]);
    }
    other.close();
  });

  it.each([301, 302, 303, 307, 308])("cannot send a request on to another address with status %i", async (status) => {
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end("{}");
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    const sender = createServer((request, response) => {
      response.writeHead(status, { Location: `${target}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => sender.listen(0, "127.0.0.1", resolve));
    const client = createOllamaClient({ url: `http://127.0.0.1:${(sender.address() as AddressInfo).port}`, fetch });
    for (const call of Object.values(calls)) expect((await problem(call(client))).kind).toBe("redirected");
    expect(asked).toEqual([]);
    elsewhere.close();
    sender.close();
  });

  it.each([
    ["tags", (client: OllamaClient) => client.models()],
    ["ps", (client: OllamaClient) => client.loaded()],
    ["version", (client: OllamaClient) => client.version()],
  ] as const)("is read at %s up to 4 MiB only", async (route, call) => {
    const client = await start(SMALL);
    server.fault(route, { kind: "answer", body: `{"models":[],"version":"${"x".repeat(4 * 1024 * 1024)}"}` });
    expect((await problem(call(client))).kind).toBe("bad-answer");
  });

  it.each([
    ["empty objects", "{},", 1_300_000],
    ["empty lists", "[],", 1_300_000],
    ["lists in lists", "[", 4_000_000],
    ["numbers", "1,", 2_000_000],
  ])("isn't parsed where it would become millions of %s, though it's short enough", async (_, text, times) => {
    const client = await start(SMALL);
    const body = `{"models":[${text.repeat(times)}`;
    for (const route of ["tags", "ps", "show"] as const) {
      server.fault(route, { kind: "answer", body });
      const parse = vi.spyOn(JSON, "parse");
      const { kind, message } = await problem(calls[route](client));
      expect([kind, message]).toEqual(["bad-answer", "Ollama's answer is larger than any real one."]);
      expect(parse.mock.calls.filter(([given]) => given.length > 100_000)).toEqual([]);
      parse.mockRestore();
    }
  });

  it("is measured as it is once it's unpacked", async () => {
    const packed = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    expect(packed.length).toBeLessThan(100_000);
    const bomb = createServer((_, response) => {
      response.writeHead(200, { "Content-Encoding": "gzip", "Content-Type": "application/json" }).end(packed);
    });
    await new Promise<void>((resolve) => bomb.listen(0, "127.0.0.1", resolve));
    const client = createOllamaClient({ url: `http://127.0.0.1:${(bomb.address() as AddressInfo).port}`, fetch });
    for (const route of ["tags", "show", "version"] as const) {
      expect((await problem(calls[route](client))).kind).toBe("bad-answer");
    }
    bomb.close();
  });

  it.each([300, 304, 305, 399])(
    "with status %i is no Ollama's, and nobody is said to send requests on",
    async (status) => {
      const odd = createServer((_, response) => response.writeHead(status).end());
      await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
      const client = createOllamaClient({ url: `http://127.0.0.1:${(odd.address() as AddressInfo).port}`, fetch });
      for (const call of Object.values(calls)) expect((await problem(call(client))).kind).toBe("not-ollama");
      odd.close();
    },
  );

  it("is read at the builds of a name up to 8 MiB only", async () => {
    const client = await start(SMALL);
    server.fault("show", { kind: "answer", body: `{"manifests":[],"x":"${"x".repeat(8 * 1024 * 1024)}"}` });
    expect((await problem(client.builds("llama3.1:8b"))).kind).toBe("bad-answer");
  });

  it("says its version in one short line", async () => {
    const client = await start(SMALL);
    server.fault("version", { kind: "answer", body: JSON.stringify({ version: "0.33.0-\u0015\r\nrm\u202e -rf x" }) });
    expect(await client.version()).toBe("0.33.0- rm -rf x");
    server.fault("version", { kind: "answer", body: JSON.stringify({ version: "9".repeat(9_000) }) });
    expect(await client.version()).toHaveLength(60);
  });

  it("keeps no vocabulary in memory, and asks for one verbose answer at a time", async () => {
    const client = await start(SMALL);
    const info = { "general.architecture": "llama", "tokenizer.ggml.tokens": ["x".repeat(12 * 1024 * 1024)] };
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: info }) });
    const { metadata } = await client.show("llama3.1:8b", { verbose: true });
    expect(metadata.values.get("general.architecture")).toBe("llama");
    expect((await problem(client.show("llama3.1:8b"))).kind).toBe("bad-answer");

    let [open, most] = [0, 0];
    const counting = createOllamaClient({
      url: server.url,
      fetch: async (...request) => {
        open += 1;
        most = Math.max(most, open);
        const response = await fetch(...request);
        const body = await response.arrayBuffer();
        open -= 1;
        return new Response(body, response);
      },
    });
    server.fault("show", undefined);
    const names = ["llama3.1:8b", "absent:1b", "llama3.1:8b"];
    const answers = await Promise.allSettled(names.map((name) => counting.show(name, { verbose: true })));
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(most).toBe(1);
  });

  it("that never lets go of a model ends the waiting", async () => {
    const patient = await start({ ...SMALL, unloadMs: 2 ** 30 });
    await patient.load("llama3.1:8b");
    const client = createOllamaClient({ url: server.url, fetch, unloadMs: 20 });
    expect((await problem(client.unload("llama3.1:8b"))).kind).toBe("timed-out");
  });
});
