import { chmod, mkdtemp, rename, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerFacts } from "../../src/fit/facts";
import { missingFiles, modelPlaces } from "../../src/ollama/missing-files";
import { mlxModel, sampleModel, type StandInModel, type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { largestBlob } from "../stand-ins/ollama/files";
import { digestOf, manifestOf } from "../stand-ins/ollama/model";

const GGUF = sampleModel("llama3.1:8b");
const MLX: StandInModel = { ...mlxModel("llama3.1-8b-4bit"), name: "llama3.1:8b-mlx" };

let homeFolder: string;
let server: StandInOllama;
beforeEach(async () => {
  homeFolder = await mkdtemp(join(tmpdir(), "missing-"));
  server = await startStandInOllama({ models: [GGUF, MLX], homeFolder, files: true, version: "0.40.2" });
});
afterEach(async () => {
  await server.close();
  await rm(homeFolder, { recursive: true, force: true });
});

type Facts = Pick<ServerFacts, "identity" | "modelsFolder">;
const OWN: Facts = { identity: { kind: "terminal", pid: 655 } };
const placesOf = (facts: Facts, isLocal = true, preferred?: string) =>
  modelPlaces({ homeFolder, env: {} }, preferred, { isLocal, server: facts });

const asked = (model: StandInModel) => ({
  name: model.name,
  digest: digestOf(model),
  runner: model === MLX ? ("mlx" as const) : ("llamacpp" as const),
});
const blob = (model: StandInModel) => join(server.modelsFolder, "blobs", `sha256-${largestBlob(model)}`);
const MISSING = /^\d[\d.]* [GM]iB of its files is missing\. Ollama can't load it: pull it again\.$/;

describe("what is missing of a model's files", () => {
  it("is nothing where all are there", async () => {
    for (const model of [GGUF, MLX]) expect(await missingFiles(asked(model), placesOf(OWN))).toBeUndefined();
  });

  it.each([
    ["app", { kind: "app", pid: 1, appPid: 2, appPath: "/Applications/Ollama.app" }, true],
    ["terminal", OWN.identity, true],
    ["Docker", { kind: "elsewhere", pid: 1, carrier: "container", program: "Docker" }, false],
    ["one of several", { kind: "several", pids: [1, 2] }, false],
    ["not known", { kind: "unknown", reason: "" }, false],
    ["remote", { kind: "remote" }, false],
  ] as const)("is a file that's gone only where the server is this Mac's: %s", async (_, identity, isOwn) => {
    for (const model of [GGUF, MLX]) {
      await rm(blob(model));
      const isLocal = identity.kind !== "remote" && identity.kind !== "elsewhere";
      const missing = await missingFiles(asked(model), placesOf({ identity }, isLocal));
      if (isOwn) expect(missing).toMatch(MISSING);
      else expect(missing).toBeUndefined();
    }
  });

  it("is what is gone of the folder that the server says it reads, and of no other", async () => {
    const other = join(homeFolder, "elsewhere");
    const said = (value: string): Facts => ({ ...OWN, modelsFolder: { value, source: "server log" } });
    await rm(blob(GGUF));
    expect(await missingFiles(asked(GGUF), placesOf(said(other)))).toBeUndefined();
    await rename(server.modelsFolder, other);
    expect(await missingFiles(asked(GGUF), placesOf(said(other)))).toMatch(MISSING);
    expect(await missingFiles(asked(GGUF), placesOf(OWN, true, other))).toMatch(MISSING);
    expect(await missingFiles(asked(GGUF), placesOf(said("/not/there"), true, other))).toBeUndefined();
  });

  it("isn't known where the folder of the files isn't there, or may not be looked into", async () => {
    const [blobs, away] = [join(server.modelsFolder, "blobs"), join(homeFolder, "away")];
    // From 0.40 on its manifest is a link into that folder: the old one, which older releases read, is left.
    await server.close();
    server = await startStandInOllama({ models: [GGUF, MLX], homeFolder, files: true, version: "0.33.0" });
    await rename(blobs, away);
    for (const model of [GGUF, MLX]) expect(await missingFiles(asked(model), placesOf(OWN))).toBeUndefined();
    await rename(away, blobs);
    await rm(blob(GGUF));
    await chmod(blobs, 0);
    // root may look everywhere.
    const expected = process.getuid?.() === 0 ? expect.stringMatching(MISSING) : undefined;
    expect(await missingFiles(asked(GGUF), placesOf(OWN))).toEqual(expected);
    await chmod(blobs, 0o755);
  });

  it("is a part of any tensor of an MLX model, whoever reads it, and of its config.json", async () => {
    const { layers } = manifestOf(MLX);
    const smallest = layers.toSorted((a, b) => a.size - b.size).find(({ name }) => name !== "config.json");
    const path = (digest = "") => join(server.modelsFolder, "blobs", digest.replace(":", "-"));
    await truncate(path(smallest?.digest), 0);
    const some = await missingFiles(asked(MLX), placesOf({ identity: { kind: "unknown", reason: "" } }));
    expect(some).toMatch(/^\d+ KiB of its files is missing/);
    await truncate(path(smallest?.digest), smallest?.size ?? 0);
    await rm(path(layers.find(({ name }) => name === "config.json")?.digest));
    expect(await missingFiles(asked(MLX), placesOf(OWN))).toMatch(/is missing/);
  });

  it("is that of the build that's meant, where a name has two", async () => {
    await server.close();
    const builds = [
      { ...MLX, name: "both:8b" },
      { ...GGUF, name: "both:8b" },
    ] as const;
    server = await startStandInOllama({ models: builds, homeFolder, files: true, version: "0.40.2" });
    await rm(join(server.modelsFolder, "blobs", `sha256-${largestBlob(builds[0])}`));
    const of = ([mlx, gguf]: typeof builds) => [
      { ...asked(mlx), runner: "mlx" as const },
      { ...asked(gguf), runner: "llamacpp" as const },
    ];
    const [mlx, gguf] = await Promise.all(of(builds).map((model) => missingFiles(model, placesOf(OWN))));
    expect([mlx, gguf]).toEqual([expect.stringMatching(MISSING), undefined]);
  });

  it("isn't known of a name that isn't there", async () => {
    expect(await missingFiles({ name: "nobody:has-it", digest: "f".repeat(64) }, placesOf(OWN))).toBeUndefined();
    expect(await missingFiles({ name: "../x", digest: "" }, placesOf(OWN))).toBeUndefined();
  });
});
