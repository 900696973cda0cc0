import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions, parseVersion } from "../../src/fit/version";

describe("a version of Ollama", () => {
  it.each([
    ["0.33.0", [0, 33, 0]],
    ["v0.12.7", [0, 12, 7]],
    [" 0.33.0\n", [0, 33, 0]],
    ["0.33.0-rc2", [0, 33, 0]],
    ["0.33.1+build.5", [0, 33, 1]],
    ["0.33", [0, 33, 0]],
    ["1.0.0", [1, 0, 0]],
  ])("%j is %j", (text, version) => expect(parseVersion(text)).toEqual(version));

  it.each([undefined, "", "0.0.0", "v0.0.0", "latest", "0", "0.33.0.1", "-1.2.3", "0.33.x", "00000.1.2", "0.1.2 beta"])(
    "%j is none",
    (text) => expect(parseVersion(text)).toBeUndefined(),
  );

  it("is ordered number by number, not letter by letter", () => {
    expect(compareVersions([0, 9, 0], [0, 12, 0])).toBeLessThan(0);
    expect(compareVersions([0, 15, 5], [0, 15, 4])).toBeGreaterThan(0);
    expect(compareVersions([1, 0, 0], [0, 99, 99])).toBeGreaterThan(0);
    expect(compareVersions([0, 30, 0], [0, 30, 0])).toBe(0);
  });

  it("is read back from what it was written as, in the same order", () => {
    const part = fc.integer({ min: 0, max: 9999 });
    const version = fc.tuple(part, part, part).filter((parts) => parts.some((one) => one > 0));
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(parseVersion(a.join("."))).toEqual(a);
        const first = a.findIndex((one, index) => one !== b[index]);
        const expected = first < 0 ? 0 : Math.sign((a[first] ?? 0) - (b[first] ?? 0));
        expect(Math.sign(compareVersions(a, b))).toBe(expected);
      }),
    );
  });

  it("is never found in junk by a crash", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const version = parseVersion(text);
        expect(version === undefined || version.every((one) => Number.isSafeInteger(one) && one >= 0)).toBe(true);
      }),
    );
  });
});
