import { describe, expect, it } from "vitest";
import { keepModel, readLoaded, unloadModel } from "../../src/ollama/light-client";

const MIB = 1024 * 1024;
const at = (fetch: typeof globalThis.fetch) => ({ url: "http://127.0.0.1:11434", fetch });
const answers = (text: string) => at(async () => new Response(text));

describe("the client of the menu bar", () => {
  it("takes in 1 MiB at most", async () => {
    const padded = (bytes: number) => `{"models":[],"padding":"${"x".repeat(bytes)}"}`;
    expect(await readLoaded(answers(padded(MIB / 2)))).toEqual([]);
    await expect(readLoaded(answers(padded(MIB)))).rejects.toMatchObject({ kind: "bad-answer" });
  });

  it("follows no redirect, whatever it asks for", async () => {
    const asked: string[] = [];
    const client = at(async (input) => {
      asked.push(String(input));
      return new Response(null, { status: 307, headers: { Location: "http://127.0.0.1:9/api/delete" } });
    });
    const build = { name: "a:1" };
    const keep = { seconds: 1, ignoresContext: false };
    for (const call of [readLoaded(client), unloadModel(client, build), keepModel(client, build, keep)]) {
      await expect(call).rejects.toMatchObject({ kind: "redirected" });
    }
    expect(asked.filter((url) => !url.startsWith(client.url))).toEqual([]);
  });
});
