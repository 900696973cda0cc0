import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVerdicts } from "../../../src/fit/balance";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { GIB } from "../../../src/fit/units";
import { comparisonLines, optionText } from "../../../src/ui/plan/plan-text";
import { planFor } from "../../fit/inputs";
import { anyVerdict, verdictWith } from "../../fit/verdict-with";

function linesOf(...[first, second]: Parameters<typeof compareVerdicts>): readonly string[] {
  const comparison = compareVerdicts(first, second);
  return comparison ? comparisonLines(comparison) : [];
}

describe("the text bars", () => {
  it("put need and limit on one scale, above the terms", () => {
    const parts = { weights: 45 * GIB, kvCache: 9.4 * GIB, margin: GIB };
    const lines = linesOf(
      verdictWith({ ...parts, limit: 51.84 * GIB }),
      verdictWith({ ...parts, kvCache: 2.25 * GIB, limit: 51.84 * GIB }),
    );
    expect(lines).toEqual([
      "Before █████████████████████████████████████|!!!",
      "       55.4 GiB of 51.8 GiB",
      "After  ███████████████████████████████████░░|",
      "       48.3 GiB of 51.8 GiB",
      "",
      "                 Before     After",
      "Weights        45.0 GiB  45.0 GiB",
      "KV Cache        9.4 GiB   2.3 GiB",
      "Compute             0 B       0 B",
      "Safety Margin   1.0 GiB   1.0 GiB",
      "Total          55.4 GiB  48.3 GiB",
      "GPU Limit      51.8 GiB  51.8 GiB",
      "Spare          -3.6 GiB   3.6 GiB",
    ]);
  });

  it("never hide in rounding which side of the limit a need is on", () => {
    fc.assert(
      fc.property(anyVerdict, anyVerdict, (first, second) => {
        fc.pre(first !== second);
        const lines = linesOf(first, second);
        fc.pre(lines.length > 0);
        for (const [verdict, line = ""] of [[first, lines[0]] as const, [second, lines[2]] as const]) {
          expect(line).toMatch(/^.{7}█*░*\|!*$/);
          expect(line.includes("!")).toBe(verdict.kind === "spills");
          expect(line.length).toBeLessThanOrEqual(7 + 40 + 1);
          if (line.includes("!")) expect(line).not.toContain("░");
        }
      }),
    );
  });

  it("show at least a cell of a need and of a limit that are there", () => {
    const tiny = verdictWith({ weights: 1, limit: 107 * GIB });
    const huge = verdictWith({ weights: 900 * GIB, limit: 1 });
    expect(linesOf(tiny, tiny)[0]).toMatch(/^Now {4}█░{39}\|$/);
    expect(linesOf(huge, huge)[0]).toMatch(/^Now {4}█\|!{39}$/);
  });
});

describe("an option as text", () => {
  it("says what it leads to, what it costs and how it's done by hand", () => {
    const plan = makePlan(planFor("qwen3-coder-next", 64, 26));
    const [raise] = plan.kind === "options" ? plan.options : [];
    if (raise === undefined) throw new Error("There is no way to make it fit.");
    const text = optionText("qwen3-coder-next:latest", plan.before, raise);
    expect(text).toMatch(
      /^qwen3-coder-next:latest: Raise the Limit to 53\.0 GiB\n\n53\.0 GiB limit, 256K context: fits/,
    );
    expect(text).toMatch(/\nBefore █+\|!+\n/);
    expect(text).toContain("\nCosts:\n  An administrator password\n");
    expect(text).toMatch(/\nCommands:\n {2}1\) sudo \/usr\/sbin\/sysctl iogpu\.wired_limit_mb=54272$/);
  });

  it("leaves out what there is none of", () => {
    const plan = makePlan(planFor("llama3.1-8b", 64, 26));
    const [nothing] = plan.kind === "options" ? plan.options : [];
    const text = nothing && optionText("llama3.1:8b", plan.before, nothing);
    expect(text).toMatch(/^llama3\.1:8b: Nothing to Do\n/);
    expect(text).toMatch(/\nNow {4}█+░+\|\n/);
    expect(text).not.toMatch(/Costs|Commands/);
  });
});
