import { describe, expect, it } from "vitest";
import { keepRequests, rememberOwn } from "../../src/app/mlx-requests";
import type { InstalledModel } from "../../src/fit/facts";
import type { MlxPeak } from "../../src/fit/mlx-peaks";
import { keptIn } from "../apply/kept";

const model = (name: string, digest: string, format: InstalledModel["format"] = "safetensors"): InstalledModel => ({
  name,
  digest,
  format,
  sizeBytes: 1,
  families: [],
  capabilities: [],
  cloud: false,
});
const peak = (name: string, promptTokens: number): MlxPeak => ({
  model: name,
  at: "2026-11-24T10:00:00Z",
  promptTokens,
  readTokens: promptTokens,
  readWhole: true,
  chunkTokens: 2048,
  peakBytes: 1.5,
});
const tokens = (requests: Awaited<ReturnType<typeof keepRequests>>) =>
  requests.map(({ digest, peaks }) => [digest, peaks.map(({ promptTokens }) => promptTokens)]);

it("peaks are kept by the model's manifest, once for each context, beside those of the log", async () => {
  const storage = keptIn();
  const models = [model("a:mlx", "d1"), model("b", "d2"), model("c", "d3", "gguf")];
  const first = { peaks: [peak("a:mlx", 4096), peak("b:latest", 8192), peak("c", 9000)], cuts: [] };
  expect(tokens(await keepRequests(storage, first, models))).toEqual([
    ["d1", [4096]],
    ["d2", [8192]],
  ]);
  const second = { peaks: [peak("a:mlx", 4096), peak("a:mlx", 30_000)], cuts: [] };
  expect(tokens(await keepRequests(storage, second, models))).toEqual([
    ["d1", [4096, 30_000]],
    ["d2", [8192]],
  ]);
  // Pulled again it's another model.
  expect(tokens(await keepRequests(storage, { peaks: [], cuts: [] }, [model("a:mlx", "d9")]))).toEqual([]);
});

it("peaks from before a model was pulled again under its name aren't its own", async () => {
  const later = { ...model("a:mlx", "d2"), modifiedAt: "2026-11-24T11:30:00+01:00" };
  const fresh = { ...peak("a:mlx", 30_000), at: "2026-11-24T10:30:00.5Z" };
  const log = { peaks: [peak("a:mlx", 4096), fresh], cuts: [] };
  expect(tokens(await keepRequests(keptIn(), log, [later]))).toEqual([["d2", [30_000]]]);
  // What is no time says nothing.
  const untold = { ...later, modifiedAt: "yesterday" };
  expect(tokens(await keepRequests(keptIn(), log, [untold]))).toEqual([["d2", [4096, 30_000]]]);
});

it("no more than 50 are kept of a model", async () => {
  const peaks = Array.from({ length: 80 }, (_, index) => peak("a:mlx", (index + 1) * 2048));
  const [own] = await keepRequests(keptIn(), { peaks, cuts: [] }, [model("a:mlx", "d1")]);
  expect(own?.peaks.length).toBe(50);
});

it("peaks are those of the log where they can't be kept or read", async () => {
  const fail = () => Promise.reject(new Error("disk full"));
  for (const broken of [{ set: fail }, { get: fail }, { get: fail, set: fail }]) {
    const log = { peaks: [peak("a:mlx", 4096)], cuts: [] };
    const requests = await keepRequests({ ...keptIn(), ...broken }, log, [model("a:mlx", "d1")]);
    expect(tokens(requests)).toEqual([["d1", [4096]]]);
  }
});

it("peaks are kept whole or not at all, cut at any byte", async () => {
  const storage = keptIn();
  const models = [model("a:mlx", "d1")];
  await keepRequests(storage, { peaks: [peak("a:mlx", 4096), peak("a:mlx", 30_000)], cuts: [] }, models);
  const [[key, text] = ["", ""]] = [...storage.texts];
  for (let end = 0; end < text.length; end += 1) {
    const cut = keptIn(new Map([[key, text.slice(0, end)]]));
    expect(await keepRequests(cut, { peaks: [], cuts: [] }, models), `${end}`).toEqual([]);
  }
});

it.each(["", "{", "[1]", '[["d1", [{"model": 1}]]]', '[["d1", 5]]', "null"])(
  "what is kept as %j is no peak, and stops nothing",
  async (text) => {
    const storage = keptIn();
    await storage.set("mlx-peaks", text);
    const requests = await keepRequests(storage, { peaks: [peak("a:mlx", 4096)], cuts: [] }, [model("a:mlx", "d1")]);
    expect(tokens(requests)).toEqual([["d1", [4096]]]);
  },
);

describe("requests that were sent from here", () => {
  const AT = Date.parse("2026-11-24T10:00:00Z");
  const models = [model("a:mlx", "d1"), model("b", "d2")];
  const ours = (requests: Awaited<ReturnType<typeof keepRequests>>) =>
    requests.flatMap(({ peaks }) => peaks.map(({ model: name, promptTokens, isOurs }) => [name, promptTokens, isOurs]));

  it("are told by model, time and length, also in what was kept before it was known", async () => {
    const storage = keptIn();
    const log = { peaks: [peak("a:mlx", 20_000), peak("a:mlx", 30_000), peak("b:latest", 20_000)], cuts: [] };
    await keepRequests(storage, log, models);
    await rememberOwn(storage, { model: "a:mlx", tokens: 20_100, from: AT - 60_000, to: AT - 1000 });
    expect(ours(await keepRequests(storage, log, models))).toEqual([
      ["a:mlx", 20_000, true],
      ["a:mlx", 30_000, undefined],
      ["b:latest", 20_000, undefined],
    ]);
  });

  it.each([
    ["before", { from: AT + 1 }],
    ["long after", { from: AT - 60_000, to: AT - 20_000 }],
    ["hours after one whose end nobody saw", { from: AT - 7 * 3_600_000 }],
  ])("aren't those that ended %s", async (_, time) => {
    const storage = keptIn();
    await rememberOwn(storage, { model: "a:mlx", tokens: 20_000, ...time });
    expect(ours(await keepRequests(storage, { peaks: [peak("a:mlx", 20_000)], cuts: [] }, models))).toEqual([
      ["a:mlx", 20_000, undefined],
    ]);
  });

  it("stay marked once they were, though newer ones took their place and the log still has them", async () => {
    const storage = keptIn();
    const log = { peaks: [peak("a:mlx", 20_000)], cuts: [] };
    await rememberOwn(storage, { model: "a:mlx", tokens: 20_000, from: AT - 1000, to: AT });
    await keepRequests(storage, log, models);
    for (let index = 1; index < 60; index += 1) {
      await rememberOwn(storage, { model: "b", tokens: 5000, from: AT + index * 1000 });
    }
    expect(ours(await keepRequests(storage, log, models))).toEqual([["a:mlx", 20_000, true]]);
  });

  it.each(["", "{", "[1]", '[{"model":1}]', "null"])("kept as %j are none, and stop nothing", async (text) => {
    const storage = keptIn();
    await storage.set("mlx-own-requests", text);
    expect(ours(await keepRequests(storage, { peaks: [peak("a:mlx", 20_000)], cuts: [] }, models))).toEqual([
      ["a:mlx", 20_000, undefined],
    ]);
  });
});
