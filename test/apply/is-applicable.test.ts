import { describe, expect, it } from "vitest";
import { isApplicable } from "../../src/apply/is-applicable";
import { planSteps, type Step } from "../../src/apply/steps";
import type { LoadedModel } from "../../src/fit/facts";
import { variantName } from "../../src/fit/model-name";
import type { Changes } from "../../src/fit/plan/changes";
import { makePlan } from "../../src/fit/plan/make-plan";
import type { PlanOption } from "../../src/fit/plan/options";
import { planFor } from "../fit/inputs";
import { SAMPLES } from "../fit/plan/sample-changes";

const { input } = planFor("llama3.1-8b", 64, 26);
const plan = makePlan(planFor("llama3.1-8b", 64, 26));

function optionWith(changes: Changes): PlanOption {
  const [option] = plan.kind === "options" ? plan.options : [];
  if (option === undefined) throw new Error("There's no option.");
  return { ...option, changes };
}

function stepsFor(changes: Changes, loaded: readonly LoadedModel[] | undefined): readonly Step[] {
  return planSteps({
    option: optionWith(changes),
    model: input.model,
    variantName,
    limitNowMib: 0,
    server: input.server,
    loaded,
    kvCacheTypeNow: "",
    existing: () => undefined,
  });
}

/** The kinds of the steps that changes lead to, the load that ends every change left out. */
function kindsFor(changes: Changes): readonly string[] {
  // Of another build the load itself is the change.
  return stepsFor(changes, [])
    .filter((step) => step.kind !== "load" || step.name !== input.model.name)
    .map(({ kind }) => kind);
}

describe.each(Object.keys(SAMPLES) as (keyof Changes)[])("a change of %s", (key) => {
  it("is applied where a step makes it, and nowhere else", () => {
    const changes: Changes = { [key]: SAMPLES[key] };
    expect(kindsFor(changes).length > 0).toBe(isApplicable(optionWith(changes), input.server));
  });
});

describe("a restart", () => {
  it("isn't planned as cutting nothing off where it couldn't be read what's loaded", () => {
    const restart = (loaded?: readonly LoadedModel[]) =>
      stepsFor({ kvCacheType: SAMPLES.kvCacheType }, loaded).find(({ kind }) => kind === "restart-ollama");
    expect(restart([])).toEqual({ kind: "restart-ollama", cutsOff: [] });
    expect(restart()).toEqual({ kind: "restart-ollama", cutsOff: undefined });
  });
});
