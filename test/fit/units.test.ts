import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatContext, formatMib, GIB, MIB, parseGib } from "../../src/fit/units";

describe("amounts for people", () => {
  it.each([
    [0, "0 B"],
    [24_576, "24 KiB"],
    [512 * MIB, "512 MiB"],
    [1023.7 * MIB, "1.0 GiB"],
    [55_662_788_608, "51.8 GiB"],
    [-4.21 * GIB, "-4.2 GiB"],
  ])("%d bytes read as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

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
    ["0", undefined],
    ["-1", undefined],
    ["eight", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("reads %j as an amount of GiB", (text, bytes) => expect(parseGib(text)).toBe(bytes));
});
