import { describe, expect, it } from "vitest";
import { inSlices } from "../../src/app/in-slices";
import { makePlan, planInSteps } from "../../src/fit/plan/make-plan";
import { runSteps, type Steps } from "../../src/fit/steps";
import { planFor } from "../fit/inputs";

/** Steps of some milliseconds each, which count themselves. */
function* busy(steps: number, done: { steps: number }): Steps<string> {
  for (; done.steps < steps; done.steps += 1) {
    const until = performance.now() + 5;
    while (performance.now() < until);
    yield;
  }
  return "done";
}

describe("work in slices", () => {
  it("comes to its end, and lets others work in between", async () => {
    let turns = 0;
    const other = setInterval(() => (turns += 1), 1);
    expect(await inSlices(busy(40, { steps: 0 }), new AbortController().signal)).toBe("done");
    clearInterval(other);
    expect(turns).toBeGreaterThan(4);
  });

  it("is given up where it's no longer wanted", async () => {
    const stop = new AbortController();
    const done = { steps: 0 };
    setTimeout(() => stop.abort(), 10);
    await expect(inSlices(busy(2_000, done), stop.signal)).rejects.toThrow("aborted");
    expect(done.steps).toBeLessThan(200);
  });
});

describe("a plan in steps", () => {
  it.each(["qwen3-coder-next", "deepseek-r1-671b", "llama3.1-8b"])("is the plan of %s", (name) => {
    const steps = planInSteps(planFor(name, 64, 26));
    let pauses = 0;
    let last = steps.next();
    for (; !last.done; last = steps.next()) pauses += 1;
    expect(JSON.stringify(last.value)).toBe(JSON.stringify(makePlan(planFor(name, 64, 26))));
    expect(pauses).toBeGreaterThan(name === "llama3.1-8b" ? 0 : 10);
  });

  it("may be begun and left", () => {
    const steps = planInSteps(planFor("qwen3-coder-next", 64, 26));
    steps.next();
    expect(runSteps(planInSteps(planFor("qwen3-coder-next", 64, 26))).kind).toBe("options");
  });
});
