import { createHash } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { InstalledModel, ModelDescription } from "../../src/fit/facts";
import { judge } from "../../src/fit/verdict";
import type { ModelMetadata } from "../../src/memory/metadata";
import { MOST_BLOB_BYTES, openBlob } from "../../src/registry/blob-stream";
import { describeBuild, publishedBuild } from "../../src/registry/describe-build";
import { findGguf } from "../../src/registry/find-gguf";
import { firstTag, type FoundTag } from "../../src/registry/first-tag";
import type { ExistingTag } from "../../src/registry/read-tag";
import { inputFor, measured } from "../fit/inputs";
import { SMALL_MODEL } from "../memory/gguf/samples";
import { ggufOf, writeGguf } from "../stand-ins/gguf-writer";
import { ggufModel, measuredModel, mlxModel, type StandInModel } from "../stand-ins/ollama";
import { type RegistryFault, startStandInRegistry, type StandInRegistry } from "../stand-ins/registry";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const NAME = "qwen3:8b";
/** What a connection holds beyond what was taken of it. */
const IN_FLIGHT = 8 * MIB;

const QWEN = measuredModel("qwen3-8b");
const hexOf = (text: string) => createHash("sha256").update(text).digest("hex");

function published(metadata: ModelMetadata, changes: Partial<StandInModel> = {}): StandInModel {
  const about = { name: NAME, parameterSize: "8B", quantization: "Q4_K_M", capabilities: ["completion"] };
  return { ...ggufModel(metadata, about), ...changes };
}

const open: StandInRegistry[] = [];
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close();
});

async function registryOf(models: readonly StandInModel[], fault?: RegistryFault, children?: "manifests" | "blobs") {
  const registry = await startStandInRegistry({ published: models, fault, children });
  open.push(registry);
  return { registry, fetch: registry.fetch(() => Promise.reject(new TypeError("fetch failed"))) };
}

async function tagOf(fetch: typeof globalThis.fetch, name = NAME): Promise<FoundTag> {
  const first = await firstTag(fetch, [name], {}, () => true);
  if (first.kind !== "found") throw new Error(`${name} isn't there: ${JSON.stringify(first)}`);
  return first;
}

const INSTALLED: InstalledModel = {
  name: "qwen3:8b-mlx",
  digest: "mlx",
  sizeBytes: 9e9,
  format: "safetensors",
  families: [],
  capabilities: ["completion", "tools"],
  cloud: false,
};

/** The verdict on what a registry has, on a Mac with a limit of 20 GiB. */
async function verdictOf(fetch: typeof globalThis.fetch, name = NAME) {
  const found = await tagOf(fetch, name);
  const { model } = publishedBuild(found, INSTALLED);
  return judge({
    ...inputFor(measured("qwen3-8b"), 20 * GIB),
    model,
    description: await describeBuild(fetch, found.tag),
  });
}

describe("a GGUF build in a registry", () => {
  it("is described by its header as the same file on this Mac is, and judged at the context it would run at", async () => {
    const { fetch } = await registryOf([
      published(QWEN, { parameters: { num_ctx: 8192, top_k: 20, stop: ["<|im_end|>"] } }),
    ]);
    const description = (await describeBuild(fetch, (await tagOf(fetch)).tag)) as ModelDescription;
    expect(description).toMatchObject({ metadataSource: "header", parameters: { numCtx: 8192, unreadable: [] } });
    expect(description.metadata.tensors).toEqual(QWEN.tensors);
    expect(description.metadata.values.get("tokenizer.ggml.tokens")).toMatchObject({ omitted: true });
    const verdict = await verdictOf(fetch);
    expect(verdict).toMatchObject({ kind: "fits", run: { numCtx: { value: 8192, source: "Modelfile (num_ctx)" } } });
    expect(verdict.estimate).toMatchObject({ weights: measured("qwen3-8b").weights });
  });

  it("is asked for with GET alone, in ranges, uncompressed and without credentials", async () => {
    const { registry, fetch } = await registryOf([published(QWEN)]);
    await verdictOf(fetch);
    const hosts = registry.requests.map(({ url }) => new URL(url).host);
    expect(hosts[0]).toBe("registry.ollama.ai");
    expect(hosts.at(-1)).toMatch(/\.r2\.cloudflarestorage\.com$/);
    for (const { method, headers } of registry.requests) {
      expect(method).toBe("GET");
      expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
    }
    const files = registry.requests.filter(({ url }) => url.includes("Signature"));
    expect(files).toHaveLength(2);
    for (const { headers } of files) {
      expect(headers["accept-encoding"]).toBe("identity");
      expect(headers.range).toMatch(/^bytes=0-\d+$/);
    }
  });

  it("is read no further than to the end of its header, also where the registry sends all of it", async () => {
    const header = ggufOf(QWEN).headerBytes;
    for (const fault of [undefined, "ignores-range"] as const) {
      const { registry, fetch } = await registryOf([published(QWEN)], fault);
      expect((await verdictOf(fetch)).kind).toBe("fits");
      expect(registry.bytesSent()).toBeGreaterThan(header);
      expect(registry.bytesSent()).toBeLessThan(header + IN_FLIGHT);
    }
  });

  it("is found at Hugging Face, by way of its second name", async () => {
    const name = "hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M";
    const { registry, fetch } = await registryOf([published(QWEN, { name })]);
    expect((await verdictOf(fetch, name)).kind).toBe("fits");
    expect(new Set(registry.requests.map(({ url }) => new URL(url).host))).toEqual(
      new Set(["hf.co", "huggingface.co", "cas-bridge.xethub.hf.co"]),
    );
  });

  it.each(["manifests", "blobs"] as const)("is one of a list, whose builds lie among the %s", async (children) => {
    const mlx = { ...mlxModel("qwen3.8-27b-nvfp4"), name: NAME };
    const { fetch } = await registryOf([mlx, published(QWEN, { runner: "llamacpp" })], undefined, children);
    const first = await findGguf(fetch, NAME);
    if (first.kind !== "found") throw new Error(first.kind);
    const { model } = publishedBuild(first, { ...INSTALLED, name: NAME });
    expect(model).toMatchObject({ format: "gguf", runner: "llamacpp", sharesName: true, digest: first.tag.digest });
    expect(await describeBuild(fetch, first.tag)).toMatchObject({ metadataSource: "header" });
  });

  it("counts its projector and its adapters by their own headers", async () => {
    const tensor = { name: "v.patch_embd.weight", type: "F16", shape: [1024, 1024] };
    const projector = { values: new Map([["general.architecture", "clip"]]), tensors: [tensor] };
    const model = published(QWEN);
    const { fetch } = await registryOf([
      published(QWEN, {
        weights: model.weights && { ...model.weights, projector: { digest: hexOf("mmproj"), metadata: projector } },
        adapters: [hexOf("lora")],
        adapterFiles: new Map([[hexOf("lora"), { ...projector, tensors: [{ ...tensor, shape: [512, 1024] }] }]]),
      }),
    ]);
    expect(await describeBuild(fetch, (await tagOf(fetch)).tag)).toMatchObject({
      projectors: [{ bytes: 2 * MIB }],
      adapters: [{ bytes: MIB }],
    });
  });

  it("says what it asks of Ollama, and that nobody knows the memory of a draft model beside it", async () => {
    const { fetch } = await registryOf([published(QWEN, { requires: "0.40.0", drafts: [hexOf("draft")] })]);
    const { tag } = await tagOf(fetch);
    expect(await describeBuild(fetch, tag)).toMatchObject({ requires: "0.40.0", drafts: [expect.any(String)] });
    expect(await verdictOf(fetch)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("0.40.0") });
    const drafts = await registryOf([published(QWEN, { drafts: [hexOf("draft")] })]);
    expect(await verdictOf(drafts.fetch)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("draft") });
  });

  it("drafts for itself where its parameters say so", async () => {
    const { fetch } = await registryOf([published(QWEN, { parameters: { draft_num_predict: 4 } })]);
    expect(await describeBuild(fetch, (await tagOf(fetch)).tag)).toMatchObject({ parameters: { draftNumPredict: 4 } });
  });

  it("of which one part of several is there is Unknown", async () => {
    const values = new Map([...QWEN.values, ["split.count", 2], ["split.no", 0]] as const);
    const { fetch } = await registryOf([published({ ...QWEN, values })]);
    expect(await verdictOf(fetch)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("split") });
  });

  it.each([
    ["private", /may be private/],
    ["gone", /isn't there/],
    ["expired", /may be private/],
    ["wrong-range", /other than the part/],
    ["longer", /other than the part/],
    ["compressed", /compressed/],
    ["breaks-off", /broke off/],
    ["http", /isn't followed/],
    ["inward", /isn't followed/],
    ["loop", /isn't followed/],
    ["hostile", /claims/],
    ["down", /broke off/],
  ] as const)("that is %s is Unknown, with why", async (fault, reason) => {
    const { registry, fetch } = await registryOf([published(QWEN)]);
    const { tag } = await tagOf(fetch);
    registry.fault(fault);
    expect(await describeBuild(fetch, tag)).toEqual({ kind: "unreadable", reason: expect.stringMatching(reason) });
    registry.fault(undefined);
    expect(await describeBuild(fetch, tag)).not.toHaveProperty("kind");
  });

  it.each([
    ["stalls", { stallMs: 100 }],
    ["slow", { timeoutMs: 400 }],
  ] as const)("that %s is given up in time", async (fault, limits) => {
    const { registry, fetch } = await registryOf([published(QWEN)]);
    const { tag } = await tagOf(fetch);
    registry.fault(fault);
    expect(await describeBuild(fetch, tag, limits)).toEqual({
      kind: "unreadable",
      reason: "Reading the model's header took too long.",
    });
  });

  it("can be stopped, whatever its fetch thinks of signals", async () => {
    const { registry, fetch } = await registryOf([published(QWEN)]);
    const { tag } = await tagOf(fetch);
    registry.fault("stalls");
    const stop = new AbortController();
    const deaf: typeof fetch = (input, init) => fetch(input, { ...init, signal: undefined });
    const reading = describeBuild(deaf, tag, { signal: stop.signal, onBytes: () => stop.abort() });
    expect(await reading).toEqual({ kind: "unreadable", reason: "Reading the model's header was canceled." });
  });
});

/** A tag of one GGUF file, and a fetch that answers for it with these bytes. */
function oneFile(body: Uint8Array, size: number) {
  const digest = `sha256:${"a".repeat(64)}`;
  const layer = { mediaType: "application/vnd.ollama.image.model", digest, size, name: "" };
  const tag: ExistingTag = {
    kind: "exists",
    digest: "b".repeat(64),
    repository: "https://registry.ollama.ai/v2/library/a",
    layers: [layer],
    downloadBytes: size,
    weightBytes: size,
    format: "gguf",
  };
  const fetch: typeof globalThis.fetch = () =>
    Promise.resolve(
      new Response(new Uint8Array(body), { status: 206, headers: { "Content-Range": `bytes 0-${size - 1}/${size}` } }),
    );
  return { tag, fetch };
}

describe("what a registry may send", () => {
  /** A tag whose `params` are this text, of the size that's claimed. */
  async function withParams(text: string, size = text.length) {
    const { fetch } = await registryOf([published(QWEN)]);
    const { tag } = await tagOf(fetch);
    const digest = `sha256:${hexOf(text)}`;
    const params = { mediaType: "application/vnd.ollama.image.params", digest, size, name: "" };
    const asked: string[] = [];
    const answering: typeof globalThis.fetch = async (input, init) => {
      const url = String(input instanceof Request ? input.url : input);
      if (!url.endsWith(digest)) return fetch(input, init);
      asked.push(url);
      return new Response(text, { status: 206, headers: { "Content-Range": `bytes 0-${size - 1}/${size}` } });
    };
    const layers = [...tag.layers.filter(({ mediaType }) => mediaType !== params.mediaType), params];
    return { asked, description: await describeBuild(answering, { ...tag, layers }) };
  }

  it("is a list of parameters of 4 MiB at most; a larger one isn't asked for", async () => {
    expect((await withParams('{"num_ctx":8192}')).description).toMatchObject({ parameters: { numCtx: 8192 } });
    const large = await withParams("{}", 4 * MIB + 1);
    expect(large.description).toEqual({
      kind: "unreadable",
      reason: "Its list of parameters is too large to be one.",
    });
    expect(large.asked).toEqual([]);
  });

  it("is a list of 400,000 parameters at most", async () => {
    const { description } = await withParams(`{"stop":[${"[],".repeat(250_000)}[]]}`);
    expect(description).toEqual({
      kind: "unreadable",
      reason: "Its list of parameters isn't what the registry's manifest names.",
    });
  });

  it("is a header of 32 MiB at most: what's behind it isn't asked for", async () => {
    const { tag, fetch } = oneFile(new Uint8Array(1), 64 * MIB);
    const [layer] = tag.layers;
    if (layer === undefined) throw new Error("none");
    const asked: (string | null)[] = [];
    const blob = openBlob(
      (input, init) => {
        asked.push(new Headers(init?.headers).get("Range"));
        return fetch(input, init);
      },
      tag,
      layer,
    );
    await expect(blob.read(MOST_BLOB_BYTES, 1)).rejects.toMatchObject({ fault: "too-large" });
    expect(asked).toEqual([]);
    await expect(blob.read(0, 1)).rejects.toMatchObject({ fault: "read-failed" });
    expect(asked).toEqual([`bytes=0-${32 * MIB - 1}`]);
    await blob.close();
  });
});

describe("a header that isn't one", () => {
  const { header, headerBytes, fileBytes } = writeGguf(SMALL_MODEL);

  it("is Unknown wherever the connection breaks off, and wherever the file is cut", async () => {
    for (let cut = 0; cut < headerBytes; cut += 1) {
      const broken = oneFile(header.subarray(0, cut), fileBytes);
      expect(await describeBuild(broken.fetch, broken.tag), `broken at ${cut}`).toMatchObject({ kind: "unreadable" });
      const short = oneFile(header.subarray(0, cut), cut);
      expect(await describeBuild(short.fetch, short.tag), `cut at ${cut}`).toMatchObject({ kind: "unreadable" });
    }
    const dataless = oneFile(header, headerBytes);
    expect(await describeBuild(dataless.fetch, dataless.tag)).toMatchObject({
      reason: expect.stringContaining("lacks"),
    });
  });

  it("never takes the reader with it, whatever its bytes say", async () => {
    const changes = fc.array(fc.tuple(fc.nat(headerBytes - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, async (places) => {
        const bytes = new Uint8Array(fileBytes);
        bytes.set(header);
        for (const [at, value] of places) bytes[at] = value;
        const { fetch, tag } = oneFile(bytes, fileBytes);
        const description = await describeBuild(fetch, tag);
        const isKnown = !("kind" in description);
        expect(isKnown || (description.kind === "unreadable" && description.reason !== "")).toBe(true);
      }),
    );
  });
});

describe("an MLX build in a registry", () => {
  const build = (changes: Partial<StandInModel> = {}) => ({ ...mlxModel("qwen3.8-27b-nvfp4"), name: NAME, ...changes });

  it("is exact by its manifest and config.json alone", async () => {
    const { registry, fetch } = await registryOf([build()]);
    const { tag } = await tagOf(fetch);
    expect(await describeBuild(fetch, tag)).toMatchObject({
      kind: "mlx",
      weightsAboveBytes: 0,
      model: { weights: tag.weightBytes, shape: { modelType: "qwen3_5" } },
    });
    expect(registry.requests.filter(({ url }) => url.includes("Signature"))).toHaveLength(1);
  });

  it("counts tensors of the same bytes once", async () => {
    const { fetch } = await registryOf([build()]);
    const { tag } = await tagOf(fetch);
    const [tensor] = tag.layers.filter(({ mediaType }) => mediaType.endsWith(".tensor"));
    if (tensor === undefined) throw new Error("It has no tensors.");
    const twice = { ...tag, layers: [...tag.layers, { ...tensor, name: "lm_head.weight" }] };
    expect(await describeBuild(fetch, twice)).toMatchObject({ model: { weights: tag.weightBytes } });
  });

  it("is Unknown where its config.json isn't there, is another, or says too little", async () => {
    const { registry, fetch } = await registryOf([build()]);
    const { tag } = await tagOf(fetch);
    const other = tag.layers.map((layer) =>
      layer.name === "config.json" ? { ...layer, size: layer.size - 1 } : layer,
    );
    expect(await describeBuild(fetch, { ...tag, layers: other })).toMatchObject({ kind: "unreadable" });
    const none = tag.layers.filter(({ name }) => name !== "config.json");
    expect(await describeBuild(fetch, { ...tag, layers: none })).toEqual({
      kind: "unreadable",
      reason: "Its manifest names no config.json.",
    });
    registry.fault("gone");
    expect(await describeBuild(fetch, tag)).toMatchObject({ kind: "unreadable" });
    const model = mlxModel("qwen3.8-27b-nvfp4");
    const mlx = model.weights?.mlx && { ...model.weights.mlx, config: { model_type: "kolibri1" } };
    const newer = await registryOf([build({ weights: model.weights && { ...model.weights, mlx } })]);
    expect(await describeBuild(newer.fetch, (await tagOf(newer.fetch)).tag)).toEqual({
      kind: "unreadable",
      reason: expect.stringContaining("kolibri1"),
    });
  });
});
