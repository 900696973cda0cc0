import { expect, it } from "vitest";
import { shownName } from "../../src/memory/shown-name";

it.each([
  ["blk.0", '"blk.0"'],
  ['a"\nb\u202ec', '"a\\"\\nb\\u{202e}c"'],
  ["zero\u200bwidth\u3164\u{e0041}", '"zero\\u{200b}width\\u{3164}\\u{e0041}"'],
  ["x".repeat(200), `"${"x".repeat(79)}…"`],
])("a name is shown in quotes, with what isn't plain written out: %j", (name, shown) =>
  expect(shownName(name)).toBe(shown),
);
