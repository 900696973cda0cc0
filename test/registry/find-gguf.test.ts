import { expect, it } from "vitest";
import { findGguf, possibleGgufNames } from "../../src/registry/find-gguf";

const digest = `sha256:${"a".repeat(64)}`;
const gguf = { layers: [{ mediaType: "application/vnd.ollama.image.model", digest, size: 17e9 }] };
const mlx = { layers: [{ mediaType: "application/vnd.ollama.image.tensor", digest, size: 18e9 }] };
const list = (...runners: string[]) => ({
  manifests: runners.map((runner) => ({ digest, runner, format: runner === "mlx" ? "safetensors" : "gguf" })),
});

/** A registry that answers by the end of the address; what it doesn't have is missing. */
function registry(answers: Readonly<Record<string, unknown>>): typeof globalThis.fetch {
  return (input) => {
    const found = Object.entries(answers).find(([end]) => String(input).endsWith(end));
    return Promise.resolve(
      found === undefined ? new Response("", { status: 404 }) : new Response(JSON.stringify(found[1])),
    );
  };
}

it("is looked for under the own name, and under the tag without what says MLX", () => {
  expect(possibleGgufNames("qwen3.8:27b")).toEqual(["qwen3.8:27b"]);
  expect(possibleGgufNames("qwen3.8:27b-mlx")).toEqual(["qwen3.8:27b-mlx", "qwen3.8:27b"]);
  expect(possibleGgufNames("me/x:27b-nvfp4")).toEqual(["me/x:27b-nvfp4", "me/x:27b"]);
  expect(possibleGgufNames("qwen3.8:27b-mlx-bf16")).toEqual(["qwen3.8:27b-mlx-bf16", "qwen3.8:27b"]);
  expect(possibleGgufNames("qwen3.8")).toEqual(["qwen3.8"]);
  expect(possibleGgufNames("a b")).toEqual([]);
});

it("is the child of a list that llama.cpp runs, with the runner to pull it by", async () => {
  const fetch = registry({ "manifests/27b": list("mlx", "llamacpp"), [digest]: gguf });
  expect(await findGguf(fetch, "qwen3.8:27b")).toMatchObject({
    kind: "found",
    name: "qwen3.8:27b",
    tag: { runner: "llamacpp", weightBytes: 17e9, downloadBytes: 17e9 },
  });
  const patched = registry({ "manifests/27b": list("mlx", "ggml"), [digest]: gguf });
  expect(await findGguf(patched, "qwen3.8:27b")).toMatchObject({ tag: { runner: "ggml" } });
});

it("is the plain tag where the own one is MLX alone", async () => {
  const fetch = registry({ "manifests/27b-mlx": mlx, "manifests/27b": gguf });
  expect(await findGguf(fetch, "qwen3.8:27b-mlx")).toMatchObject({
    kind: "found",
    name: "qwen3.8:27b",
    tag: { runner: undefined, weightBytes: 17e9 },
  });
});

it("is missing or unchecked, with why", async () => {
  expect(await findGguf(registry({}), "qwen3.8:27b-mlx")).toEqual({ kind: "missing" });
  expect(await findGguf(registry({ "manifests/27b-mlx": mlx, "manifests/27b": mlx }), "q:27b-mlx")).toEqual({
    kind: "missing",
  });
  expect(await findGguf(registry({ "manifests/27b": list("mlx") }), "qwen3.8:27b")).toEqual({ kind: "missing" });
  const down: typeof globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
  expect(await findGguf(down, "qwen3.8:27b")).toMatchObject({ kind: "unchecked" });
});
