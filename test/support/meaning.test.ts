import { describe, expect, it } from "vitest";
import { doesNotSay, says } from "./meaning";

describe("asking what a text means", () => {
  const text = "The limit is\n57,344 MiB (56.0 GiB). Load qwen3:8b again.";

  it.each(["57,344 MiB", "the limit", "56.0 GiB", "(56.0", "qwen3:8b", "load qwen3:8b", /again\.$/, "loa"])(
    "finds %s",
    (part) => {
      says(text, part);
      expect(() => doesNotSay(text, part)).toThrow("is said in");
    },
  );

  it.each(["7,344 MiB", "6.0 GiB", "57,34", "57", "qwen3:8", "imit", "56.0  GiB MiB", /^limit/])(
    "does not take a piece for the whole: %s",
    (part) => {
      doesNotSay(text, part);
      expect(() => says(text, "57,344", part)).toThrow("is not said in");
    },
  );

  it("wants every part, and something to be said", () => {
    expect(() => says(text, "57,344", "62,000", "1 TiB")).toThrow('"62,000", "1 TiB" is not said in');
    expect(() => says(undefined, "57,344")).toThrow("(nothing)");
  });
});
