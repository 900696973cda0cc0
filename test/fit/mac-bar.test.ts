import { describe, expect, it } from "vitest";
import { macBarRows, macBarSentence } from "../../src/fit/mac-bar";
import { GIB } from "../../src/fit/units";

const BAR = { ramBytes: 64 * GIB, limitBytes: 51.8 * GIB, modelsBytes: 20 * GIB };
const free = (othersBytes?: number) => macBarRows({ ...BAR, othersBytes }).find(({ title }) => title === "Free")?.text;

describe("what is free", () => {
  it("is the RAM without models and others", () => {
    expect(free(11 * GIB)).toBe("33.0 GiB");
  });

  it("is at most that where nobody could tell what others use", () => {
    expect(free()).toBe("at most 44.0 GiB");
    expect(macBarSentence(BAR)).toMatch(/free at most 44\.0 GiB, macOS and apps unknown/);
  });
});
