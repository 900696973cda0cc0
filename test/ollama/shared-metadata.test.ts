import { expect, it } from "vitest";
import { sharedTensors } from "../../src/ollama/shared-metadata";

const list = (type = "Q4_K") => [
  { name: "a", type, shape: [4, 12] },
  { name: "b", type: "F32", shape: [4] },
];

it("tensors that are the same share one list, and others don't", () => {
  const first = sharedTensors(list());
  expect(sharedTensors(list())).toBe(first);
  const other = sharedTensors(list("Q6_K"));
  expect(other).not.toBe(first);
  expect(other).toEqual(list("Q6_K"));
  expect(sharedTensors([{ name: "a", type: "Q4_K", shape: [41, 2] }, ...list().slice(1)])[0]?.shape).toEqual([41, 2]);
});
