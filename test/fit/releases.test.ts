import { describe, expect, it } from "vitest";
import { givenUpText, releaseRules } from "../../src/fit/releases";
import { GIB } from "../../src/fit/units";
import { estimate } from "../../src/memory/estimate";
import { RUNTIMES, type Runtime } from "../../src/memory/settings";
import { oracle } from "./inputs";
import { RUNS } from "./release-runs";

const LIMITS = [12, 18, 25, 38, 48, 52, 56, 78, 110, 168].map((gib) => gib * GIB);

/** Every run under each set of rules: what it needs at most, and what it really took. */
const runs = RUNTIMES.map((rules) => ({
  rules,
  needs: oracle.flatMap((model) =>
    model.runs.map((run) => {
      const sum = estimate(model.header, { ...run.settings, runtime: rules });
      if (sum.kind === "unknown") throw new Error(sum.reason);
      const cache = model.weights + run.kvBytes + run.stateBytes;
      return { most: sum.total + sum.uncertainty, real: (truth: Runtime) => cache + run.computeBytes[truth] };
    }),
  ),
}));

describe("each release, judged by its row of the table", () => {
  it.each(Object.entries(RUNS))("%s gives no false Fits at ten limits", (release, truths) => {
    const judged = runs.find(({ rules }) => rules === releaseRules(release).value)?.needs ?? [];
    expect(judged.length).toBeGreaterThan(2000);
    for (const { most, real } of judged) {
      for (const limit of LIMITS.filter((bytes) => most <= bytes)) {
        for (const truth of truths) expect(real(truth)).toBeLessThanOrEqual(limit);
      }
    }
  });
});

describe("an architecture that Ollama has given up", () => {
  it("is run by the releases before, and by none from then on", () => {
    expect(givenUpText("mllama", "0.24.0")).toBeUndefined();
    expect(givenUpText("mllama", "0.30.0")).toContain("this server is 0.30.0");
    expect(givenUpText("mllama", undefined)).toContain("From 0.30 on");
    expect(givenUpText("llama", "0.33.0")).toBeUndefined();
  });
});
