import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatContext,
  formatExpiry,
  formatMib,
  formatPart,
  GIB,
  keepAliveSeconds,
  MIB,
  parseAmount,
} from "../../src/fit/units";

describe("amounts for people", () => {
  it.each([
    [0, "0 B"],
    [24_576, "24 KiB"],
    [512 * MIB, "512 MiB"],
    [1023.7 * MIB, "1.0 GiB"],
    [55_662_788_608, "51.8 GiB"],
    [-4.21 * GIB, "-4.2 GiB"],
  ])("%d bytes read as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [31.2 * GIB, 51.8 * GIB, "31.2 of 51.8 GiB"],
    [512 * MIB, 51.8 * GIB, "512 MiB of 51.8 GiB"],
    [2 * GIB, 512 * MIB, "2.0 GiB of 512 MiB"],
    [256 * MIB, 512 * MIB, "256 MiB of 512 MiB"],
  ])("%d of %d bytes read as %s", (bytes, whole, text) => expect(formatPart(bytes, whole)).toBe(text));

  it("names the sysctl's unit and the one people think in", () => {
    expect(formatMib(57_344)).toBe("57,344 MiB (56.0 GiB)");
  });

  it.each([
    [4096, "4K"],
    [262_144, "256K"],
    [5000, "5,000"],
    [4, "4"],
  ])("%d tokens read as %s", (tokens, text) => expect(formatContext(tokens)).toBe(text));

  it("never writes a decimal unit nor a number with more than four digits before the unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^(\d{1,5}\.\d|\d{1,3}|1,0\d\d) (B|KiB|MiB|GiB)$/);
      }),
    );
  });

  it.each([
    ["8", 8 * GIB],
    [" 51.84 GiB", 51.84 * GIB],
    ["8,5", 8.5 * GIB],
    ["8 GB", 8 * GIB],
    ["8.5 GiB", 8.5 * GIB],
    ["8192", 8 * GIB],
    ["8,192", 8 * GIB],
    ["57344 MiB", 56 * GIB],
    ["1023", 1023 * GIB],
    ["0 MiB", undefined],
    ["1e9", undefined],
    ["0x10", undefined],
    ["１２", undefined],
    ["8 TB", undefined],
    ["0", undefined],
    ["-1", undefined],
    ["eight", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %j as an amount of memory", (text, bytes) => expect(parseAmount(text)).toBe(bytes));
});

describe("the time until Ollama unloads a model", () => {
  const NOW = new Date("2026-11-02T09:14:00Z");
  const after = (seconds: number) => formatExpiry(new Date(NOW.getTime() + seconds * 1000).toISOString(), NOW);

  it.each<[number, string]>([
    [-5, "unloaded when idle"],
    [0, "unloaded when idle"],
    [59, "unloaded in less than 1 min"],
    [60, "unloaded in 1 min"],
    [299, "unloaded in 5 min"],
    [59 * 60, "unloaded in 59 min"],
    [59 * 60 + 45, "unloaded in 1 h"],
    [24 * 3600, "unloaded in 24 h"],
    [72 * 3600, "unloaded in 3 days"],
  ])("says of %d s %j", (seconds, words) => {
    expect(after(seconds)).toBe(words);
  });

  it("takes a time centuries ahead for ever, and Go's nine digits for a time", () => {
    expect(formatExpiry("2318-02-18T00:00:00Z", NOW)).toBe("stays loaded");
    expect(formatExpiry("2026-11-02T10:19:03.512345678+01:00", NOW)).toBe("unloaded in 5 min");
  });

  it("says nothing of what is no time", () => {
    expect(formatExpiry(undefined, NOW)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (Number.isNaN(Date.parse(text))) expect(formatExpiry(text, NOW)).toBeUndefined();
      }),
    );
  });
});

describe("how long a model stays loaded", () => {
  const now = new Date("2026-11-02T09:14:03Z");
  const after = (seconds: number) => keepAliveSeconds(new Date(now.getTime() + seconds * 1000).toISOString(), now);

  it("is kept where it's longer than Ollama's usual five minutes", () => {
    expect(after(24 * 3600)).toBe(86_400);
    expect(after(301.2)).toBe(302);
    expect(after(300)).toBeUndefined();
    expect(after(-5)).toBeUndefined();
    expect(keepAliveSeconds("2318-02-18T00:00:00Z", now)).toBe(-1);
    expect(keepAliveSeconds(undefined, now)).toBeUndefined();
    expect(keepAliveSeconds("soon", now)).toBeUndefined();
  });
});
