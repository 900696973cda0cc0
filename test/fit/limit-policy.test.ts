import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { installed, measured } from "./inputs";
import type { AppleSiliconMac } from "../../src/fit/facts";
import {
  adviseLimit,
  checkLimit,
  defaultLimit,
  defaultLimitByFormula,
  inForceBytes,
  isWorthRaising,
  limitInForce,
  limitText,
  parseLimit,
  recommendedReserve,
  remoteLimit,
} from "../../src/fit/limit-policy";
import { formatCount, GIB, MIB } from "../../src/fit/units";

const macos26 = { major: 26, text: "26.6.1" };

function mac(ramGib: number, extra: Partial<AppleSiliconMac> = {}): AppleSiliconMac {
  return {
    kind: "apple-silicon",
    ramBytes: ramGib * GIB,
    macos: macos26,
    overrideMib: 0,
    ...extra,
  };
}

describe("macOS's default limit by formula", () => {
  it.each([
    [8, 26, 5_726_633_984],
    [32, 26, 26_800_603_136],
    [64, 27, 55_662_788_608],
    [512, 26, 464 * GIB],
    [36, 15, 27 * GIB],
    [96, 14, 73_728 * MIB],
    [192, 15, 144 * GIB],
    [256, 15, 223_338_299_392],
    [512, 15, 464 * GIB],
  ])("%d GB on macOS %d", (ramGib, major, bytes) => {
    expect(defaultLimitByFormula(ramGib * GIB, { major, text: `${major}.0` })).toBe(bytes);
  });

  it.each([
    [16, 12_124.2],
    [18, 13_639.7],
    [24, 18_186.2],
    [36, 28_753.9],
    [48, 38_338.6],
    [96, 79_626.2],
    [128, 110_100.5],
    [256, 228_065.3],
  ])("%d GB on macOS 26 is about %d MiB", (ramGib, mib) => {
    expect(defaultLimitByFormula(ramGib * GIB, macos26) / MIB).toBeCloseTo(mib, 0);
  });
});

describe("the limit in force", () => {
  const metal = { workingSetBytes: 55_662_788_608 };

  it("is the override when one is set", () => {
    const limit = limitInForce(mac(64, { overrideMib: 57_344, metal: { workingSetBytes: 57_344 * MIB } }));
    expect(limit).toMatchObject({ bytes: 60_129_542_144, source: "override", estimated: false });
    expect(limit).not.toHaveProperty("disagreement", expect.anything());
  });

  it("says so when Metal contradicts the override", () => {
    expect(limitInForce(mac(64, { overrideMib: 57_344, metal }))).toMatchObject({
      bytes: 57_344 * MIB,
      disagreement: "iogpu.wired_limit_mb says 56.00 GiB, Metal says 51.84 GiB.",
    });
  });

  it("is Metal's figure without an override, and then what llama-server lists", () => {
    expect(limitInForce(mac(64, { metal, listedDeviceBytes: 1 }))).toMatchObject({
      source: "metal",
      bytes: 55_662_788_608,
    });
    expect(limitInForce(mac(64, { listedDeviceBytes: 53_084 * MIB }))).toMatchObject({
      source: "listed-device",
      estimated: false,
    });
  });

  it.each([
    [32, 32_768, 28],
    [64, 61_441, 64],
    [64, 62_500, 60],
    [64, 66_000, 60],
    [8, 8_000, 16 / 3],
  ])("of a %d GB Mac set to %d MiB is never taken for more than is safe", (ramGib, overrideMib, safeGib) => {
    const metal = {
      workingSetBytes: overrideMib * MIB,
      maxBufferBytes: (ramGib === 8 ? 16 / 3 : ramGib * 0.8) * GIB * 0.75,
    };
    const limit = limitInForce(mac(ramGib, { overrideMib, metal }));
    if (limit.kind !== "known") throw new Error("The limit is known");
    expect(inForceBytes(limit)).toBe(overrideMib * MIB);
    // A single MiB more is no excess.
    if (overrideMib === 61_441) return expect(limit.excess).toBeUndefined();
    expect(limit.bytes).toBeCloseTo(safeGib * GIB, -3);
    expect(limit.excess?.warning).toMatch(
      /is in force, which leaves .+ for macOS: it may freeze or restart\. Verdicts rest on/,
    );
    return undefined;
  });

  it("of macOS's own default is safe on every Mac", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 512 }), fc.constantFrom(15, 26), (ramGib, major) => {
        const macos = { major, text: `${major}.0` };
        const workingSetBytes = defaultLimitByFormula(ramGib * GIB, macos);
        const maxBufferBytes = Math.floor(workingSetBytes * 0.75);
        for (const overrideMib of [0, undefined]) {
          const limit = limitInForce(mac(ramGib, { macos, overrideMib, metal: { workingSetBytes, maxBufferBytes } }));
          expect(limit).not.toHaveProperty("excess", expect.anything());
        }
      }),
    );
  });

  it("is labelled an estimate when it comes from the log or the formula", () => {
    expect(limitInForce(mac(64), 51.8 * GIB)).toMatchObject({ source: "server-log", estimated: true });
    expect(limitInForce(mac(64))).toMatchObject({ source: "formula", estimated: true, bytes: 55_662_788_608 });
  });

  it("says of an estimate what could not be read", () => {
    const bare: AppleSiliconMac = { kind: "apple-silicon", ramBytes: 64 * GIB, macos: macos26 };
    expect(limitInForce(mac(64))).toMatchObject({ sourceText: "estimated for macOS 26: Metal couldn't be asked" });
    expect(limitInForce(bare)).toMatchObject({
      sourceText: "estimated for macOS 26: neither sysctl nor Metal could be read",
    });
  });

  it("is unknown on a machine without one, and on a remote Mac until it is stated", () => {
    expect(limitInForce({ kind: "intel", reason: "Intel Macs have none." })).toEqual({
      kind: "unknown",
      reason: "Intel Macs have none.",
    });
    expect(remoteLimit({ kind: "remote" }).kind).toBe("unknown");
    expect(remoteLimit({ kind: "remote" }, 48 * GIB)).toMatchObject({ bytes: 48 * GIB, source: "stated" });
  });

  it("still knows the default while an override is set", () => {
    const overridden = mac(64, {
      overrideMib: 57_344,
      metal: { workingSetBytes: 57_344 * MIB, maxBufferBytes: 41_747_091_456 },
    });
    expect(defaultLimit(overridden)).toEqual({ bytes: 41_747_091_456 / 0.75, estimated: false });
  });
});

describe("what is recommended", () => {
  it.each([
    [8, undefined],
    [16, undefined],
    [18, 14_336],
    [24, 19_456],
    [32, 26_624],
    [36, 30_720],
    [48, 40_960],
    [64, 57_344],
    [96, 86_016],
    [128, 118_784],
    [192, 180_224],
    [256, 245_760],
    [512, 499_712],
  ])("%d GB on macOS 26: %s MiB", (ramGib, recommendedMib) => {
    expect(adviseLimit(mac(ramGib)).recommendedMib).toBe(recommendedMib);
  });

  it("takes the next higher row between two sizes", () => {
    expect(recommendedReserve(20 * GIB)).toBe(5 * GIB);
    expect(recommendedReserve(40 * GIB)).toBe(8 * GIB);
    expect(recommendedReserve(1024 * GIB)).toBe(24 * GIB);
  });

  it("follows the person's own reserve", () => {
    expect(adviseLimit(mac(64), 10 * GIB).recommendedMib).toBe(55_296);
    expect(adviseLimit(mac(64), 20 * GIB).recommendedMib).toBeUndefined();
  });

  it("never follows a reserve that would need a second yes, and says so", () => {
    for (const gib of [0.5, 2, 3.9]) {
      const advice = adviseLimit(mac(64), gib * GIB);
      expect(advice).toMatchObject({ reserveBytes: 4 * GIB, recommendedMib: 61_440, refusedReserveBytes: gib * GIB });
      expect(checkLimit(advice.recommendedMib ?? 0, 64 * GIB, advice).kind).toBe("fine");
    }
    expect(adviseLimit(mac(64), 4 * GIB).refusedReserveBytes).toBeUndefined();
    expect(adviseLimit(mac(64)).refusedReserveBytes).toBeUndefined();
  });

  it("never follows a reserve that leaves models nothing", () => {
    for (const gib of [64, 100, 900]) {
      expect(adviseLimit(mac(64), gib * GIB)).toEqual({ ...adviseLimit(mac(64)), refusedReserveBytes: gib * GIB });
    }
    expect(adviseLimit(mac(64), 63 * GIB)).toMatchObject({ reserveBytes: 63 * GIB, refusedReserveBytes: undefined });
  });

  it("is a raise that's worth a password, or none", () => {
    expect(isWorthRaising(12_288, 12_124 * MIB)).toBe(false);
    expect(isWorthRaising(12_288, 11_776 * MIB)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 512 }), fc.constantFrom(15, 26), (ramGib, major) => {
        const { recommendedMib, defaultMib } = adviseLimit(mac(ramGib, { macos: { major, text: `${major}.0` } }));
        if (recommendedMib !== undefined) expect(recommendedMib - defaultMib).toBeGreaterThanOrEqual(512);
      }),
    );
  });

  it("calls highest safe what needs no second yes, on any Mac", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 512 }),
        fc.option(fc.double({ min: 0.1, max: 64, noNaN: true })),
        (ramGib, own) => {
          const advice = adviseLimit(mac(ramGib), own === null ? undefined : own * GIB);
          expect(advice.highestMib).toBe(Math.max(advice.defaultMib, (ramGib - 4) * 1024));
          expect(advice.recommendedMib ?? 0).toBeLessThanOrEqual(advice.highestMib);
        },
      ),
    );
  });
});

describe("checking a limit", () => {
  const advice = adviseLimit(mac(64));
  const check = (mib: number) => checkLimit(mib, 64 * GIB, advice).kind;

  it.each([
    [0, "default"],
    [57_344, "fine"],
    [57_345, "warning"],
    [61_440, "warning"],
    [61_441, "second-yes"],
    [63_488, "second-yes"],
    [63_489, "refused"],
    [65_536, "refused"],
    [65_537, "refused"],
    [40_000, "warning"],
    [512, "refused"],
    [-1, "refused"],
    [57_344.5, "refused"],
    [Number.NaN, "refused"],
    [Number.POSITIVE_INFINITY, "refused"],
  ])("%d MiB on 64 GB: %s", (mib, kind) => expect(check(mib)).toBe(kind));

  it("never lets through what leaves less than 2 GiB, on any Mac", () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 512 }), fc.integer({ min: 1, max: 600_000 }), (ramGib, mib) => {
        const kind = checkLimit(mib, ramGib * GIB, adviseLimit(mac(ramGib))).kind;
        const left = ramGib * GIB - mib * MIB;
        if (left < 2 * GIB) expect(kind).toBe("refused");
        if (kind === "fine") expect(left).toBeGreaterThanOrEqual(Math.min(recommendedReserve(ramGib * GIB), 4 * GIB));
      }),
    );
  });

  it.each<[string, number | undefined]>([
    ["57,344 MiB", 57_344],
    [" 57344 ", 57_344],
    ["57344 MB", 57_344],
    ["56", 57_344],
    ["56 GiB", 57_344],
    ["56GB", 57_344],
    ["54,5", 55_808],
    ["54.5 GiB", 55_808],
    ["8,500", 8_500],
    ["1023", 1_047_552],
    ["1024", 1_024],
    ["0", 0],
    ...["57344.5", "56.5 MiB", "0x10", "1e5", "-5", "", "57344; rm -rf /", "5,7,3", "GiB"].map(
      (text): [string, undefined] => [text, undefined],
    ),
    ["8,5", 8_704],
    ["8 GB", 8_192],
    ["57344 MiB", 57_344],
  ])("reads %j as a limit", (text, mib) => expect(parseLimit(text)).toBe(mib));

  it("reads every limit in each way in which it can be written, and nothing else as one", () => {
    const limits = fc.integer({ min: 1024, max: 999_999 });
    fc.assert(
      fc.property(limits, fc.constantFrom("", " MiB", "MiB", " mb", " M"), (mib, unit) => {
        expect(parseLimit(`${mib}${unit}`)).toBe(mib);
        expect(parseLimit(`${formatCount(mib)}${unit}`)).toBe(mib);
      }),
    );
    const quarters = fc.integer({ min: 1, max: 4 * 1023 });
    fc.assert(
      fc.property(quarters, fc.constantFrom("", " GiB", "GiB", " gb", "G"), (quarter, unit) => {
        const gib = String(quarter / 4);
        expect(parseLimit(`${gib}${unit}`)).toBe(quarter * 256);
        expect(parseLimit(`${gib.replace(".", ",")}${unit}`)).toBe(quarter * 256);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.,-+eEx GMiB;$(") }), (text) => {
        const mib = parseLimit(text);
        if (mib === undefined) return;
        expect(Number.isSafeInteger(mib) && mib >= 0).toBe(true);
        expect(text).toMatch(/^\s*\d[\d.,\s]*(?:[GM]i?B?)?\s*$/i);
      }),
    );
  });
});

describe("the limit of another machine", () => {
  const gguf = installed(measured("qwen3-coder-next"));
  const loaded = (sizeBytes: number, vramBytes = sizeBytes) => ({
    name: gguf.name,
    digest: gguf.digest,
    sizeBytes,
    vramBytes,
  });
  const remote = { kind: "remote" } as const;
  const shown = (sizeBytes: number, vramBytes = sizeBytes, version = "0.33.0") =>
    remoteLimit(remote, undefined, { loaded: [loaded(sizeBytes, vramBytes)], models: [gguf], version });

  it("is at least what a model takes that's whole on the GPU there, with what llama.cpp keeps free", () => {
    const limit = shown(49.3 * GIB);
    expect(limit).toMatchObject({ bytes: 50.3 * GIB, isLeast: true, estimated: false });
    expect(limit.kind === "known" && limitText(limit)).toBe("at least 50.3 GiB");
    expect(shown(49.3 * GIB, 49.3 * GIB, "0.24.0")).toMatchObject({ bytes: 49.3 * GIB });
  });

  it("isn't told by a model that spilled or that MLX runs, and what's stated goes before it", () => {
    expect(shown(49.3 * GIB, 40 * GIB).kind).toBe("unknown");
    const mlx = { ...gguf, format: "safetensors" as const };
    expect(remoteLimit(remote, undefined, { loaded: [loaded(9 * GIB)], models: [mlx] }).kind).toBe("unknown");
    const stated = remoteLimit(remote, 24 * GIB, { loaded: [loaded(9 * GIB)], models: [gguf] });
    expect(stated).toMatchObject({ bytes: 24 * GIB, source: "stated" });
  });

  it("isn't stated for a container, which has no GPU", () => {
    const docker = { kind: "elsewhere", pid: 1, carrier: "container", program: "Docker" } as const;
    expect(remoteLimit(docker, 24 * GIB)).toMatchObject({ kind: "unknown", reason: expect.stringContaining("Docker") });
    const tunnel = { kind: "elsewhere", pid: 1, carrier: "tunnel", program: "ssh" } as const;
    expect(remoteLimit(tunnel, 24 * GIB)).toMatchObject({ bytes: 24 * GIB });
    expect(remoteLimit(tunnel)).toMatchObject({ reason: expect.stringContaining("ssh passes requests on") });
  });
});
