import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balanceRam, promptCacheBytes, ramText, usedByOthers, withRealLoads } from "../../src/fit/ram";
import { GIB, MIB } from "../../src/fit/units";
import { logged, SERVER } from "./inputs";

/** A 64 GB Mac that keeps 8 GiB and has so much in use. */
const mac = (usedGib?: number) => ({
  ramBytes: 64 * GIB,
  reserveBytes: 8 * GIB,
  othersBytes: usedGib === undefined ? undefined : usedGib * GIB,
});

const model = (sizeBytes: number) => ({ name: "a", digest: "a", sizeBytes, vramBytes: sizeBytes });

describe("what a Mac can carry", () => {
  it.each([
    [4, 56],
    [8, 56],
    [30.6, 33.4],
    [64, 0],
    [80, 0],
    [undefined, 56],
  ])("is its RAM without the reserve or what others use, where that's more (%s GiB: %s GiB)", (usedGib, carryGib) => {
    expect(balanceRam(mac(usedGib), GIB).carryBytes / GIB).toBeCloseTo(carryGib, 6);
  });

  it("is enough, or macOS compresses up to 4% of the RAM, or it swaps", () => {
    const at = (needBytes: number) => balanceRam(mac(20), needBytes);
    expect(at(44 * GIB)).toMatchObject({ kind: "enough", shortBytes: 0 });
    expect(at(44 * GIB + 1)).toMatchObject({ kind: "compresses", shortBytes: 1 });
    expect(at(46.55 * GIB).kind).toBe("compresses");
    expect(at(46.57 * GIB).kind).toBe("swaps");
  });

  it("never gets better with a larger need or with more in use", () => {
    const gib = fc.double({ min: 0, max: 128, noNaN: true });
    const order = ["enough", "compresses", "swaps"];
    fc.assert(
      fc.property(gib, gib, gib, gib, (need, more, used, moreUsed) => {
        const rank = (needGib: number, usedGib: number) => order.indexOf(balanceRam(mac(usedGib), needGib * GIB).kind);
        expect(rank(need + more, used)).toBeGreaterThanOrEqual(rank(need, used));
        expect(rank(need, used + moreUsed)).toBeGreaterThanOrEqual(rank(need, used));
      }),
    );
  });

  it("leaves out what this server's own models hold", () => {
    expect(usedByOthers(50 * GIB, [model(20 * GIB), model(5 * GIB)])).toBe(25 * GIB);
    expect(usedByOthers(5 * GIB, [model(20 * GIB)])).toBe(0);
  });

  it("is less where Ollama's own count of its models is short", () => {
    const use = { ramBytes: 64 * GIB, reserveBytes: 8 * GIB, othersBytes: 45 * GIB };
    const short = { ...model(26 * GIB), countedBytes: 16 * GIB };
    expect(withRealLoads(use, [short, model(5 * GIB)])).toEqual({ ...use, othersBytes: 35 * GIB });
    expect(withRealLoads({ ...use, othersBytes: 4 * GIB }, [short]).othersBytes).toBe(0);
    expect(withRealLoads({ ...use, othersBytes: undefined }, [short]).othersBytes).toBeUndefined();
  });
});

describe("a shortage in words", () => {
  it("says how much, why, and what comes of it", () => {
    expect(ramText(balanceRam(mac(30.6), 54.6 * GIB))).toBe(
      "RAM is 21.2 GiB short: other apps use 30.6 GiB. The Mac would swap to the disk.",
    );
    expect(ramText(balanceRam(mac(11), 54 * GIB))).toBe(
      "RAM is 1.0 GiB short: other apps use 11.0 GiB. macOS would compress what idle apps hold.",
    );
    expect(ramText(balanceRam(mac(3), 57 * GIB))).toContain("short: macOS and apps need 8.0 GiB.");
    expect(ramText(balanceRam(mac(3), 50 * GIB))).toBeUndefined();
  });
});

describe("the cache of earlier prompts", () => {
  it("comes on top, up to its bound", () => {
    const now = balanceRam(mac(20), 40 * GIB);
    expect(now.kind).toBe("enough");
    const full = balanceRam(now, now.needBytes + promptCacheBytes(SERVER));
    expect(full).toMatchObject({ kind: "swaps", shortBytes: 4 * GIB });
    expect(promptCacheBytes({ ...SERVER, promptCacheMib: logged(0) })).toBe(0);
    expect(promptCacheBytes({ ...SERVER, promptCacheMib: logged(512) })).toBe(512 * MIB);
    expect(promptCacheBytes(SERVER)).toBe(8 * GIB);
  });
});
