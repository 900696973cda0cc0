import { expect, it } from "vitest";
import { findSmallerMlx, possibleMlxNames } from "../../src/registry/find-smaller-mlx";

const TENSOR = "application/vnd.ollama.image.tensor";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const mlx = (letter: string, size: number) => ({ layers: [{ mediaType: TENSOR, digest: digest(letter), size }] });

/** A registry that answers by the tag; what it doesn't have is missing. */
function registry(answers: Readonly<Record<string, unknown>>): typeof globalThis.fetch {
  return (input) => {
    const known = answers[String(input).split("/").at(-1) ?? ""];
    return Promise.resolve(known === undefined ? new Response("", { status: 404 }) : Response.json(known));
  };
}

it("could have the names that the library gives to MLX builds, but never its own", () => {
  expect(possibleMlxNames("qwen3.8:27b-mxfp8")).toEqual([
    "qwen3.8:27b-mlx-bf16",
    "qwen3.8:27b-int8",
    "qwen3.8:27b-mlx",
    "qwen3.8:27b-nvfp4",
    "qwen3.8:27b-mxfp4",
    "qwen3.8:27b-int4",
    "qwen3.8:27b",
  ]);
  expect(possibleMlxNames("qwen3.8")).toContain("qwen3.8:nvfp4");
  expect(possibleMlxNames("me/tuned:27b-coding-mlx-bf16")).toContain("me/tuned:27b-coding-nvfp4");
  expect(possibleMlxNames("hf.co/a/b:4bit")).toEqual([]);
  expect(possibleMlxNames("a b")).toEqual([]);
});

it("is what weighs less, the largest first, and one build with two names is named once", async () => {
  const fetch = registry({
    "27b-mlx-bf16": mlx("a", 55e9),
    "27b-mlx": mlx("b", 18e9),
    "27b-nvfp4": mlx("b", 18e9),
    "27b-int8": mlx("c", 28e9),
    "27b-int4": { layers: [{ mediaType: "application/vnd.ollama.image.model", digest: digest("d"), size: 16e9 }] },
  });
  const { found, unchecked } = await findSmallerMlx(fetch, { name: "qwen3.8:27b-mxfp8", weightBytes: 30e9 });
  expect(found.map(({ name, tag }) => [name, tag.weightBytes])).toEqual([
    ["qwen3.8:27b-int8", 28e9],
    ["qwen3.8:27b-mlx", 18e9],
  ]);
  expect(unchecked).toBeUndefined();
});

it("may be there where a registry doesn't answer", async () => {
  const down: typeof globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
  expect(await findSmallerMlx(down, { name: "qwen3.8:27b-mxfp8", weightBytes: 30e9 })).toEqual({
    found: [],
    unchecked: "registry.ollama.ai gave no usable answer",
  });
});
