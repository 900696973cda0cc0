import { expect, it, vi } from "vitest";
import { parseBoundedJson } from "../../../src/memory/mlx/bounded-json";

const bytes = (text: string) => new TextEncoder().encode(text);

it("JSON isn't parsed where it would become more values than allowed", () => {
  const parsing = vi.spyOn(JSON, "parse");
  for (const text of ["[[[[", "[".repeat(1_000), `[${"{},".repeat(10)}1]`, `[${"1,".repeat(10)}1]`]) {
    expect(parseBoundedJson(bytes(text), 3)).toBeUndefined();
  }
  expect(parsing).not.toHaveBeenCalled();
  expect(parseBoundedJson(bytes("[1,{}]"), 3)).toEqual({ json: [1, {}] });
});

it.each(["", "{", "nothing", "\xff"])("%j is none", (text) =>
  expect(parseBoundedJson(Buffer.from(text, "latin1"), 3)).toBeUndefined(),
);
