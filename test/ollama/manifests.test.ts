import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupText } from "../../src/fit/backup-text";
import { type Manifest, readBackup, readManifest } from "../../src/ollama/manifests";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "manifests-"));
  await mkdir(join(folder, "blobs"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hexOf = (text: string) => createHash("sha256").update(text).digest("hex");
const MODEL = "application/vnd.ollama.image.model";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.ollama.manifest.list.v2+json";

/** Keeps a text as a blob, and gives its digest. */
async function blob(text: string): Promise<string> {
  await writeFile(join(folder, "blobs", `sha256-${hexOf(text)}`), text);
  return `sha256:${hexOf(text)}`;
}
async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}
async function link(path: string, digest: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await symlink(`../../../../blobs/${digest.replace(":", "-")}`, join(folder, path));
}
const layer = (digest: string, size: number, mediaType = MODEL) => ({ mediaType, digest, size });
const build = (...layers: object[]) => JSON.stringify({ schemaVersion: 2, mediaType: DOCKER, config: {}, layers });
const list = (...children: object[]) => JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests: children });
const child = (digest: string, runner: string, format = "gguf") => ({ mediaType: DOCKER, digest, runner, format });
const sizes = (manifest: Manifest) => (manifest.kind === "build" ? manifest.layers.map(({ size }) => size) : "a list");
const read = async (name: string) => (await readManifest(name, ["/nowhere", folder])).manifest;

const NEW = "manifests-v2/ollama.com/library/x/1";
const OLD = "manifests/registry.ollama.ai/library/x/1";

describe("the manifest of a model on disk", () => {
  it("is the link of 0.40 before the file of older releases, or a copy in its place", async () => {
    await put(OLD, build(layer("sha256:0", 1)));
    expect(sizes(await read("x:1"))).toEqual([1]);
    await link(NEW, await blob(build(layer("sha256:0", 2))));
    expect(sizes(await read("x:1"))).toEqual([2]);
    await put("manifests-v2/ollama.com/library/y/1", build(layer("sha256:0", 3)));
    expect(sizes(await read("y:1"))).toEqual([3]);
  });

  it("is the older file where the link leads nowhere", async () => {
    await put(OLD, build(layer("sha256:0", 1)));
    await link(NEW, `sha256:${"0".repeat(64)}`);
    expect(sizes(await read("x:1"))).toEqual([1]);
    await rm(join(folder, OLD));
    await expect(read("x:1")).rejects.toThrow("isn't on this Mac");
  });

  it("of another host is found as 0.40 writes a port, and as older releases do", async () => {
    await link("manifests-v2/reg.example%3A5000/me/x/1", await blob(build(layer("sha256:0", 4))));
    expect(sizes(await read("reg.example:5000/me/x:1"))).toEqual([4]);
    await put("manifests/old.example:5000/me/x/1", build(layer("sha256:0", 5)));
    expect(sizes(await read("old.example:5000/me/x:1"))).toEqual([5]);
    await put("manifests/ollama.com/library/z/1", build(layer("sha256:0", 6)));
    expect(sizes(await read("registry.ollama.ai/library/z:1"))).toEqual([6]);
  });

  it("that's left for older releases points at the list, and isn't counted beside it", async () => {
    const top = await blob(list(child(`sha256:${"a".repeat(64)}`, "mlx", "safetensors")));
    await put(OLD, build(layer("sha256:0", 7), layer(top, 500, LIST)));
    expect(await read("x:1")).toEqual({
      kind: "list",
      children: [{ digest: `sha256:${"a".repeat(64)}`, runner: "mlx" }],
    });
    await rm(join(folder, "blobs", top.replace(":", "-")));
    expect(sizes(await read("x:1"))).toEqual([7]);
  });

  it.each(["../../x:1", "x:..", "..:1", "a/..:1", "h.io/../x:1", "../a/x:1"])(
    "never leads out of the folder, as by %s",
    (name) => expect(read(name)).rejects.toThrow("isn't one of Ollama's"),
  );

  it("is a reason where it's damaged", async () => {
    for (const text of ["[]", "{}", '{"layers":[{}]}', '{"layers":[{"mediaType":"a","digest":"b","size":-1}]}', "{"]) {
      await put(OLD, text);
      await expect(read("x:1")).rejects.toThrow();
    }
  });
});

describe("the file that a model was converted from", () => {
  const own = (digest: string) => ({ name: "x:1", digest: digest.replace("sha256:", "") });

  it("is what of the old build the new one doesn't use, with the name of its weights", async () => {
    const [weights, shared] = [await blob("old weights"), await blob("license")];
    const old = await blob(build(layer(weights, 900), layer(shared, 50, "license"), layer("sha256:5", 7, "params")));
    const made = await blob(build(layer(await blob("new weights"), 880), layer(shared, 50, "license")));
    await link(NEW, await blob(list(child(old, "ggml"), child(made, "llamacpp"))));
    const backup = await readBackup(own(made), [folder]);
    expect(backup).toEqual({
      digest: old.replace("sha256:", ""),
      sizeBytes: 907,
      blob: weights.replace(":", "-"),
    });
    expect(backup && backupText(backup)).toContain(`ollama rm ggml:${old.slice(7, 19)}`);
    // The old build itself has none, nor has one whose old weights are gone.
    expect(await readBackup(own(old), [folder])).toBeUndefined();
    await rm(join(folder, "blobs", weights.replace(":", "-")));
    expect(await readBackup(own(made), [folder])).toBeUndefined();
  });

  it("isn't the MLX build beside it, nor anything where there's no list", async () => {
    const made = await blob(build(layer(await blob("w"), 880)));
    const mlx = await blob(build(layer(await blob("t"), 700)));
    await link(NEW, await blob(list(child(mlx, "mlx", "safetensors"), child(made, "llamacpp"))));
    expect(await readBackup(own(made), [folder])).toBeUndefined();
    expect(await readBackup({ name: "y:1", digest: "a" }, [folder])).toBeUndefined();
    await put("manifests/registry.ollama.ai/library/z/1", "not JSON");
    expect(await readBackup({ name: "z:1", digest: "a" }, [folder])).toBeUndefined();
  });
});
