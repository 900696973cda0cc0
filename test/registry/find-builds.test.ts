import { describe, expect, it } from "vitest";
import type { InstalledModel } from "../../src/fit/facts";
import { findSmallerBuilds, possibleBuilds } from "../../src/registry/find-builds";
import { parseModelName } from "../../src/fit/model-name";

const model = (name: string, changes: Partial<InstalledModel> = {}): InstalledModel => ({
  name,
  digest: "d",
  sizeBytes: 52e9,
  format: "gguf",
  families: [],
  capabilities: [],
  cloud: false,
  ...changes,
});

describe("the names a smaller build could have", () => {
  it.each([
    ["qwen3-coder-next:q4_K_M", "Q3_K_M", ["qwen3-coder-next:q3_K_M"]],
    ["qwen3:32b-q8_0", "Q4_K_M", ["qwen3:32b-q4_K_M", "qwen3:32b-instruct-q4_K_M"]],
    ["llama3.1:8b", "Q3_K_M", ["llama3.1:8b-q3_K_M", "llama3.1:8b-instruct-q3_K_M"]],
    ["llama3.1:8b-instruct-fp16", "Q8_0", ["llama3.1:8b-instruct-q8_0"]],
    ["somebody/tuned:7b-q4_0", "Q2_K", ["somebody/tuned:7b-q2_K", "somebody/tuned:7b-instruct-q2_K"]],
    ["qwen3:8b", "IQ4_XS", []],
    ["hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M", "Q3_K_M", ["hf.co/unsloth/Qwen3-8B-GGUF:Q3_K_M"]],
    ["hf.co/a/b:Q4_K_M", "IQ3_XXS", ["hf.co/a/b:IQ3_XXS", "hf.co/a/b:UD-IQ3_XXS"]],
    ["registry.example:5000/a/b:q8_0", "Q4_K_M", []],
    ["not a name", "Q4_K_M", []],
  ])("%s at %s", (name, quantization, names) => {
    expect(possibleBuilds({ model: model(name) }, quantization)).toEqual(names);
  });

  it("come from the parent of a capped variant, and from the size where the tag says none", () => {
    expect(possibleBuilds({ model: model("qwen3:8b-64k", { parentModel: "qwen3:8b" }) }, "Q3_K_M")[0]).toBe(
      "qwen3:8b-q3_K_M",
    );
    expect(possibleBuilds({ model: model("qwen3:latest", { parameterSize: "8.2B" }) }, "Q3_K_M")[0]).toBe(
      "qwen3:8b-q3_K_M",
    );
    expect(possibleBuilds({ model: model("qwen3:8b-64k", { parentModel: "/a/blob" }) }, "Q3_K_M")[0]).toBe(
      "qwen3:8b-q3_K_M",
    );
  });

  it("include what the file calls itself, if that can be a name", () => {
    const search = (publishedName: string) =>
      possibleBuilds({ model: model("x:q8_0"), publishedName }, "IQ4_XS").map((name) => parseModelName(name)?.model);
    expect(search("Qwen3 Coder Next")).toEqual(["Qwen3-Coder-Next-GGUF"]);
    expect(search("../../etc")).toEqual([]);
    expect(search("a".repeat(100))).toEqual([]);
  });
});

const LAYER = { mediaType: "application/vnd.ollama.image.model", digest: `sha256:${"a".repeat(64)}` };
const CONFIG = { mediaType: "application/json", digest: `sha256:${"c".repeat(64)}`, size: 500 };

/** Registries that know these names, with their sizes; others are not there. */
function registries(known: Readonly<Record<string, number | Response>>) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const [, host, path, tag] = /^https:\/\/([^/]+)\/v2\/(.*)\/manifests\/(.*)$/.exec(String(input)) ?? [];
    const name = `${host === "registry.ollama.ai" ? "" : `${host}/`}${path?.replace(/^library\//, "")}:${tag}`;
    asked.push(name);
    const answer = known[name];
    if (answer instanceof Response) return answer.clone();
    return answer === undefined
      ? new Response('{"errors":[]}', { status: 404 })
      : new Response(JSON.stringify({ config: CONFIG, layers: [{ ...LAYER, size: answer }] }));
  };
  return { fetch, asked };
}

describe("asking the registries", () => {
  const search = {
    model: model("qwen3-coder-next:q4_K_M"),
    publishedName: "Qwen3 Coder Next",
    quantizations: ["Q3_K_M", "IQ3_XXS", "Q2_K"],
  };

  it("finds what is published, with its real size, and says what is not", async () => {
    const { fetch, asked } = registries({
      "hf.co/unsloth/Qwen3-Coder-Next-GGUF:Q3_K_M": 38.3e9,
      "hf.co/unsloth/Qwen3-Coder-Next-GGUF:UD-IQ3_XXS": 33e9,
    });
    const found = await findSmallerBuilds(fetch, search);
    expect(found.get("Q3_K_M")).toMatchObject({
      kind: "found",
      name: "hf.co/unsloth/Qwen3-Coder-Next-GGUF:Q3_K_M",
      tag: { weightBytes: 38.3e9, downloadBytes: 38_300_000_500 },
    });
    expect(found.get("IQ3_XXS")).toMatchObject({
      kind: "found",
      name: "hf.co/unsloth/Qwen3-Coder-Next-GGUF:UD-IQ3_XXS",
      tag: { weightBytes: 33e9, downloadBytes: 33_000_000_500 },
    });
    expect(found.get("Q2_K")).toEqual({ kind: "missing" });
    expect(asked).toContain("qwen3-coder-next:q3_K_M");
  });

  it("does not take a build for smaller that is not, as a registry's default would be", async () => {
    const { fetch } = registries({ "qwen3-coder-next:q3_K_M": 60e9 });
    expect((await findSmallerBuilds(fetch, search)).get("Q3_K_M")).toEqual({ kind: "missing" });
  });

  it("leaves unchecked what nobody answered for", async () => {
    const { fetch } = registries({ "qwen3-coder-next:q2_K": new Response("oops", { status: 500 }) });
    expect((await findSmallerBuilds(fetch, search)).get("Q2_K")).toEqual({
      kind: "unchecked",
      reason: "registry.ollama.ai answered with status 500",
    });
    const offline: typeof globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
    for (const build of (await findSmallerBuilds(offline, search)).values()) expect(build.kind).toBe("unchecked");
  });

  it("stops when it is told to", async () => {
    const { fetch, asked } = registries({});
    const builds = await findSmallerBuilds(fetch, search, { signal: AbortSignal.abort() });
    expect([...builds.values()].every(({ kind }) => kind === "unchecked")).toBe(true);
    expect(asked).toEqual([]);
  });
});
