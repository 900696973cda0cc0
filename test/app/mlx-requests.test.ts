import { expect, it } from "vitest";
import { keepRequests } from "../../src/app/mlx-requests";
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

it("no more than 50 are kept of a model", async () => {
  const peaks = Array.from({ length: 80 }, (_, index) => peak("a:mlx", (index + 1) * 2048));
  const [own] = await keepRequests(keptIn(), { peaks, cuts: [] }, [model("a:mlx", "d1")]);
  expect(own?.peaks.length).toBe(50);
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
