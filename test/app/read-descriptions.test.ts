import { beforeEach, describe, expect, it } from "vitest";
import { storeDescription } from "../../src/app/description-store";
import { readDescriptions } from "../../src/app/read-descriptions";
import type { DescriptionResult } from "../../src/fit/facts";
import { createOllamaClient, type OllamaClient } from "../../src/ollama/client";
import { OllamaProblem } from "../../src/ollama/problems";
import { described, installed, measured } from "../fit/inputs";
import { resetRaycast } from "../stand-ins/raycast/desk";

const URL = "http://127.0.0.1:11434";
const measuredModel = measured("qwen3-8b");
const description = described(measuredModel.header);
const models = Array.from({ length: 60 }, (_, index) =>
  installed(measuredModel, { name: `a:${index}`, digest: `d${index}` }),
);

/** A server of which the given answer is all that's asked. */
const serverThat = (show: OllamaClient["show"]): OllamaClient => ({
  ...createOllamaClient({ url: URL, fetch: () => Promise.reject(new Error("Nothing else is asked.")) }),
  show,
});
const shows = serverThat(async () => ({ ...description, builds: [] }));

beforeEach(resetRaycast);

/** What is published, step by step. */
async function readAll(client: OllamaClient): Promise<readonly ReadonlyMap<string, DescriptionResult>[]> {
  const steps: ReadonlyMap<string, DescriptionResult>[] = [];
  await readDescriptions(models, {
    client,
    url: URL,
    isLocal: false,
    modelsFolders: [],
    signal: new AbortController().signal,
    onProgress: (known) => steps.push(known),
  });
  return steps;
}

describe("the metadata of a list of models", () => {
  it("comes in one go where it was read before", async () => {
    for (const model of models) storeDescription(model, URL, description);
    expect((await readAll(shows)).map(({ size }) => size)).toEqual([60]);
  });

  it("comes in steps of time where it's read now, and is there the next time", async () => {
    const slow = serverThat(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { ...description, builds: [] };
    });
    const steps = await readAll(slow);
    // Sixty models, four at a time, take 300 ms or more: two steps and the last.
    expect(steps.length).toBeLessThan(10);
    expect(steps.at(-1)?.size).toBe(60);
    expect((await readAll(serverThat(() => Promise.reject(new Error("asked again"))))).at(-1)?.get("d59")).toEqual(
      description,
    );
  });

  it("has a row for every model in the end, whatever some of them come to", async () => {
    const client = serverThat(async (name) => {
      if (name === "a:7") throw new OllamaProblem("http", "Ollama answered 500: no.");
      if (name === "a:8") throw new TypeError("what nobody thought of");
      return { ...description, builds: [] };
    });
    const last = (await readAll(client)).at(-1);
    expect(last?.size).toBe(60);
    expect(last?.get("d7")).toEqual({
      kind: "unreadable",
      reason: "Couldn't read its metadata: Ollama answered 500: no.",
    });
    expect(last?.get("d8")).toMatchObject({ kind: "unreadable" });
    expect(last?.get("d9")).toHaveProperty("metadata");
  });
});
