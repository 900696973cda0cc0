import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVerdicts } from "../../../src/fit/balance";
import { makePlan } from "../../../src/fit/plan/make-plan";
import type { PlanOption } from "../../../src/fit/plan/options";
import { GIB } from "../../../src/fit/units";
import { judge } from "../../../src/fit/verdict";
import { planChart } from "../../../src/ui/plan/plan-chart";
import { planMarkdown, textBars } from "../../../src/ui/plan/plan-markdown";
import { limitOf, planFor } from "../../fit/inputs";
import { anyVerdict, verdictWith } from "../../fit/verdict-with";

const input = planFor("qwen3-coder-next", 64, 15, { limit: limitOf(51.84 * GIB) });
const before = judge(input.input);

function firstOption(): PlanOption {
  const plan = makePlan(input);
  const option = plan.kind === "options" ? plan.options[0] : undefined;
  if (option === undefined) throw new Error("There is no way to make it fit.");
  return option;
}

function barsOf(...[first, second]: Parameters<typeof compareVerdicts>): readonly string[] {
  const comparison = compareVerdicts(first, second);
  return comparison ? textBars(comparison) : [];
}

describe("the detail of an option", () => {
  const option = firstOption();
  const markdown = planMarkdown(before, option, "light");

  it("shows the same before and after as a picture, in words and as text", () => {
    const comparison = compareVerdicts(before, option.after);
    const [, alt = "", data = "", size] =
      /!\[([^\]]*)\]\(data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)\?([^)]*)\)/.exec(markdown) ?? [];
    const [, first, second] = /^Before: (.+ of .+)\. After: (.+ of .+)\.$/.exec(alt) ?? [];
    expect(markdown.split("\n").map((line) => line.trim())).toEqual(expect.arrayContaining([first, second]));
    const chart = comparison && planChart(comparison, "light");
    expect(Buffer.from(data, "base64").toString()).toBe(chart?.svg);
    expect(size).toBe(`raycast-width=${chart?.width}&raycast-height=${chart?.height}`);
  });

  it("is drawn for Raycast's appearance, which is dark on the stand-in", () => {
    expect(planMarkdown(before, option)).toBe(planMarkdown(before, option, "dark"));
    expect(planMarkdown(before, option, "dark")).not.toBe(markdown);
  });

  it("shows neither picture nor bars where a verdict is unknown", () => {
    const unread = planMarkdown({ kind: "unknown", reason: "No." }, option, "light");
    expect(unread).toBe(`## ${option.title}\n\n${option.sentence}`);
  });
});

describe("the text bars", () => {
  it("put need and limit on one scale, above the terms", () => {
    const parts = { weights: 45 * GIB, kvCache: 9.4 * GIB, margin: GIB };
    const lines = barsOf(
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
        const lines = barsOf(first, second);
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
    expect(barsOf(tiny, tiny)[0]).toMatch(/^Before █░{39}\|$/);
    expect(barsOf(huge, huge)[0]).toMatch(/^Before █\|!{39}$/);
  });
});
