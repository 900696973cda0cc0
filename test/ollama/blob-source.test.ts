import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelMetadata } from "../../src/memory/metadata";
import { openFileSource, readModelFile } from "../../src/ollama/blob-source";
import { writeGguf, writeSparseGguf } from "../stand-ins/gguf-writer";

const MODEL: ModelMetadata = {
  values: new Map<string, string | number>([
    ["general.architecture", "llama"],
    ["llama.block_count", 1],
  ]),
  tensors: [{ name: "output.weight", shape: [4096, 1_000_000], type: "F16" }],
};

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blobs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a local file", () => {
  it("is read where it is, however large", async () => {
    const { fileBytes, header } = await writeSparseGguf(at("sha256-abc"), MODEL);
    const model = await readModelFile(at("sha256-abc"));
    expect(fileBytes).toBeGreaterThan(8_000_000_000);
    expect(model.metadata).toEqual(MODEL);
    expect(model.parts[0]).toMatchObject({
      fileBytes,
      layout: { dataOffset: header.length, dataBytes: 8_192_000_000, missingBytes: 0 },
    });
  });

  it("whose data is cut off says how much is missing", async () => {
    await writeFile(at("header-only"), writeGguf(MODEL).header);
    expect((await readModelFile(at("header-only"))).parts[0]?.layout?.missingBytes).toBe(8_192_000_000);
  });

  it("finds the other parts of a split model beside it", async () => {
    const split = (no: number): ModelMetadata => ({
      values: new Map([...(no === 0 ? MODEL.values : []), ["split.no", no] as const, ["split.count", 2] as const]),
      tensors: [{ name: `blk.${no}.x.weight`, shape: [32], type: "F32" }],
    });
    await writeSparseGguf(at("m-00001-of-00002.gguf"), split(0));
    await expect(readModelFile(at("m-00001-of-00002.gguf"))).rejects.toMatchObject({ fault: "not-found" });
    await writeSparseGguf(at("m-00002-of-00002.gguf"), split(1));
    const model = await readModelFile(at("m-00002-of-00002.gguf"));
    expect(model.metadata.tensors.map(({ name }) => name)).toEqual(["blk.0.x.weight", "blk.1.x.weight"]);
    expect(model.metadata.values.get("llama.block_count")).toBe(1);
  });

  it("is read to its end and not beyond", async () => {
    await writeFile(at("ten"), "0123456789");
    const source = await openFileSource(at("ten"));
    expect(source.size).toBe(10);
    expect(Buffer.from(await source.read(3, 4)).toString()).toBe("3456");
    expect(Buffer.from(await source.read(8, 100)).toString()).toBe("89");
    expect(await source.read(10, 5)).toHaveLength(0);
    await source.close();
    await source.close();
  });

  it("that can't be read names its fault", async () => {
    await mkdir(at("folder"));
    await promisify(execFile)("mkfifo", [at("pipe")]);
    await symlink(at("loop"), at("loop"));
    await symlink(at("nowhere"), at("dangling"));
    await writeFile(at("text"), "not a model at all, but some text");
    await writeFile(at("empty"), "");
    const faults = {
      missing: "not-found",
      "text/child": "not-found",
      loop: "not-found",
      dangling: "not-found",
      [`${"x".repeat(300)}`]: "not-found",
      "nul\0byte": "read-failed",
      folder: "not-a-file",
      pipe: "not-a-file",
      text: "not-gguf",
      empty: "truncated",
    };
    for (const [name, fault] of Object.entries(faults))
      await expect(readModelFile(at(name)), name).rejects.toMatchObject({ name: "GgufError", fault });
    await expect(readModelFile("/dev/zero")).rejects.toMatchObject({ fault: "not-a-file" });
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read names its fault", async () => {
    await writeFile(at("secret"), "GGUF");
    await chmod(at("secret"), 0);
    await expect(readModelFile(at("secret"))).rejects.toMatchObject({ fault: "no-permission" });
  });

  it("is not read once canceled", async () => {
    await writeSparseGguf(at("canceled"), MODEL);
    await expect(readModelFile(at("canceled"), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      fault: "aborted",
    });
  });
});
