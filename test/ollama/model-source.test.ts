import { link, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelDescription } from "../../src/fit/facts";
import { createOllamaClient } from "../../src/ollama/client";
import { type DescribeOptions, describeModel, hasSameFiles, modelsFolders } from "../../src/ollama/model-source";
import { writeSparseGguf } from "../stand-ins/gguf-writer";
import { sampleModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";

let homeFolder: string;
let server: StandInOllama;
beforeEach(async () => {
  homeFolder = await mkdtemp(join(tmpdir(), "models-"));
  server = await startStandInOllama({ models: [sampleModel("llama3.1:8b")], homeFolder, files: true });
});
afterEach(async () => {
  await server.close();
  await rm(homeFolder, { recursive: true, force: true });
});

async function describeIt(changes: Partial<DescribeOptions> = {}): Promise<ModelDescription> {
  const client = createOllamaClient({ url: server.url, fetch, timeoutMs: 5_000 });
  const [model] = await client.models();
  if (model === undefined) throw new Error("The server has no model.");
  return describeModel({
    client,
    model,
    isLocal: true,
    modelsFolders: [server.modelsFolder],
    needsArrays: () => true,
    ...changes,
  });
}

async function blobs(): Promise<readonly string[]> {
  const folder = join(server.modelsFolder, "blobs");
  return (await readdir(folder)).map((name) => join(folder, name));
}
const shows = () => server.requests.filter(({ route }) => route === "show").map(({ body }) => body["verbose"] === true);

describe("the metadata of a model", () => {
  it("comes from the header of the file on this Mac, without a second question", async () => {
    const description = await describeIt();
    expect(description.metadataSource).toBe("header");
    expect(description.metadata.values.get("general.architecture")).toBe("llama");
    expect(description.metadata.tensors.length).toBeGreaterThan(100);
    expect(shows()).toEqual([false]);
  });

  it("comes from the first folder that holds the file", async () => {
    const folders = ["/does/not/exist", homeFolder, server.modelsFolder];
    expect((await describeIt({ modelsFolders: folders })).metadataSource).toBe("header");
  });

  it("of a remote server comes from show, whatever lies in the folders here", async () => {
    const description = await describeIt({ isLocal: false, needsArrays: () => false });
    expect(description.metadataSource).toBe("show");
    expect(shows()).toEqual([false]);
  });

  it("is asked for again with its arrays only where they are needed", async () => {
    const asked: string[] = [];
    const description = await describeIt({
      isLocal: false,
      needsArrays: ({ values }) => {
        asked.push(String(values.get("general.architecture")));
        return true;
      },
    });
    expect(asked).toEqual(["llama"]);
    expect(description.metadataSource).toBe("show-verbose");
    expect(description.metadata.tensors.length).toBeGreaterThan(100);
    expect(shows()).toEqual([false, true]);
  });

  it("keeps the tensors of the plain answer where the verbose one has none", async () => {
    const info = { "general.architecture": "llama" };
    const tensors = [{ name: "output.weight", type: "F16", shape: [8, 8] }];
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: info, tensors }) }, 1);
    const client = createOllamaClient({ url: server.url, fetch, timeoutMs: 5_000 });
    const first = await client.show("llama3.1:8b");
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: { ...info, more: [1, 2] } }) });
    const description = await describeIt({
      isLocal: false,
      client: {
        ...client,
        show: (name, options) => (options?.verbose ? client.show(name, options) : Promise.resolve(first)),
      },
    });
    expect(description.metadata.tensors).toEqual(tensors);
    expect(description.metadata.values.get("more")).toEqual([1, 2]);
  });

  it("comes from show where the file is damaged, cut short or not a model", async () => {
    for (const spoil of [
      (path: string) => truncate(path, 1_000_000),
      (path: string) => truncate(path, 100),
      (path: string) => writeFile(path, "not a model"),
      (path: string) => rm(path).then(() => mkdir(path)),
    ]) {
      for (const path of await blobs()) await spoil(path);
      expect((await describeIt({ needsArrays: () => false })).metadataSource).toBe("show");
    }
  });

  it("says how much of the file is missing where a pull or a full disk cut it short", async () => {
    const [path = ""] = await blobs();
    const { size } = await stat(path);
    expect(await describeIt()).not.toHaveProperty("damage", expect.anything());
    await truncate(path, size - 3 * 1024 ** 3);
    expect((await describeIt()).damage).toMatch(/^3\.0 GiB of the file is missing/);
    await truncate(path, 100);
    expect((await describeIt()).damage).toMatch(/cut off/);
    await writeFile(path, "not a model");
    expect((await describeIt()).damage).toMatch(/GGUF/);
  });

  it("says so where the file is one part of several: nothing finds the others as blobs", async () => {
    const [path = ""] = await blobs();
    const { values, tensors } = sampleModel("llama3.1:8b").weights?.metadata ?? { values: new Map(), tensors: [] };
    const part = [
      ["split.no", 0],
      ["split.count", 3],
      ["split.tensors.count", 3 * tensors.length],
    ] as const;
    await writeSparseGguf(path, { values: new Map([...values, ...part]), tensors: tensors.slice(0, 100) });
    expect((await describeIt()).damage).toMatch(/part 1 of a model split into 3/);
  });

  it("is of a file as long as it has the size that it had, in whichever folder", async () => {
    const [path = ""] = await blobs();
    const description = await describeIt();
    const { size } = await stat(path);
    expect(description.fileBytes).toBe(size);
    const same = (folders: readonly string[]) => hasSameFiles(description, folders);
    expect([await same([]), await same(["/does/not/exist"])]).toEqual([true, true]);
    await truncate(path, size - 1);
    expect(await same([server.modelsFolder])).toBe(false);
    const other = join(homeFolder, "other");
    await mkdir(join(other, "blobs"), { recursive: true });
    await writeFile(join(other, "blobs", basename(path)), "");
    await truncate(join(other, "blobs", basename(path)), size);
    expect(await same([other])).toBe(true);
    await rm(path);
    expect(await same([])).toBe(false);
    expect(await hasSameFiles({ ...description, fileBytes: undefined }, [])).toBe(true);
  });

  it.each(["FROM", "ADAPTER"])("says what is missing of a second file, as of a projector, too: %s", async (word) => {
    const [path = ""] = await blobs();
    const second = join(dirname(path), `sha256-${"b".repeat(64)}`);
    const tensors = [{ name: "v.patch_embd.weight", type: "F16", shape: [4096, 1_000_000] }];
    const values = new Map([["general.architecture", "clip"]]);
    const { fileBytes } = await writeSparseGguf(second, { values, tensors });
    await truncate(second, fileBytes - 3 * 1024 ** 3);
    const modelfile = `FROM ${path}\n${word} ${second}\n`;
    server.fault("show", { kind: "answer", body: JSON.stringify({ model_info: {}, modelfile }) });
    expect((await describeIt()).damage).toMatch(/^3\.0 GiB of the file is missing/);
  });

  it("never comes from a path that the server makes up", async () => {
    const secret = join(homeFolder, "secret");
    // A whole model, so that nothing but its path keeps it from being read.
    const [blob = ""] = await blobs();
    await link(blob, secret);
    const climbing = `${server.modelsFolder}/blobs/${relative(join(server.modelsFolder, "blobs"), secret)}`;
    expect(climbing).toContain("/blobs/../");
    for (const path of [
      secret,
      climbing,
      `${server.modelsFolder}/blobs/x/../${basename(blob)}`,
      "../../secret",
      `/x/sha256-${"0".repeat(63)}/../secret`,
      `sha256-${"a".repeat(64)}`,
    ]) {
      const body = JSON.stringify({ model_info: { "general.architecture": "llama" }, modelfile: `FROM ${path}\n` });
      server.fault("show", { kind: "answer", body });
      expect((await describeIt({ needsArrays: () => false })).metadataSource).toBe("show");
    }
  });

  it("leaves a projector whose file is not there without a size", async () => {
    const modelfile = `FROM /m/sha256-${"a".repeat(64)}\nFROM /m/sha256-${"b".repeat(64)}\n`;
    const body = JSON.stringify({ model_info: { "general.architecture": "llama" }, modelfile });
    server.fault("show", { kind: "answer", body });
    const { projectors } = await describeIt({ needsArrays: () => false });
    expect(projectors).toEqual([{ path: `/m/sha256-${"b".repeat(64)}` }]);
  });
});

describe("the folders of models", () => {
  it("are the preference, OLLAMA_MODELS and the usual one, in this order", () => {
    expect(modelsFolders("/Users/sam", { OLLAMA_MODELS: "/big" }, "/mine")).toEqual([
      "/mine",
      "/big",
      "/Users/sam/.ollama/models",
    ]);
    expect(modelsFolders("/Users/sam", {}, "")).toEqual(["/Users/sam/.ollama/models"]);
  });
});

describe("a projector or an adapter on another machine", () => {
  const shown = (changes: Partial<ModelDescription>): ModelDescription => ({
    metadata: {
      values: new Map([["general.architecture", "llama"]]),
      tensors: [{ name: "output.weight", type: "F32", shape: [256, 1024] }],
    },
    metadataSource: "show",
    parameters: { unreadable: [] },
    capabilities: ["completion", "vision"],
    projectors: [{ path: "/blobs/sha256-b" }],
    adapters: [],
    drafts: [],
    ...changes,
  });
  const sizeOf = async (changes: Partial<ModelDescription>, sizeBytes: number) => {
    const client = createOllamaClient({ url: server.url, fetch });
    const [model] = await client.models();
    if (model === undefined) throw new Error("The server has no model.");
    const show = () => Promise.resolve({ ...shown(changes), builds: [] });
    const options = { isLocal: false, modelsFolders: [], needsArrays: () => false };
    const described = await describeModel({ client: { ...client, show }, model: { ...model, sizeBytes }, ...options });
    return [...described.projectors, ...described.adapters].map(({ bytes }) => bytes);
  };

  it("is as large as the list counts beside the model's own tensors", async () => {
    expect(await sizeOf({}, 3 * 1024 ** 2)).toEqual([2 * 1024 ** 2]);
    const adapted = { projectors: [], adapters: [{ path: "/a" }] };
    expect(await sizeOf(adapted, 3 * 1024 ** 2)).toEqual([2 * 1024 ** 2]);
  });

  it("stays unknown where that can't be told", async () => {
    expect(await sizeOf({}, 1024 ** 2)).toEqual([undefined]);
    const two = [{ path: "/blobs/sha256-b" }, { path: "/blobs/sha256-c" }];
    expect(await sizeOf({ projectors: two }, 3 * 1024 ** 2)).toEqual([undefined, undefined]);
    expect(await sizeOf({ adapters: [{ path: "/a" }] }, 3 * 1024 ** 2)).toEqual([undefined, undefined]);
    const bare = { values: new Map(), tensors: [] };
    expect(await sizeOf({ metadata: bare }, 3 * 1024 ** 2)).toEqual([undefined]);
  });
});
