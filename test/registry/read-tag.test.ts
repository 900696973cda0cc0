import { describe, expect, it } from "vitest";
import { readTag } from "../../src/registry/read-tag";

const kindOf = async (...asked: Parameters<typeof readTag>) => (await readTag(...asked)).kind;

const LAYER = "application/vnd.ollama.image.";
const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const layers = (...given: readonly (readonly [string, unknown])[]) =>
  given.map(([kind, size], index) => ({ mediaType: LAYER + kind, digest: digestOf("0123456789"[index] ?? "f"), size }));
const CONFIG = { mediaType: "application/json", size: 500 };

/** A registry with one answer; it notes what it was asked. */
function registry(status: number, body: unknown) {
  const asked: { url: string; headers: Record<string, string> }[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    asked.push({ url: String(input), headers: init?.headers as Record<string, string> });
    return Promise.resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
  };
  return { fetch, asked };
}

describe("a tag in the registry", () => {
  it("exists with the size of its layers", async () => {
    const manifest = {
      config: { ...CONFIG, digest: digestOf("c") },
      layers: layers(["model", 5e9], ["projector", 1e9], ["license", 100]),
    };
    const { fetch, asked } = registry(200, manifest);
    expect(await readTag(fetch, "qwen3:8b-q8_0", { version: "0.31.1" })).toMatchObject({
      kind: "exists",
      repository: "https://registry.ollama.ai/v2/library/qwen3",
      downloadBytes: 6_000_000_600,
      weightBytes: 6e9,
      format: "gguf",
    });
    expect(asked[0]?.url).toBe("https://registry.ollama.ai/v2/library/qwen3/manifests/8b-q8_0");
    expect(asked[0]?.headers["User-Agent"]).toMatch(/^ollama\/0\.31\.1 /);
    expect(asked[0]?.headers["Accept"]).toBe("application/vnd.docker.distribution.manifest.v2+json");
  });

  it("is read where the registry sends the request on to, three times at most and only to public places", async () => {
    const manifest = { layers: layers(["model", 5]) };
    const chain = (...places: readonly string[]) => {
      const asked: string[] = [];
      const fetch: typeof globalThis.fetch = (input) => {
        asked.push(String(input));
        const next = places[asked.length - 1];
        const answer = { status: 307, headers: { Location: next ?? "" } };
        return Promise.resolve(next === undefined ? Response.json(manifest) : new Response(null, answer));
      };
      return { fetch, asked };
    };
    const far = ["https://a.example.com/1", "https://b.example.com/2", "https://c.example.com/3"];
    expect(await kindOf(chain(...far).fetch, "a:b")).toBe("exists");
    const tooFar = chain(...far, "https://d.example.com/4");
    expect(await kindOf(tooFar.fetch, "a:b")).toBe("unknown");
    expect(tooFar.asked).toHaveLength(4);
    for (const place of [
      "http://a.example.com/",
      "https://127.0.0.1/x",
      "https://nas.local/",
      "http://",
      "file:///etc/passwd",
    ]) {
      const inward = chain(place);
      expect(await kindOf(inward.fetch, "a:b")).toBe("unknown");
      expect(inward.asked).toHaveLength(1);
    }
  });

  it("may hold MLX tensors instead of a GGUF file", async () => {
    const { fetch } = registry(200, { layers: layers(["tensor", 10], ["tensor", 20], ["json", 5]) });
    expect(await readTag(fetch, "a:mlx")).toMatchObject({
      kind: "exists",
      downloadBytes: 35,
      weightBytes: 30,
      format: "safetensors",
    });
  });

  it("counts a file that several layers name once", async () => {
    const tensor = { mediaType: `${LAYER}tensor`, digest: digestOf("a"), size: 10 };
    const { fetch } = registry(200, { layers: [tensor, { ...tensor, name: "lm_head.weight" }] });
    expect(await readTag(fetch, "a:mlx")).toMatchObject({ weightBytes: 10, downloadBytes: 10 });
  });

  it("is asked for at Hugging Face where its name says so", async () => {
    const { fetch, asked } = registry(200, { layers: layers(["model", 1]) });
    expect(await kindOf(fetch, "hf.co/unsloth/Qwen3-8B-GGUF:Q3_K_M")).toBe("exists");
    expect(asked[0]?.url).toBe("https://hf.co/v2/unsloth/Qwen3-8B-GGUF/manifests/Q3_K_M");
  });

  it("is missing only where the registry says so", async () => {
    const error = { errors: [{ code: "MANIFEST_UNKNOWN" }] };
    expect(await kindOf(registry(404, error).fetch, "qwen3:8b-q3_K_M")).toBe("missing");
    expect(await kindOf(registry(401, error).fetch, "qwen3:8b")).toBe("unknown");
    expect(await kindOf(registry(500, "oops").fetch, "qwen3:8b")).toBe("unknown");
    const sharded = { error: "The specified tag is a sharded GGUF. Ollama does not support this yet." };
    expect(await readTag(registry(400, sharded).fetch, "hf.co/a/b:Q8_0")).toEqual({
      kind: "unknown",
      reason: "hf.co has it only in several files, which Ollama can't pull.",
    });
  });

  it("may need a newer Ollama", async () => {
    const { fetch } = registry(412, "requires a newer version of Ollama");
    expect(await readTag(fetch, "new:1b")).toEqual({ kind: "too-new" });
  });

  it.each([
    ["a page", "<html>"],
    ["null", "null"],
    ["no layers", {}],
    ["no weights", { layers: layers(["license", 5]) }],
    ["a size that is none", { layers: layers(["model", "5"]) }],
    ["a negative size", { layers: layers(["model", -5]) }],
    ["a layer that is none", { layers: [null] }],
    ["a layer without a file", { layers: [{ mediaType: `${LAYER}model`, size: 5 }] }],
    ["a layer whose file leads elsewhere", { layers: [{ mediaType: `${LAYER}model`, size: 5, digest: "../../x" }] }],
    ["sizes beyond counting", { layers: layers(["model", 2 ** 53 - 1], ["projector", 2 ** 53 - 1]) }],
    ["nothing but brackets", `{"layers":${"[".repeat(500_000)}`],
    ["far too much", " ".repeat(2_000_000)],
  ])("is unknown where the answer is %s", async (_, body) => {
    expect(await readTag(registry(200, body).fetch, "qwen3:8b")).toEqual({
      kind: "unknown",
      reason: expect.stringMatching(/^.{10,}\.$/),
    });
  });

  it("is unknown where the answer is larger than any manifest", async () => {
    const manifest = { layers: layers(["model", 5]), padding: "x".repeat(4 * 1024 * 1024) };
    expect(await kindOf(() => Promise.resolve(Response.json(manifest)), "a:b")).toBe("unknown");
    expect(await kindOf(() => Promise.resolve(Response.json({ ...manifest, padding: "" })), "a:b")).toBe("exists");
  });

  it("is unknown where nobody answers in time", async () => {
    const never: typeof fetch = () => new Promise(() => undefined);
    expect(await kindOf(never, "qwen3:8b", { timeoutMs: 10 })).toBe("unknown");
    expect(await kindOf(() => Promise.reject(new TypeError("fetch failed")), "qwen3:8b")).toBe("unknown");
    expect(await kindOf(never, "qwen3:8b", { signal: AbortSignal.abort() })).toBe("unknown");
  });

  it.each(["evil.example/a/b:c", "a b", "../../x", "127.0.0.1:80/a/b:c"])("is never asked for at %s", async (name) => {
    const { fetch, asked } = registry(200, {});
    expect(await kindOf(fetch, name)).toBe("unknown");
    expect(asked).toEqual([]);
  });
});

describe("a tag that stands for several builds", () => {
  const list = (...children: readonly object[]) => ({
    schemaVersion: 2,
    mediaType: "application/vnd.ollama.manifest.list.v2+json",
    manifests: children,
  });
  const MLX = { digest: digestOf("a"), runner: "mlx", format: "safetensors" };
  const LLAMACPP = { digest: digestOf("b"), runner: " LlamaCPP ", format: "gguf" };
  const GGML = { digest: digestOf("c"), runner: "ggml", format: "gguf" };
  const CHILDREN: Readonly<Record<string, unknown>> = {
    [MLX.digest]: { layers: layers(["tensor", 4e9]) },
    [LLAMACPP.digest]: { layers: layers(["model", 5e9]) },
    [GGML.digest]: { layers: layers(["model", 6e9]) },
  };

  /** A registry that has the children in one place only. */
  function listing(tag: object, place: "manifests" | "blobs") {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = (input, init) => {
      const path = String(input).replace("https://registry.ollama.ai/v2/library/a/", "");
      asked.push(`${path} ${new Headers(init?.headers).get("accept")?.includes("list.v2") ? "lists" : "no lists"}`);
      const [kind, reference = ""] = path.split("/");
      if (reference === "b") return Promise.resolve(Response.json(tag));
      const child = kind === place ? CHILDREN[reference] : undefined;
      return Promise.resolve(child === undefined ? new Response("{}", { status: 404 }) : Response.json(child));
    };
    return { fetch, asked };
  }

  it.each([
    ["manifests", [GGML, LLAMACPP, MLX], 4e9, "safetensors"],
    ["blobs", [GGML, MLX], 4e9, "safetensors"],
    ["blobs", [GGML, LLAMACPP], 5e9, "gguf"],
    ["manifests", [{ ...GGML, runner: undefined }], 6e9, "gguf"],
    [
      "blobs",
      [
        { ...GGML, runner: "cuda" },
        { ...MLX, runner: "" },
      ],
      4e9,
      "safetensors",
    ],
  ] as const)(
    "is the build that Ollama takes on a Mac, whichever has it: %s %j",
    async (place, children, bytes, format) => {
      const { fetch, asked } = listing(list(...children), place);
      expect(await readTag(fetch, "a:b", { version: "0.40.2" })).toMatchObject({ weightBytes: bytes, format });
      expect(asked[0]).toBe("manifests/b lists");
    },
  );

  it("is missing where all of them are for other runners than those that count", async () => {
    const { fetch } = listing(list(MLX), "blobs");
    expect(await readTag(fetch, "a:b", { runners: ["llamacpp", "ggml"] })).toEqual({ kind: "missing" });
  });

  it("is unknown where none of them runs on a Mac, or none can be had", async () => {
    for (const children of [[], [{ digest: "sha256:x", runner: "mlx" }], [{ ...MLX, runner: "cuda" }], [null, 5]]) {
      const { fetch } = listing(list(...(children as object[])), "blobs");
      expect(await kindOf(fetch, "a:b")).toBe("unknown");
    }
    const gone = listing(list({ ...MLX, digest: digestOf("f") }), "blobs");
    expect(await kindOf(gone.fetch, "a:b")).not.toBe("exists");
  });

  it("isn't asked for by a release that doesn't know lists", async () => {
    const { fetch, asked } = listing({ layers: layers(["model", 5]) }, "blobs");
    await readTag(fetch, "a:b", { version: "0.39.9" });
    await readTag(fetch, "a:b");
    expect(asked).toEqual(["manifests/b no lists", "manifests/b lists"]);
  });
});
