import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MlxFiles } from "../../src/memory/mlx/files";
import { readMlxManifest } from "../../src/ollama/mlx-manifest";
import type { MlxReading } from "../../src/ollama/mlx-reading";
import { readSafetensorsFolder } from "../../src/ollama/safetensors-folder";
import { safetensorsHeader, writeMlxFolder, writeMlxManifest } from "../memory/mlx/folder";
import { oracleModel } from "../memory/mlx/oracle";

const { files } = oracleModel("gemma4-e4b-4bit");
const byName = ({ tensors }: MlxFiles) => [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));

let home: string;
let count = 0;
const freshFolder = () => join(home, String((count += 1)));
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "mlx-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

function read(reading: MlxReading): MlxFiles {
  if (reading.kind === "unknown") throw new Error(reading.reason);
  return reading.files;
}
const reasonOf = (reading: MlxReading) => (reading.kind === "unknown" ? reading.reason : "read");

describe("a folder with safetensors files", () => {
  it.each([1, 3])("of %i parts is read without its data", async (parts) => {
    const folder = freshFolder();
    await writeMlxFolder(folder, files, parts);
    const model = read(await readSafetensorsFolder(folder));
    expect(model.config).toEqual(files.config);
    expect(byName(model)).toEqual(byName(files));
  });

  it("without an index has the files that mlx-lm would load, else all there are", async () => {
    const folder = freshFolder();
    await writeMlxFolder(folder, files);
    await writeFile(join(folder, "adapter.safetensors"), "not looked at");
    expect(read(await readSafetensorsFolder(folder)).tensors).toEqual(files.tensors);
    const other = freshFolder();
    await mkdir(other);
    await writeFile(join(other, "config.json"), "{}");
    await writeFile(join(other, "weights.safetensors"), safetensorsHeader(files.tensors));
    expect(read(await readSafetensorsFolder(other)).tensors).toEqual(files.tensors);
  });

  it.each([
    ["isn't there", () => Promise.resolve(), "Its config.json isn't there."],
    ["has no config.json", (folder: string) => rm(join(folder, "config.json")), "Its config.json isn't there."],
    [
      "has a config.json that is no JSON",
      (folder: string) => writeFile(join(folder, "config.json"), "{"),
      "Its config.json isn't usable JSON.",
    ],
    [
      "has a huge config.json",
      (folder: string) => truncate(join(folder, "config.json"), 2 ** 40),
      "Its config.json is too large to be one.",
    ],
    [
      "has a config.json of brackets",
      (folder: string) => writeFile(join(folder, "config.json"), `[${"[],".repeat(500_000)}1]`),
      "Its config.json isn't usable JSON.",
    ],
    [
      "has a pipe for its config.json",
      async (folder: string) => {
        await rm(join(folder, "config.json"));
        await promisify(execFile)("mkfifo", [join(folder, "config.json")]);
      },
      "Its config.json can't be read. This isn't a file but a folder, a pipe or a device.",
    ],
    [
      "has no safetensors files",
      (folder: string) => rm(join(folder, "model.safetensors")),
      "Its folder has no safetensors files.",
    ],
    [
      "has an empty file",
      (folder: string) => truncate(join(folder, "model.safetensors")),
      "Its safetensors file is cut off in its header.",
    ],
    [
      "has a file whose header is longer than the file",
      (folder: string) => truncate(join(folder, "model.safetensors"), 1000),
      "Its safetensors file is cut off in its header.",
    ],
    [
      "has an index that leads out of it",
      (folder: string) =>
        writeFile(
          join(folder, "model.safetensors.index.json"),
          JSON.stringify({ weight_map: { a: "../model.safetensors" } }),
        ),
      "The index of its safetensors files is damaged.",
    ],
    [
      "has an index of nothing",
      (folder: string) => writeFile(join(folder, "model.safetensors.index.json"), "null"),
      "Its folder has no safetensors files.",
    ],
    [
      "has an index whose files are missing",
      (folder: string) =>
        writeFile(
          join(folder, "model.safetensors.index.json"),
          JSON.stringify({ weight_map: { a: "model-00001-of-00001.safetensors" } }),
        ),
      "model-00001-of-00001.safetensors isn't there.",
    ],
    [
      "has one part of three and no index",
      async (folder: string) => {
        const [file, part] = ["model", "model-00002-of-00003"].map((name) => join(folder, `${name}.safetensors`));
        await rename(file ?? "", part ?? "");
      },
      "model-00001-of-00003.safetensors isn't there.",
    ],
    [
      "says that it has more parts than there can be",
      (folder: string) => rename(join(folder, "model.safetensors"), join(folder, "model-00001-of-99999.safetensors")),
      "model-00002-of-99999.safetensors isn't there.",
    ],
    [
      "has GGUF files",
      async (folder: string) => {
        await rm(join(folder, "config.json"));
        await writeFile(join(folder, "model.gguf"), "GGUF");
      },
      "It's a folder of GGUF files, which MLX doesn't run.",
    ],
  ])("that %s is unknown", async (what, damage, reason) => {
    const folder = freshFolder();
    if (what !== "isn't there") await writeMlxFolder(folder, files);
    await damage(folder);
    expect(reasonOf(await readSafetensorsFolder(folder))).toBe(reason);
  });
});

describe("a model that Ollama keeps", () => {
  const OLD = "manifests/registry.ollama.ai/library/qwen3.8/27b-mlx";
  const NEW = "manifests-v2/ollama.com/library/qwen3.8/27b-mlx";
  const NAME = "qwen3.8:27b-mlx";
  const names = ({ tensors }: MlxFiles) => tensors.map(({ name, bytes }) => ({ name, bytes }));

  it("is read from its manifest and its config.json alone", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, files);
    const model = read(await readMlxManifest(NAME, [join(home, "none"), folder]));
    expect(model.config).toEqual(files.config);
    expect(model.tensors).toEqual(names(files));
  });

  it("comes from where Ollama 0.40 looks first, a link to a blob", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, { ...files, tensors: [] });
    const blob = `sha256-${"f".repeat(64)}`;
    await writeMlxManifest(folder, `blobs/${blob}`, files);
    await mkdir(join(folder, NEW, ".."), { recursive: true });
    await symlink(`../../../../blobs/${blob}`, join(folder, NEW));
    expect(read(await readMlxManifest(NAME, [folder])).tensors).toEqual(names(files));
  });

  it("is looked for in the old place where the link leads nowhere", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, files);
    await mkdir(join(folder, NEW, ".."), { recursive: true });
    await symlink(`../../../../blobs/sha256-${"e".repeat(64)}`, join(folder, NEW));
    expect(read(await readMlxManifest(NAME, [folder])).tensors).toEqual(names(files));
  });

  it.each([
    ["mlx", " MLX ", undefined, "read"],
    ["safetensors without a runner", undefined, "safetensors", "read"],
    ["llamacpp alone", "llamacpp", "gguf", "None of its builds on this Mac runs with MLX."],
  ])("of a list of builds is the one of %s", async (_, runner, format, expected) => {
    const folder = freshFolder();
    const child = `sha256-${"d".repeat(64)}`;
    await writeMlxManifest(folder, `blobs/${child}`, files);
    await writeMlxManifest(folder, NEW, files, () => ({
      schemaVersion: 2,
      mediaType: "application/vnd.ollama.manifest.list.v2+json",
      manifests: [
        { digest: `sha256:${"c".repeat(64)}`, runner: "ggml", format: "gguf" },
        { digest: child.replace("-", ":"), runner, format },
      ],
    }));
    const reading = await readMlxManifest(NAME, [folder]);
    expect(reasonOf(reading)).toBe(expected);
    if (expected === "read") expect(read(reading).tensors).toEqual(names(files));
  });

  it("is said to be no MLX model where it's a GGUF", async () => {
    const folder = freshFolder();
    const layers = [{ mediaType: "application/vnd.ollama.image.model", digest: `sha256:${"b".repeat(64)}`, size: 2e9 }];
    await writeMlxManifest(folder, OLD, files, (manifest) => ({ ...manifest, layers }));
    expect(reasonOf(await readMlxManifest(NAME, [folder]))).toBe("None of its builds on this Mac runs with MLX.");
  });

  it("counts a blob once, however many tensors have the same bytes", async () => {
    const folder = freshFolder();
    const [first, second] = files.tensors;
    if (first === undefined || second === undefined) throw new Error("no tensors");
    await writeMlxManifest(folder, OLD, { ...files, tensors: [first, second] }, (manifest) => {
      const layers = manifest["layers"] as { digest: string }[];
      return { ...manifest, layers: layers.map((layer) => ({ ...layer, digest: layers.at(-1)?.digest })) };
    });
    expect(read(await readMlxManifest(NAME, [folder])).tensors).toEqual([
      { name: first.name, bytes: first.bytes },
      { name: second.name, bytes: 0 },
    ]);
  });

  it("comes with the config.json of its draft model", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, { ...files, draftConfig: { model_type: "gemma4_assistant" } });
    expect(read(await readMlxManifest(NAME, [folder])).draftConfig).toEqual({ model_type: "gemma4_assistant" });
  });

  it("of another registry with a port is found under both spellings", async () => {
    for (const place of ["manifests-v2/my.host%3A8080/me/m/latest", "manifests/my.host:8080/me/m/latest"]) {
      const folder = freshFolder();
      await writeMlxManifest(folder, place, files);
      expect(reasonOf(await readMlxManifest("my.host:8080/me/m", [folder]))).toBe("read");
    }
  });

  it.each([
    ["../../../etc/passwd", "Its name isn't one of Ollama's."],
    ["..", "Its name isn't one of Ollama's."],
    ["", "Its name isn't one of Ollama's."],
    ["nobody:has-it", "Its manifest isn't on this Mac."],
  ])("called %j is unknown", async (name, reason) => {
    expect(reasonOf(await readMlxManifest(name, [home]))).toBe(reason);
  });

  it.each([
    ["null", () => null, "Its manifest is damaged."],
    ["without layers", (manifest: object) => ({ ...manifest, layers: 7 }), "Its manifest is damaged."],
    ["with a layer of nothing", (manifest: object) => ({ ...manifest, layers: [null] }), "Its manifest is damaged."],
    [
      "with a size that is no number",
      (manifest: object) => ({ ...manifest, layers: [{ mediaType: "x", digest: "y", size: "9" }] }),
      "Its manifest is damaged.",
    ],
    [
      "with half a byte",
      (manifest: object) => ({ ...manifest, layers: [{ mediaType: "x", digest: "y", size: 0.5 }] }),
      "Its manifest is damaged.",
    ],
    [
      "without a config.json",
      (manifest: object) => ({ ...manifest, layers: [] }),
      "Its manifest names no config.json.",
    ],
    [
      "whose config.json leads out of the folder",
      (manifest: object) => ({
        ...manifest,
        layers: [
          { mediaType: "application/vnd.ollama.image.json", digest: "sha256:../../x", size: 1, name: "config.json" },
        ],
      }),
      "Its manifest is damaged.",
    ],
    [
      "with too many layers",
      (manifest: object) => ({
        ...manifest,
        layers: new Array(70_000).fill({ mediaType: "x", digest: "y", size: 1 }),
      }),
      "Its manifest lists too many layers.",
    ],
  ])("with a manifest %s is unknown", async (_, change, reason) => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, files, change);
    expect(reasonOf(await readMlxManifest(NAME, [folder]))).toBe(reason);
  });

  it("whose manifest may not be read isn't looked for elsewhere", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, files);
    await writeMlxManifest(folder, NEW, files);
    await chmod(join(folder, NEW), 0);
    // root may read everything.
    if (process.getuid?.() === 0) await rm(join(folder, NEW)).then(() => mkdir(join(folder, NEW)));
    expect(reasonOf(await readMlxManifest(NAME, [folder]))).toContain("Its manifest can't be read.");
  });

  it("says so, wherever its manifest is cut off or damaged", async () => {
    const folder = freshFolder();
    await writeMlxManifest(folder, OLD, { ...files, tensors: files.tensors.slice(0, 2) });
    const path = join(folder, OLD);
    const text = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 2), async (end) => {
        await writeFile(path, text.subarray(0, end));
        expect(reasonOf(await readMlxManifest(NAME, [folder]))).toBe("Its manifest isn't usable JSON.");
      }),
      { numRuns: 50 },
    );
  });
});
