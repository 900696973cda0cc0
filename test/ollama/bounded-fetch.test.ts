import { describe, expect, it } from "vitest";
import { type Bounds, exchange } from "../../src/ollama/bounded-fetch";

const KIB = 1024;
const HERE = "http://ollama.example:11434";
const BOUNDS: Bounds = { timeoutMs: 5_000, maxBytes: 64 * KIB };

/** A body without an end, 1 KiB at a time; `taken` says how many bytes were asked for. */
function endless(piece = "x".repeat(KIB)) {
  let taken = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        taken += piece.length;
        // Beyond any cap it's over: a test that fails must end, too.
        if (taken > 4096 * KIB) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, taken: () => taken };
}

const text = (fetch: typeof globalThis.fetch) => fetch(HERE).then((response) => response.text());

describe("an exchange", () => {
  it("takes in no more than allowed of an answer, whatever it says of its length", async () => {
    const { body, taken } = endless();
    const asked = exchange(async () => new Response(body), HERE, BOUNDS, text);
    await expect(asked).rejects.toMatchObject({ kind: "bad-answer" });
    expect(taken()).toBeLessThanOrEqual(66 * KIB);
  });

  it("takes in no more of an error than 64 KiB", async () => {
    const { body, taken } = endless();
    const asked = exchange(async () => new Response(body, { status: 500 }), HERE, BOUNDS, text);
    await expect(asked).rejects.toMatchObject({ kind: "http" });
    expect(taken()).toBeLessThanOrEqual(66 * KIB);
  });

  it("takes in no more of a line than 64 KiB", async () => {
    const { body, taken } = endless(`{"status":"${"x".repeat(KIB)}`);
    const bounds = { ...BOUNDS, maxBytes: 1024 * KIB };
    const asked = exchange(async () => new Response(body), HERE, bounds, text, "lines");
    await expect(asked).rejects.toMatchObject({ kind: "bad-answer" });
    expect(taken()).toBeLessThanOrEqual(80 * KIB);
  });

  it("takes in no more of a stream of lines than allowed", async () => {
    const { body, taken } = endless(`{"status":"${"x".repeat(KIB)}"}\n`);
    const asked = exchange(async () => new Response(body), HERE, BOUNDS, text, "lines");
    await expect(asked).rejects.toMatchObject({ kind: "bad-answer" });
    expect(taken()).toBeLessThanOrEqual(80 * KIB);
  });

  it.each(["POST", "DELETE", "PUT"])("repeats only what changes nothing at another address: no %s", async (method) => {
    const asked: string[] = [];
    const inner: typeof fetch = async (input, init) => {
      asked.push(`${init?.method} ${String(input)}`);
      const moved = new Response(null, { status: 307, headers: { Location: "https://b.example/2" } });
      return String(input) === HERE ? moved : Response.json({});
    };
    const bounds = { ...BOUNDS, mayFollow: () => true };
    const ask = (init: RequestInit) => exchange(inner, HERE, bounds, async (fetch) => (await fetch(HERE, init)).json());
    await expect(ask({ method, body: "{}" })).rejects.toMatchObject({ kind: "redirected" });
    expect(asked).toEqual([`${method} ${HERE}`]);
    expect(await ask({ method: "GET" })).toEqual({});
    expect(asked.at(-1)).toBe("GET https://b.example/2");
  });
});
