import { describe, expect, it } from "vitest";
import { compareVerdicts } from "../../../src/fit/balance";
import { makePlan } from "../../../src/fit/plan/make-plan";
import type { PlanOption } from "../../../src/fit/plan/options";
import { GIB } from "../../../src/fit/units";
import { judge } from "../../../src/fit/verdict";
import { planChart } from "../../../src/ui/plan/plan-chart";
import { comparisonLines } from "../../../src/ui/plan/plan-text";
import { planMarkdown } from "../../../src/ui/plan/plan-markdown";
import { limitOf, planFor } from "../../fit/inputs";

const input = planFor("qwen3-coder-next", 64, 15, { limit: limitOf(51.84 * GIB) });
const before = judge(input.input);

function firstOption(): PlanOption {
  const plan = makePlan(input);
  const option = plan.kind === "options" ? plan.options[0] : undefined;
  if (option === undefined) throw new Error("There is no way to make it fit.");
  return option;
}

describe("the detail of an option", () => {
  const option = firstOption();
  const markdown = planMarkdown(before, option, "light");

  it("shows before and after as one picture, which says the same in words and as text", () => {
    const comparison = compareVerdicts(before, option.after);
    if (comparison === undefined) throw new Error("There is nothing to draw.");
    const [, alt, data = "", size] =
      /!\[([^\]]*)\]\(data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)\?([^)]*)\)/.exec(markdown) ?? [];
    expect(alt).toMatch(/^Before: .+ of .+\. After: .+ of .+\.$/);
    const chart = planChart(comparison, "light");
    expect(Buffer.from(data, "base64").toString()).toBe(chart.svg);
    expect(size).toBe(`raycast-width=${chart.width}&raycast-height=${chart.height}`);
    expect(chart.svg).toContain(`<desc>${comparisonLines(comparison).join("\n")}</desc>`);
    expect(markdown.match(/█|\| *Weights/g)).toBeNull();
  });

  it("shows one bar where nothing changes", () => {
    const nothing = { ...option, after: option.after };
    expect(planMarkdown(option.after, nothing, "light")).toMatch(/!\[Now: [^[\]]+ of [^[\]]+\.\]/);
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
