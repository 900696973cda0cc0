/**
 * What a real server of any release from 0.33 on lists, shows and keeps on disk, read through the product's code:
 * OLLAMA_LIVE_BINARY=/path/to/ollama npx vitest run test/live/builds-live.test.ts. It starts the server on a port and in
 * folders of its own, makes models of a few kilobytes with `ollama create`, and ends it. What takes several builds of one
 * name is tried where the release knows them. Nothing can be loaded without llama-server and MLX: a load only starts the
 * conversion of an old file.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeBackupCommand } from "../../src/fit/backup-text";
import type { InstalledModel } from "../../src/fit/facts";
import { buildReference } from "../../src/fit/model-builds";
import { needsArrays } from "../../src/memory/estimate";
import type { MetadataValue, ModelMetadata } from "../../src/memory/metadata";
import { createOllamaClient, type OllamaClient } from "../../src/ollama/client";
import { readBackup, readManifest } from "../../src/ollama/manifests";
import { readMlxManifest } from "../../src/ollama/mlx-manifest";
import { describeModel } from "../../src/ollama/model-source";
import { createVariant } from "../../src/ollama/variant";
import { writeGguf } from "../stand-ins/gguf-writer";
import { ggufModel, startStandInOllama } from "../stand-ins/ollama";

const binary = process.env["OLLAMA_LIVE_BINARY"];
const run = promisify(execFile);

/** One block. 0.40 converts old files of olmo3; 0.33 takes a file to llama-quantize unless it has a tensor of the last kind. */
const metadataOf = (architecture: "olmo3" | "qwen3next"): ModelMetadata => ({
  values: new Map<string, MetadataValue>([
    ["general.architecture", architecture],
    ["general.file_type", 15],
    [`${architecture}.block_count`, 1],
    [`${architecture}.context_length`, 4096],
    [`${architecture}.embedding_length`, 64],
    [`${architecture}.attention.head_count`, 2],
    ["tokenizer.ggml.model", "gpt2"],
    ["tokenizer.ggml.tokens", ["a", "b"]],
  ]),
  tensors: [
    { name: "token_embd.weight", type: "Q8_0", shape: [64, 50] },
    { name: "output_norm.weight", type: "F32", shape: [64] },
    { name: "blk.0.attn_norm.weight", type: "F32", shape: [64] },
    ...(architecture === "olmo3" ? [] : [{ name: "mtp.norm.weight", type: "F32", shape: [64] }]),
  ],
});

const [HIDDEN, KV, INNER, VOCABULARY] = [64, 32, 128, 64];
const LAYER: Readonly<Record<string, readonly number[]>> = {
  "self_attn.q_proj": [HIDDEN, HIDDEN],
  "self_attn.k_proj": [KV, HIDDEN],
  "self_attn.v_proj": [KV, HIDDEN],
  "self_attn.o_proj": [HIDDEN, HIDDEN],
  "self_attn.q_norm": [KV],
  "self_attn.k_norm": [KV],
  "mlp.gate_proj": [INNER, HIDDEN],
  "mlp.up_proj": [INNER, HIDDEN],
  "mlp.down_proj": [HIDDEN, INNER],
  input_layernorm: [HIDDEN],
  post_attention_layernorm: [HIDDEN],
};
const MLX_SHAPES = new Map<string, readonly number[]>([
  ["model.embed_tokens.weight", [VOCABULARY, HIDDEN]],
  ["model.norm.weight", [HIDDEN]],
  ...Object.entries(LAYER).map(([name, shape]) => [`model.layers.0.${name}.weight`, shape] as const),
]);

/** A folder as Hugging Face has it: config.json, tokenizer and BF16 tensors. */
async function writeMlxFolder(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  let bytes = 0;
  const header = Object.fromEntries(
    [...MLX_SHAPES].map(([name, shape]) => {
      const begin = bytes;
      bytes += 2 * shape.reduce((product, side) => product * side, 1);
      return [name, { dtype: "BF16", shape, data_offsets: [begin, bytes] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(join(folder, "model.safetensors"), Buffer.concat([length, text, Buffer.alloc(bytes)]));
  const config = {
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    hidden_size: HIDDEN,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: KV,
    intermediate_size: INNER,
    vocab_size: VOCABULARY,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-6,
    torch_dtype: "bfloat16",
    tie_word_embeddings: true,
    rope_theta: 10_000,
  };
  const tokenizer = { version: "1.0", model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] }, added_tokens: [] };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify({ chat_template: "{{ messages }}" }));
  return bytes;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The form of an answer: types in the place of values, keys in order. */
function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [formOf(value[0])] : [];
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, formOf(inner)]));
}

describe.skipIf(binary === undefined)("a real server's models", () => {
  let home: string;
  let models: string;
  let url: string;
  let server: ChildProcess;
  let client: OllamaClient;
  let mlxBytes: number;
  /** Whether the release knows several builds of one name. */
  let knowsBuilds: boolean;
  let metadata: ModelMetadata;

  const cli = (...words: string[]) =>
    run(binary ?? "", words, { env: { ...process.env, HOME: home, OLLAMA_HOST: url, OLLAMA_MODELS: models } });
  const architecture = () => String(metadata.values.get("general.architecture"));
  const rowsOf = async (name: string) => (await client.models()).filter((model) => model.name === name);
  const only = async (name: string): Promise<InstalledModel> => {
    const [model, ...others] = await rowsOf(name);
    if (model === undefined || others.length > 0) throw new Error(`${others.length + 1} of ${name}`);
    return model;
  };
  const describeIt = (model: InstalledModel, isLocal = true) =>
    describeModel({ client, model, isLocal, modelsFolders: [models], needsArrays });

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "ollama-live-"));
    models = join(home, "models");
    url = `http://127.0.0.1:${await freePort()}`;
    server = spawn(binary ?? "", ["serve"], {
      env: { ...process.env, HOME: home, OLLAMA_HOST: url, OLLAMA_MODELS: models },
      stdio: "ignore",
    });
    client = createOllamaClient({ url, fetch });
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await client.version().catch(() => undefined)) !== undefined) break;
      await sleep(100);
    }
    knowsBuilds = (await cli("create", "--help")).stdout.includes("--combine");
    metadata = metadataOf(knowsBuilds ? "olmo3" : "qwen3next");
    const { header, fileBytes } = writeGguf(metadata);
    const file = Buffer.alloc(fileBytes);
    file.set(header);
    await writeFile(join(home, "tiny.gguf"), file);
    await writeFile(join(home, "Modelfile.gguf"), `FROM ${join(home, "tiny.gguf")}\nTEMPLATE {{ .Prompt }}\n`);
    mlxBytes = await writeMlxFolder(join(home, "mlx"));
    await writeFile(join(home, "Modelfile.mlx"), `FROM ${join(home, "mlx")}\n`);
    await cli("create", "tiny:gguf", "-f", join(home, "Modelfile.gguf"));
    await cli("create", "tiny:mlx", "--experimental", "-f", join(home, "Modelfile.mlx"));
    if (knowsBuilds) await cli("create", "both:1", "--combine", "tiny:gguf,tiny:mlx");
  }, 60_000);

  afterAll(async () => {
    server.kill("SIGTERM");
    await rm(home, { recursive: true, force: true });
  });

  it("are listed with what runs them, each once", async () => {
    expect(await only("tiny:gguf")).toMatchObject({ format: "gguf", runner: "ggml", family: architecture() });
    expect(await only("tiny:mlx")).toMatchObject({ format: "safetensors", runner: "mlx" });
    expect(await client.loaded()).toEqual([]);
  });

  it("have their metadata in the header on disk, and in the answers of the server", async () => {
    const model = await only("tiny:gguf");
    const onDisk = await describeIt(model);
    expect(onDisk.metadataSource).toBe("header");
    expect(onDisk.metadata.tensors).toHaveLength(metadata.tensors.length);
    const remote = await describeIt(model, false);
    expect(remote.metadata.tensors).toEqual(expect.arrayContaining([...metadata.tensors]));
    expect(remote.weightsFile).toBe(onDisk.weightsFile);
  });

  it("have the files of MLX in their manifest, every tensor with its bytes", async () => {
    const names = knowsBuilds ? ["tiny:mlx", "both:1"] : ["tiny:mlx"];
    for (const name of names) {
      const reading = await readMlxManifest(name, [models]);
      if (reading.kind === "unknown") throw new Error(`${name}: ${reading.reason}`);
      expect(reading.files.tensors.map((tensor) => tensor.name).toSorted()).toEqual([...MLX_SHAPES.keys()].toSorted());
      // Each tensor is a file of its own, whose head has some 100 bytes; those of equal bytes are one.
      const bytes = reading.files.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(mlxBytes + 200 * MLX_SHAPES.size);
    }
    const shown = await client.show("tiny:mlx", { runner: "mlx", verbose: true });
    expect(shown.metadata.values.get("general.architecture")).toBe("qwen3");
    expect(shown.metadata.tensors).toHaveLength(MLX_SHAPES.size);
  });

  it("of one name are two rows, each shown and found as itself", async ({ skip }) => {
    if (!knowsBuilds) return skip();
    const builds = await rowsOf("both:1");
    expect(builds.map(({ runner, sharesName }) => [runner, sharesName]).toSorted()).toEqual([
      ["ggml", true],
      ["mlx", true],
    ]);
    for (const build of builds) {
      const shown = await client.show(build.name, { runner: build.runner });
      expect(shown.metadata.values.get("general.architecture")).toBe(build.runner === "mlx" ? "qwen3" : "olmo3");
      expect(shown.builds.map(({ runner }) => runner).toSorted()).toEqual(["ggml", "mlx"]);
      expect(shown.builds.map(({ digest }) => digest)).toContain(build.digest);
    }
    expect((await client.builds("both:1")).map(({ runner }) => runner).toSorted()).toEqual(["ggml", "mlx"]);
    const found = await readManifest("both:1", [models]);
    expect(found.manifest).toMatchObject({ kind: "list" });
    // Not the MLX build, as the name alone would mean on a Mac.
    const gguf = builds.find(({ runner }) => runner === "ggml");
    if (gguf === undefined) throw new Error("no GGUF build");
    expect(buildReference(gguf)).toBe(`ggml:${gguf.digest}`);
    const request = { source: "both:1", sourceRunner: "ggml", name: "both:1-2k", numCtx: 2048 } as const;
    expect(await createVariant(client, request)).toMatchObject({ kind: "created" });
    expect(await only("both:1-2k")).toMatchObject({ format: "gguf", family: "olmo3" });
    expect((await only("both:1-2k")).parentModel).toBeUndefined();
    await client.remove("both:1-2k");
  });

  it("that were converted are one row, with the old file named, and deleted by the command for that", async ({
    skip,
  }) => {
    if (!knowsBuilds) return skip();
    await client.remove("both:1");
    const before = await only("tiny:gguf");
    await client.load("tiny:gguf", { runner: "ggml" }).catch(() => undefined);
    let after = before;
    for (let tries = 0; tries < 50 && after.digest === before.digest; tries += 1) {
      await sleep(100);
      after = await only("tiny:gguf");
    }
    expect(after).toMatchObject({ runner: "llamacpp", backup: { sizeBytes: before.sizeBytes } });
    expect((await client.models()).filter(({ name }) => name.startsWith("llamacpp:"))).toEqual([]);
    const backup = await readBackup(after, [models]);
    expect(backup).toMatchObject({
      digest: after.backup?.digest,
      blob: expect.stringMatching(/^sha256-[0-9a-f]{64}$/),
    });
    const file = join(models, "blobs", backup?.blob ?? "");
    expect(backup?.sizeBytes).toBeGreaterThanOrEqual((await readFile(file)).length);
    expect((await describeIt(after)).backup).toEqual(backup);
    expect((await describeIt(after, false)).backup?.blob).toBe(backup?.blob);
    await cli(
      ...removeBackupCommand(backup ?? { digest: "" })
        .split(" ")
        .slice(1),
    );
    await expect(readFile(file)).rejects.toThrow("ENOENT");
    expect((await only("tiny:gguf")).backup).toBeUndefined();
    expect(await readBackup(after, [models])).toBeUndefined();
    // What it was listed with before names it still.
    expect((await client.show("tiny:gguf", { runner: "ggml" })).metadata.values.get("general.architecture")).toBe(
      "olmo2",
    );
  });

  it("are listed and shown by the stand-in in the same form", async ({ skip }) => {
    if (!knowsBuilds) return skip();
    const sample = { parameterSize: "1", quantization: "Q4_K_M", capabilities: ["completion"], license: undefined };
    const gguf = ggufModel(metadata, { ...sample, name: "tiny:gguf" });
    const standIn = await startStandInOllama({ models: [gguf], version: await client.version() });
    try {
      const asked = async (base: string) => {
        const tags = (await (await fetch(`${base}/api/tags`)).json()) as {
          models: { name: string; details: object }[];
        };
        const row = tags.models.find(({ name }) => name === "tiny:gguf");
        return formOf({ ...row, details: { ...row?.details, runner: "" } });
      };
      expect(await asked(standIn.url)).toEqual(await asked(url));
    } finally {
      await standIn.close();
    }
  });
});
