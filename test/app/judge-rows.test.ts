import { describe, expect, it, vi } from "vitest";
import { rowJudge } from "../../src/app/judge-rows";
import type { Snapshot } from "../../src/app/snapshot";
import type { JudgeOptions } from "../../src/fit/run-input";
import { runSteps } from "../../src/fit/steps";
import { GIB } from "../../src/fit/units";
import { judge } from "../../src/fit/verdict";
import { described, installed, limitOf, measured, SERVER } from "../fit/inputs";

const qwen = measured("qwen3-8b");
const description = described(qwen.header);
const models = Array.from({ length: 40 }, (_, index) => installed(qwen, { name: `a:${index}`, digest: `d${index}` }));
const snapshot: Snapshot = {
  machine: { kind: "not-a-mac", reason: "" },
  limit: limitOf(48 * GIB),
  isLocal: true,
  state: { kind: "answering" },
  server: SERVER,
  models,
  loaded: [],
};
const options: JudgeOptions = { context: "effective" };
const known = (count: number) => new Map(models.slice(0, count).map(({ digest }) => [digest, description]));

const allAtOnce = (judgeModel: typeof judge) => {
  const begin = rowJudge(judgeModel);
  return (...given: Parameters<typeof begin>) => runSteps(begin(...given).steps);
};

describe("the rows of a list", () => {
  it("are judged one a step; those that aren't yet have no verdict, and begun work is kept", () => {
    const counted = vi.fn(judge);
    const begin = rowJudge(counted);
    const { steps, rows } = begin(snapshot, known(40), options);
    for (let count = 1; count <= 3; count += 1) {
      steps.next();
      expect(rows().filter(({ verdict }) => verdict)).toHaveLength(count);
    }
    const [first, , , fourth] = rows();
    expect(fourth).toEqual({ model: models[3] });
    expect(rows()[3]).toBe(fourth);
    // Other settings: what was judged by the former ones isn't shown.
    expect(
      begin(snapshot, known(40), { context: 4096 })
        .rows()
        .some(({ verdict }) => verdict),
    ).toBe(false);
    expect(runSteps(begin(snapshot, known(40), options).steps)[0]).toBe(first);
    expect(counted).toHaveBeenCalledTimes(models.length);
  });

  it("are judged once each, however often metadata comes in and the snapshot is read again", () => {
    const counted = vi.fn(judge);
    const rowsOf = allAtOnce(counted);
    for (let count = 0; count <= models.length; count += 4) rowsOf(snapshot, known(count), options);
    const first = rowsOf(snapshot, known(40), options);
    const again = rowsOf(structuredClone(snapshot), known(40), { ...options });
    expect(counted).toHaveBeenCalledTimes(models.length);
    expect(again.every((row, index) => row === first[index])).toBe(true);
  });

  it("are judged again where what they rest on is another", () => {
    const counted = vi.fn(judge);
    const rowsOf = allAtOnce(counted);
    const calls = (...given: Parameters<typeof rowsOf>) => {
      counted.mockClear();
      rowsOf(...given);
      return counted.mock.calls.length;
    };
    expect(calls(snapshot, known(40), options)).toBe(40);
    expect(calls({ ...snapshot, limit: limitOf(40 * GIB) }, known(40), options)).toBe(40);
    expect(calls(snapshot, known(40), { context: 4096 })).toBe(40);
    expect(calls({ ...snapshot, server: { ...SERVER, version: "0.34.0" } }, known(40), options)).toBe(40);
    const other = new Map(known(40)).set("d3", { ...description });
    calls(snapshot, known(40), options);
    expect(calls(snapshot, other, options)).toBe(1);
    const loaded = [{ name: "a:1", digest: "d1", sizeBytes: 9e9, vramBytes: 9e9 }];
    expect(calls({ ...snapshot, loaded }, other, options)).toBe(40);
  });
});
