import fc from "fast-check";
import { expect, it } from "vitest";
import { ansi, spread, widthOf, wrap } from "./layout";

const words = fc.array(fc.stringMatching(/^[a-zé…]{1,12}$/), { maxLength: 30 });

it("wraps without losing a word or exceeding the width", () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 12, max: 60 }), (list, width) => {
      const lines = wrap(list.join(" "), width);
      expect(lines.join(" ")).toBe(list.join(" "));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }),
  );
});

it("keeps line breaks, indents and table rows", () => {
  expect(wrap("a\n\n  b c", 4)).toEqual(["a", "", "  b", "c"]);
  expect(wrap("| a long row | of a table |", 10)).toEqual(["| a long row | of a table |"]);
});

it("puts right what does not fit on the line below", () => {
  const run = (text: string) => ({ text, painted: text });
  expect(spread(run("left"), run("right"), 12)).toEqual(["left   right"]);
  expect(spread(run("left"), run("right"), 10)).toEqual(["left", "     right"]);
  expect(spread(run("left"), run(""), 10)).toEqual(["left"]);
});

it("paints in Raycast's colours and leaves unknown ones plain", () => {
  expect(ansi("Fits", { color: "raycast-green" })).toBe("\u001b[32mFits\u001b[0m");
  expect(ansi("Fits", { color: "#123456" })).toBe("Fits");
});
