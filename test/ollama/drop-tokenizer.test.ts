import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dropTokenizer } from "../../src/ollama/drop-tokenizer";

/** `text` through the filter, in pieces that end at `cuts`. */
async function filtered(text: string, cuts: readonly number[] = []): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let index = 1; index < edges.length; index += 1) {
        controller.enqueue(bytes.slice(edges[index - 1], edges[index]));
      }
      controller.close();
    },
  });
  return new Response(stream.pipeThrough(dropTokenizer())).text();
}

/** What the filter should leave of a value: tokenizer keys hold null, wherever they are. */
function expected(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key.startsWith("tokenizer.") ? null : expected(each)]),
  );
}

const anyKey = fc.oneof(
  fc.constantFrom("tokenizer.ggml.tokens", "tokenizer.", "tokenizer", 'x"tokenizer.', "a"),
  fc.string(),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 1.5, "tokenizer.x", 'quote " \\ [ { , }', "é"),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(anyKey, tie("json"), { maxKeys: 4 }),
  ),
}));

describe("a verbose answer without its vocabulary", () => {
  it("is the same but for what tokenizer keys hold, however it's cut and spaced", async () => {
    await fc.assert(
      fc.asyncProperty(
        json,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.constantFrom(0, 2),
        async (value, cuts, indent) => {
          const answer = await filtered(JSON.stringify({ value }, undefined, indent), cuts);
          expect(JSON.parse(answer)).toEqual(expected({ value }));
        },
      ),
    );
  });

  it("takes a text like a tokenizer key in a list for a text", async () => {
    expect(JSON.parse(await filtered('{"a":["tokenizer.x",{"tokenizer.y":[[1]]}]}'))).toEqual({
      a: ["tokenizer.x", { "tokenizer.y": null }],
    });
  });

  it("survives any bytes, and never makes a damaged answer a good one of another meaning", async () => {
    await fc.assert(
      fc.asyncProperty(json, fc.nat(), async (value, at) => {
        const text = JSON.stringify({ value });
        const cut = text.slice(0, at % text.length);
        expect(() => JSON.parse(cut)).toThrow();
        await filtered(cut);
      }),
    );
  });
});
