import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkRequest, type RequestCheck } from "../../src/app/check-request";
import { keepRequests } from "../../src/app/mlx-requests";
import { hostOf } from "../../src/app/snapshot";
import { readSettings } from "../../src/app/preferences";
import type { PredictedPeak } from "../../src/fit/mlx-request";
import { createOllamaClient } from "../../src/ollama/client";
import { readMlxRequests, readServerFacts } from "../../src/ollama/server-facts";
import { keptIn } from "../apply/kept";
import { setStage, type Stage, type StageOptions } from "../commands/stage";
import { mlxModel, type StandInOptions } from "../stand-ins/ollama";

const NAME = "llama3.1:8b-mlx";
const PREDICTED: PredictedPeak = { low: 1, high: 2, total: 1.5, sure: 1, savedStates: 0 };

async function stageWith(ollama: StandInOptions = {}, more: Omit<StageOptions, "ollama"> = {}) {
  const models = [{ ...mlxModel("llama3.1-8b-4bit"), name: NAME }];
  const stage = await setStage({ ...more, ollama: { version: "0.40.2", models, ...ollama } });
  return stage;
}

async function checkOn(stage: Stage, more: Partial<RequestCheck> = {}) {
  const client = createOllamaClient({ url: stage.ollama.url, fetch });
  const [model] = await client.models();
  if (model === undefined) throw new Error("no model");
  const storage = keptIn();
  const outcome = await checkRequest({
    system: stage.system,
    settings: readSettings(),
    storage,
    model,
    tokens: 20_000,
    predict: () => PREDICTED,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    pollMs: 50,
    ...more,
  });
  /** What the next snapshot keeps. */
  const requests = async () => {
    const host = hostOf(stage.system, readSettings());
    if (host.kind !== "ok") throw new Error("no host");
    const facts = await readServerFacts({ system: stage.system, client, own: host.own });
    const log = await readMlxRequests(stage.system, facts, host.own);
    return (await keepRequests(storage, log, [model]))[0]?.peaks ?? [];
  };
  return { outcome, requests };
}

const prompts = ({ ollama }: Stage) =>
  ollama.requests.filter(({ body }) => typeof body["prompt"] === "string" && body["prompt"] !== "");

describe("a real request", () => {
  it("reads about as many tokens as asked for, and never more, however a model cuts words", async () => {
    for (const tokensAWord of [1, 1.37, 2.5]) {
      const stage = await stageWith({ tokensAWord });
      const { outcome } = await checkOn(stage);
      if (outcome.kind !== "counted") throw new Error(JSON.stringify(outcome));
      expect(outcome.peak.promptTokens).toBeLessThanOrEqual(20_000);
      expect(outcome.peak.promptTokens).toBeGreaterThan(19_700);
      expect(prompts(stage).map(({ body }) => body["options"])).toEqual([{ num_predict: 1 }, { num_predict: 1 }]);
    }
  });

  it("is read as a whole the second time too: nothing of its beginning is known", async () => {
    const stage = await stageWith();
    await checkOn(stage);
    const { outcome } = await checkOn(stage);
    expect(outcome).toMatchObject({ kind: "counted", peak: { readWhole: true, chunkTokens: 2048 } });
    const log = await readFile(join(stage.homeFolder, ".ollama", "logs", "server.log"), "utf8");
    expect(log.match(/msg="cache miss" total=\d{5} /g)).toHaveLength(2);
    expect(log).not.toContain("cache hit");
  });

  it("is kept as ours: what clients send stays unknown", async () => {
    const { requests } = await checkOn(await stageWith());
    const all = await requests();
    expect(all.map(({ isOurs, promptTokens }) => [isOurs, promptTokens > 19_000])).toEqual([
      [true, false],
      [true, true],
    ]);
    expect(await requests()).toEqual(all);
  });

  it("leaves the model loaded for as long as whoever loaded it asked for", async () => {
    const stage = await stageWith();
    const client = createOllamaClient({ url: stage.ollama.url, fetch });
    await client.load(NAME, { keepAlive: -1 });
    await checkOn(stage);
    expect(stage.ollama.loaded()[0]?.expiresAt.getFullYear()).toBe(2318);
    expect(stage.ollama.requests.filter(({ body }) => body["keep_alive"] !== undefined)).toHaveLength(1);
  });

  it("tells how far it is, by the log", async () => {
    const stop = new AbortController();
    const read: number[] = [];
    const { outcome } = await checkOn(await stageWith({ chunkMs: 250 }), {
      signal: stop.signal,
      onProgress: (one) => {
        if (one.kind === "reading") read.push(one.readTokens ?? 0);
        if ((read.at(-1) ?? 0) > 4000) stop.abort();
      },
    });
    expect(outcome).toEqual({ kind: "stopped" });
    expect(read.at(-1)).toBeGreaterThan(4000);
    expect(read.toSorted((a, b) => a - b)).toEqual(read);
  });

  it("is broken off by its signal, and so is the reading", async () => {
    const stage = await stageWith({ chunkMs: 20_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const { outcome } = await checkOn(stage, { signal: stop.signal });
    expect(outcome).toEqual({ kind: "stopped" });
  });
});

describe("what came of it is told as it was where", () => {
  it("the runner dies", async () => {
    const stage = await stageWith({
      promptMemory: (_, tokens) => ({ peakBytes: tokens > 1000 ? 3 : 1, heldBytes: 1, limitBytes: 2 }),
    });
    expect((await checkOn(stage)).outcome).toMatchObject({
      kind: "failed",
      reason: "The GPU ran out of memory while it worked.",
      detail: expect.stringContaining("Insufficient Memory"),
    });
    expect(stage.ollama.loaded()).toEqual([]);
  });

  it("it can't be loaded", async () => {
    const loadError = () => "model requires 18.4 GiB but only 17.3 GiB are available (after 512.0 MiB overhead)";
    expect((await checkOn(await stageWith({ loadError }))).outcome).toMatchObject({
      kind: "failed",
      reason: "It needs 18.4 GiB, more than the 17.3 GiB that this limit lets Ollama load.",
      tokens: undefined,
    });
  });

  it("the server goes away, or says nothing of tokens", async () => {
    const stage = await stageWith();
    stage.ollama.fault("generate", { kind: "answer", status: 200, body: '{"done":true}' });
    expect((await checkOn(stage)).outcome).toMatchObject({
      kind: "failed",
      detail: "Ollama doesn't say how many tokens it read.",
    });
    stage.ollama.fault("generate", { kind: "dies" });
    expect((await checkOn(stage)).outcome.kind).toBe("failed");
  });

  it("no answer comes in time", async () => {
    const impatient: typeof fetch = async (input, init) => {
      if (!String(init?.body).includes('"raw":true')) return fetch(input, init);
      throw new TypeError("fetch failed", { cause: { code: "UND_ERR_HEADERS_TIMEOUT" } });
    };
    const stage = await stageWith();
    const system = { ...stage.system, fetch: impatient, patientFetch: undefined };
    expect((await checkOn(stage, { system })).outcome).toMatchObject({
      kind: "failed",
      reason: "No answer came in the time that even a slow Mac takes.",
    });
  });

  it("no log tells a peak", async () => {
    const { outcome } = await checkOn(await stageWith({ logPath: "none" }));
    expect(outcome).toMatchObject({
      kind: "not-verified",
      reason: "Its peak isn't known: no log of this server tells it.",
    });
  });
});
