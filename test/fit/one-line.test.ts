import fc from "fast-check";
import { expect, it } from "vitest";
import { firstSentence, oneLine, UNSEEN, withoutUnseen } from "../../src/fit/one-line";

/** Ways to forge a line, to hide a word or to turn it around. */
const MARKS = [
  ..."\n\r\t\0\u001b\u007f\u0085\u009b\u00ad\u034f\u061c\u115f\u180e\u200b\u200f\u2028\u2029\u202e\u2060\u2066\u3164",
];
const HOSTILE = fc.string({
  unit: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...MARKS, "\ufe0f", "\ud83d")),
});

it("one line of a text holds nothing that isn't seen, and has its length", () => {
  fc.assert(
    fc.property(HOSTILE, fc.integer({ min: 1, max: 80 }), (text, most) => {
      const line = oneLine(text, most);
      expect(line.length).toBeLessThanOrEqual(most);
      expect(line).toBe(line.trim());
      for (const shown of [line, withoutUnseen(text)]) expect(shown).not.toMatch(UNSEEN);
    }),
  );
});

it.each([
  ["of words", "qwen3  8B\nred", 40, "qwen3 8B red"],
  ["that turns around", "a\u202etxt.exe", 40, "a txt.exe"],
  ["with characters that have no width", "ev\u200bil\u2060\u034f", 40, "ev il"],
  ["that's cut behind a space", "1234 678", 5, "1234"],
  ["that's cut in the middle of a character", "1234😀", 5, "1234"],
])("one line of a text %s", (_, text, most, line) => expect(oneLine(text, most)).toBe(line));

it("a first sentence ends at its full stop, not at that of a number", () => {
  expect(firstSentence("macOS 26.6 runs in a virtual machine here. Its GPU limit is decided elsewhere.")).toBe(
    "macOS 26.6 runs in a virtual machine here.",
  );
  expect(firstSentence("One alone.")).toBe("One alone.");
});
