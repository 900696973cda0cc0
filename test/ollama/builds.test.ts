import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildId, buildOf, buildReference, buildTitle, withListedDigests } from "../../src/fit/model-builds";
import { MODEL_RUNNERS } from "../../src/fit/model-runner";
import { readInstalledModels, readLoadedModels } from "../../src/ollama/wire";

const digest = (letter: string) => letter.repeat(64);
const row = (name: string, letter: string, runner: string, size = 5) => ({
  name,
  model: name,
  digest: digest(letter),
  size,
  details: { format: runner === "mlx" ? "safetensors" : "gguf", runner },
});
const builds = (...models: object[]) => readInstalledModels({ models });

describe("the rows of a server that lists every build", () => {
  it("are one a format of each name, told apart by their runner", () => {
    const both = builds(row("qwen3.8:27b", "a", "mlx"), row("qwen3.8:27b", "b", "llamacpp"), row("x:1", "c", "ggml"));
    expect(both.map(buildTitle)).toEqual(["qwen3.8:27b (MLX)", "qwen3.8:27b (llama.cpp)", "x:1"]);
    expect(new Set(both.map(buildId)).size).toBe(3);
    expect(both.map(buildReference)).toEqual([`mlx:${digest("a")}`, `llamacpp:${digest("b")}`, "x:1"]);
  });

  it("have the converted file, and the one before as its backup", () => {
    for (const order of [
      ["ggml", "llamacpp"],
      ["llamacpp", "ggml"],
    ]) {
      const [only, ...others] = builds(...order.map((runner) => row("x:1", runner === "ggml" ? "a" : "b", runner, 7)));
      expect(others).toEqual([]);
      expect(only).toMatchObject({ runner: "llamacpp", digest: digest("b") });
      expect(only?.backup).toEqual({ digest: digest("a"), sizeBytes: 7 });
      expect(only?.sharesName).toBeUndefined();
    }
  });

  it("aren't the second names of converted files, nor the same row twice", () => {
    const shadows = MODEL_RUNNERS.map((runner) => row(`${runner}:${digest("d")}`, "d", runner));
    expect(builds(...shadows, row(`ollama:${digest("e")}`, "e", "ggml"))).toEqual([]);
    expect(builds(row("x:1", "a", "ggml"), row("x:1", "a", "ggml"))).toHaveLength(1);
    // Names of people's own.
    expect(builds(row("ggml:8b", "a", "ggml"), row(`me/mlx:${digest("b")}`, "b", "ggml"))).toHaveLength(2);
  });

  it("never have two of one name and format, or of one id, whatever the server lists", () => {
    const entry = fc.record({
      name: fc.constantFrom("a:1", "A:1", "b:1", `llamacpp:${digest("a")}`),
      digest: fc.constantFrom("a", "b", "c").map(digest),
      details: fc.record({
        format: fc.constantFrom("gguf", "safetensors", ""),
        runner: fc.constantFrom("mlx", "ggml", "llamacpp", "", "x", undefined),
      }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (models) => {
        const found = readInstalledModels({ models });
        const kinds = found.map(({ name, format }) => `${name.toLowerCase()} ${format}`);
        expect(new Set(kinds).size).toBe(kinds.length);
        const ids = found.map(({ name, digest }) => `${name} ${digest}`);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { name } of found) expect(name).not.toMatch(/^llamacpp:/);
      }),
    );
  });
});

describe("what is loaded", () => {
  const models = builds(row("x:1", "a", "mlx"), row("x:1", "b", "ggml"), row("y:1", "c", "ggml"));
  const loaded = (changes: object) =>
    readLoadedModels({ models: [{ name: "x:1", size: 5, size_vram: 5, digest: digest("f"), ...changes }] });

  it.each([
    ["by digest, whatever the runner", { digest: digest("a"), runner: "llamacpp" }, "a"],
    ["by name and runner, which is llamacpp also for ggml", { runner: "llamacpp" }, "b"],
    ["by name and runner", { runner: "mlx" }, "a"],
    ["by name alone where only one has it", { name: "y:1" }, "c"],
  ])("is matched %s", (_, changes, letter) => {
    const [resident] = withListedDigests(loaded(changes), models);
    expect(resident?.digest).toBe(digest(letter));
  });

  it("is nobody's where it could be both, or is listed nowhere", () => {
    for (const changes of [{}, { name: "z:1" }]) {
      const residents = loaded(changes);
      expect(withListedDigests(residents, models)).toEqual(residents);
      expect(residents.map((resident) => buildOf(resident, models))).toEqual([undefined]);
    }
  });
});
