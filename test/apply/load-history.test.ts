import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accuracyOf,
  historyText,
  MOST_DIGESTS,
  MOST_RECORDS,
  readLoadHistory,
  recordLoad,
} from "../../src/apply/load-history";
import type { LoadReport } from "../../src/apply/load-report";
import { keptIn } from "./kept";

const GIB = 1024 ** 3;
const EXPECTED = { numCtx: 8192, bytes: 50 * GIB, leastBytes: 48 * GIB };
const AT = new Date("2026-11-24T10:00:00Z");

const onGpu = (gib: number, numCtx = 8192): LoadReport => ({
  kind: "on-gpu",
  name: "a",
  bytes: Math.round(gib * GIB),
  numCtx,
});

describe("the loads of a model", () => {
  it("are kept by its digest, the newest first, so many of each", async () => {
    const storage = keptIn();
    for (let load = 0; load <= MOST_RECORDS; load += 1)
      await recordLoad(storage, "one", onGpu(49 + load / 100), EXPECTED, AT);
    await recordLoad(storage, "two", onGpu(51), EXPECTED, AT);
    const history = await readLoadHistory(storage);
    expect([...history.keys()]).toEqual(["two", "one"]);
    expect(history.get("one")).toHaveLength(MOST_RECORDS);
    expect(history.get("one")?.[0]).toEqual({
      at: AT.toISOString(),
      numCtx: 8192,
      predictedBytes: 50 * GIB,
      reportedBytes: 49.5 * GIB,
      spilledBytes: 0,
    });
  });

  it("forget the model that was not loaded for longest", async () => {
    const storage = keptIn();
    for (let index = 0; index < MOST_DIGESTS; index += 1)
      await recordLoad(storage, `m${index}`, onGpu(50), EXPECTED, AT);
    await recordLoad(storage, "m0", onGpu(50), EXPECTED, AT);
    await recordLoad(storage, "new", onGpu(50), EXPECTED, AT);
    const kept = [...(await readLoadHistory(storage)).keys()];
    expect(kept).toHaveLength(MOST_DIGESTS);
    expect(kept.slice(0, 2)).toEqual(["new", "m0"]);
    expect(kept).not.toContain("m1");
  });

  it("keep nothing that says nothing of the prediction", async () => {
    const storage = keptIn();
    await recordLoad(storage, "one", { kind: "not-listed", name: "a" }, EXPECTED, AT);
    await recordLoad(storage, "one", { kind: "unclear", name: "a", bytes: 1 }, EXPECTED, AT);
    await recordLoad(storage, "one", onGpu(50, 4096), EXPECTED, AT);
    await recordLoad(storage, "one", onGpu(50), undefined, AT);
    await recordLoad(storage, "one", onGpu(40), { ...EXPECTED, uncountedBytes: 10 * GIB }, AT);
    await recordLoad(storage, "", onGpu(50), EXPECTED, AT);
    expect(storage.texts.size).toBe(0);
  });

  it.each([
    { numCtx: 0 },
    { predictedBytes: -1 },
    { reportedBytes: "9" },
    { spilledBytes: undefined },
    { at: "yesterday" },
    { laidOut: { cacheBytes: 1 } },
  ])("are not believed with %j", async (changes) => {
    const record = { at: AT.toISOString(), numCtx: 8192, predictedBytes: 5, reportedBytes: 5, spilledBytes: 0 };
    const sizeOf = async (kept: object) =>
      (await readLoadHistory(keptIn(new Map([["load-history", JSON.stringify([["one", [kept]]])]])))).size;
    expect(await sizeOf(record)).toBe(1);
    expect(await sizeOf({ ...record, ...changes })).toBe(0);
  });

  it("survive whatever else stands in their place", async () => {
    const storage = keptIn();
    await recordLoad(storage, "one", onGpu(50), EXPECTED, AT);
    const [key = ""] = storage.texts.keys();
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const damaged = keptIn(new Map([[key, json]]));
        expect((await readLoadHistory(damaged)).size).toBe(0);
        await recordLoad(damaged, "one", onGpu(50), EXPECTED, AT);
        expect((await readLoadHistory(damaged)).get("one")).toHaveLength(1);
      }),
    );
  });

  it("are kept whole or not at all, cut at any byte", async () => {
    const storage = keptIn();
    const laidOut = { cacheBytes: 1, computeBytes: 2, modelBytes: 3, predicted: { cacheBytes: 1, computeBytes: 2 } };
    for (const digest of ["one", "two"]) await recordLoad(storage, digest, onGpu(50), EXPECTED, AT, laidOut);
    const [[key, text] = ["", ""]] = [...storage.texts];
    for (let end = 0; end < text.length; end += 1) {
      expect((await readLoadHistory(keptIn(new Map([[key, text.slice(0, end)]])))).size, `${end}`).toBe(0);
    }
    expect((await readLoadHistory(storage)).size).toBe(2);
  });

  it("say how right the predictions were, spills apart", async () => {
    const storage = keptIn();
    await recordLoad(
      storage,
      "one",
      { kind: "spilled", name: "a", bytes: 54 * GIB, spilledBytes: 4 * GIB, numCtx: 8192 },
      EXPECTED,
      AT,
    );
    const spilled = (await readLoadHistory(storage)).get("one") ?? [];
    expect(accuracyOf(spilled)).toBeUndefined();
    expect(historyText(spilled)).toBe("4.0 GiB of 54.0 GiB spilled at 8K on 2026-11-24; 50.00 GiB predicted.");
    await recordLoad(storage, "one", onGpu(50.5), EXPECTED, AT);
    await recordLoad(storage, "one", onGpu(49.9), EXPECTED, AT);
    const records = (await readLoadHistory(storage)).get("one") ?? [];
    expect(accuracyOf(records)).toMatchObject({
      loads: 2,
      worst: expect.closeTo(0.01, 6),
      mean: expect.closeTo(0.006, 6),
    });
    expect(historyText(records)).toBe(
      "49.90 GiB by Ollama's count at 8K on 2026-11-24; 50.00 GiB predicted (-0.2%). 2 loads: off by 0.6% on average, 1.0% at most.",
    );
  });
});
