import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUsableName, nameFault, parseModelName, sameModel, variantName } from "../../src/fit/model-name";

describe("a model name", () => {
  it.each([
    ["qwen3:8b", ["registry.ollama.ai", "library", "qwen3", "8b"]],
    ["qwen3", ["registry.ollama.ai", "library", "qwen3", "latest"]],
    ["sam/qwen3:8b", ["registry.ollama.ai", "sam", "qwen3", "8b"]],
    ["hf.co/bartowski/Qwen3-GGUF:Q4_K_M", ["hf.co", "bartowski", "Qwen3-GGUF", "Q4_K_M"]],
    ["localhost:5000/ns/model", ["localhost:5000", "ns", "model", "latest"]],
  ])("%s has its parts", (text, [host, namespace, model, tag]) =>
    expect(parseModelName(text)).toEqual({ host, namespace, model, tag }),
  );

  it.each([
    "",
    ":8b",
    "qwen3:",
    "qwen 3",
    "-qwen",
    ".qwen",
    "a/b/c/d",
    "ns.dot/model",
    "a:b:c",
    "a//b",
    "x".repeat(81),
    `a:${"x".repeat(81)}`,
    "qwen3:8b\n",
    "../../etc/passwd",
    "a\0b",
    "ｑwen",
  ])("%j is refused", (text) => {
    expect(parseModelName(text)).toBeUndefined();
    expect(isUsableName(text)).toBe(false);
  });

  it.each(["x:local", "x:cloud", "x:CLOUD", "x:120b-cloud", "x:120b-Cloud"])("%s may not be given away", (text) =>
    expect(isUsableName(text)).toBe(false),
  );

  it.each(["x:localhost", "x:cloudy", "cloud:8b", "x:cloud-8k", "x".repeat(80)])("%s may", (text) =>
    expect(isUsableName(text)).toBe(true),
  );

  it("is the same model in any case and with the defaults filled in", () => {
    expect(sameModel("Qwen3", "qwen3:latest")).toBe(true);
    expect(sameModel("registry.ollama.ai/library/qwen3:LATEST", "qwen3")).toBe(true);
    expect(sameModel("qwen3:8b", "qwen3:4b")).toBe(false);
    expect(sameModel("sam/qwen3", "qwen3")).toBe(false);
    expect(sameModel("not a name", "not a name")).toBe(true);
    expect(sameModel("not a name", "Not a name")).toBe(false);
  });
});

const part = (first: string, rest: string, max: number) =>
  fc
    .tuple(fc.constantFrom(...first), fc.string({ unit: fc.constantFrom(...rest), maxLength: max - 1 }))
    .map(([head, tail]) => head + tail);
const WORD = "aZ09_";
const plainPart = fc.oneof(part(WORD, `${WORD}.-`, 80), fc.constantFrom("x".repeat(80), "model-8k", "a-4096k", "0-1k"));
const validName = fc
  .record({
    host: fc.option(part(WORD, `${WORD}.:-`, 350), { nil: undefined }),
    namespace: fc.option(part(WORD, `${WORD}-`, 80), { nil: undefined }),
    model: plainPart,
    tag: fc.option(fc.oneof(plainPart, fc.constantFrom("local", "cloud", "120b-cloud", "q4-8k", "_-1k")), {
      nil: undefined,
    }),
  })
  .map(({ host, namespace, model, tag }) =>
    [
      ...(namespace !== undefined && host !== undefined ? [host] : []),
      ...(namespace === undefined ? [] : [namespace]),
      tag === undefined ? model : `${model}:${tag}`,
    ].join("/"),
  );

describe("the suggested name of a variant", () => {
  it.each([
    ["qwen3-coder-next:q4_K_M", 8192, "qwen3-coder-next:q4_K_M-8k"],
    ["qwen3", 32_768, "qwen3:latest-32k"],
    ["qwen3:8b-8k", 16_384, "qwen3:8b-16k"],
    ["qwen3:8b", 5000, "qwen3:8b-5000"],
    ["sam/qwen3", 8192, "sam/qwen3:latest-8k"],
    ["hf.co/bartowski/Qwen3-GGUF:Q4_K_M", 8192, "hf.co/bartowski/Qwen3-GGUF:Q4_K_M-8k"],
    ["localhost:5000/ns/model", 8192, "localhost:5000/ns/model:latest-8k"],
    ["gpt-oss:120b-cloud", 8192, "gpt-oss:120b-cloud-8k"],
    ["qwen3:2507", 8192, "qwen3:2507-8k"],
    ["qwen-8k", 4096, "qwen-8k:latest-4k"],
    ["sam/qwen-8k", 4096, "sam/qwen-8k:latest-4k"],
  ])("of %s at %d is %s", (source, numCtx, name) => expect(variantName(source, numCtx)).toBe(name));

  it("may always be given to a new model, differs from its source and keeps its place and model", () => {
    fc.assert(
      fc.property(validName, fc.integer({ min: 256, max: 2 ** 27 }), (source, numCtx) => {
        const from = parseModelName(source);
        expect(from).toBeDefined();
        const name = variantName(source, numCtx);
        expect(isUsableName(name)).toBe(true);
        expect(parseModelName(name)).toMatchObject({
          host: from?.host,
          namespace: from?.namespace,
          model: from?.model,
        });
        const suffix = numCtx % 1024 === 0 ? `-${numCtx / 1024}k` : `-${numCtx}`;
        expect(name.endsWith(suffix)).toBe(true);
        if (!source.endsWith(suffix)) expect(sameModel(name, source)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it("is numbered from the second on, still a name, and none of the first's own variants keeps the number", () => {
    fc.assert(
      fc.property(
        validName,
        fc.integer({ min: 256, max: 2 ** 27 }),
        fc.integer({ min: 2, max: 99 }),
        (source, numCtx, count) => {
          const [first, numbered] = [variantName(source, numCtx), variantName(source, numCtx, count)];
          expect(isUsableName(numbered)).toBe(true);
          expect(sameModel(numbered, first)).toBe(false);
          expect(numbered.endsWith(`-${count}`)).toBe(true);
        },
      ),
    );
    expect(variantName("qwen3:8b-64k-2", 8192)).toBe("qwen3:8b-8k");
  });

  it("never crashes on junk", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), fc.double(), (source, numCtx) => {
        expect(typeof variantName(source, numCtx)).toBe("string");
      }),
    );
  });
});

it.each([
  ["", "it's empty"],
  ["two words", "no spaces"],
  ["x:cloud", "it keeps local and cloud for itself"],
  ["a?b", "no ?"],
  ["a:", "a part is empty"],
  [`${"a".repeat(81)}:b`, "a part has more than 80 characters"],
  ["-dash:8k", "a part begins with a dot or dash"],
  ["a:b:c", "it's model:tag"],
])("says what's wrong with %j", (text, why) => expect(nameFault(text)).toBe(`Ollama doesn't accept this name: ${why}`));
