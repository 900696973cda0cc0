import fc from "fast-check";
import { expect, it } from "vitest";
import { expiryText } from "../../src/fit/expiry";

const NOW = new Date("2026-11-02T09:14:00Z");
const after = (seconds: number) => expiryText(new Date(NOW.getTime() + seconds * 1000).toISOString(), NOW);

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
  expect(expiryText("2318-02-18T00:00:00Z", NOW)).toBe("stays loaded");
  expect(expiryText("2026-11-02T10:19:03.512345678+01:00", NOW)).toBe("unloaded in 5 min");
});

it("says nothing of what is no time", () => {
  expect(expiryText(undefined, NOW)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      if (Number.isNaN(Date.parse(text))) expect(expiryText(text, NOW)).toBeUndefined();
    }),
  );
});
