import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Mutant, mutated, timesIn } from "../../scripts/mutants/mutant";
import { judgeReport } from "../../scripts/mutants/run-mutant";
import { FAULTS } from "../../scripts/mutants/table";
import { worldNames } from "../worlds/support/run-world";

const ALL = Object.entries(FAULTS).flatMap(([row, { mutants }]) =>
  mutants.map((mutant: Mutant) => [`row ${row}, ${mutant.fault}`, mutant] as const),
);
const read = (path: string) => readFileSync(path, "utf8");

describe("a mend that can be taken out again", () => {
  it.each(ALL)("is in its file once, and its test is there: %s", (_, mutant) => {
    const { file, test, named } = mutant;
    expect(file).toMatch(/^src\//);
    const source = read(file);
    expect(timesIn(source, mutant)).toBe(1);
    expect(mutated(source, mutant)).not.toBe(source);
    if (test === "test/worlds/worlds.test.ts") expect(worldNames()).toContain(named);
    else expect(read(test)).toContain(named);
  });

  it("is there for each of them once", () => {
    const keys = ALL.map(([, { file, mend, without, test }]) => [file, mend, without, test].join());
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("a run with a mend taken out", () => {
  const report = (message: string, ...results: readonly (readonly [string, string?])[]) => ({
    testResults: [
      {
        message,
        assertionResults: results.map(([status, failure]) => ({
          status,
          failureMessages: failure === undefined ? [] : [failure],
        })),
      },
    ],
  });

  it("counts only where a test of that name ran and failed", () => {
    const failed = ["failed", "AssertionError: expected 1 to be 2"] as const;
    expect(judgeReport(report("", ["skipped"], ["passed"], failed))).toEqual({ kind: "killed" });
    expect(judgeReport(report("", ["failed", "TypeError: no such field"]))).toEqual({ kind: "killed" });
    expect(judgeReport(report("", ["skipped"], ["passed"]))).toEqual({ kind: "survived" });
    expect(judgeReport(report("", ["skipped"]))).toEqual({ kind: "error", reason: "no test of that name" });
    expect(judgeReport({ testResults: [] })).toMatchObject({ kind: "error" });
  });

  it("is told apart where tests only ran out of time", () => {
    const late = ["failed", "Error: Test timed out in 30000ms."] as const;
    expect(judgeReport(report("", ["passed"], late))).toEqual({ kind: "timed-out" });
    expect(judgeReport(report("", late, ["failed", "AssertionError: no"]))).toEqual({ kind: "killed" });
  });

  it("doesn't where the code can't run at all", () => {
    const broken = { kind: "error", reason: "doesn't start: Transform failed with 1 error" };
    expect(judgeReport(report("Transform failed with 1 error\nat line 3"))).toEqual(broken);
    expect(judgeReport(report("", ["failed", "ReferenceError: x is not defined"]))).toMatchObject({ kind: "error" });
    expect(judgeReport(report("", ["passed"], ["failed", "Error: Transform failed with 1 error"]))).toMatchObject({
      kind: "error",
    });
  });
});
