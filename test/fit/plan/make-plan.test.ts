import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { dominates } from "../../../src/fit/plan/options";
import { GIB } from "../../../src/fit/units";
import { judge, judgeAtContext } from "../../../src/fit/verdict";
import { oracle, planFor } from "../inputs";

const RAM = [8, 16, 24, 32, 36, 48, 64, 96, 128, 256];

describe.each([15, 26])("plans on macOS %d", (major) => {
  it.each(RAM)("keep the laws on %d GB for every model", (ramGib) => {
    for (const { name } of oracle) {
      const plan = makePlan(planFor(name, ramGib, major));
      if (plan.kind === "unknown") throw new Error(plan.reason);
      if (plan.kind === "impossible") {
        expect(plan.before.kind).not.toBe("fits");
        expect(plan.impossible.waysOut.length).toBeGreaterThan(0);
        continue;
      }
      for (const option of plan.options) {
        expect(option.after.kind).toBe("fits");
        expect(plan.options.some((other) => dominates(other.cost, option.cost))).toBe(false);
        for (const command of option.commands) expect(command).not.toMatch(/#|\n/);
      }
    }
  });
});

describe("a model that is too large at its default context", () => {
  it("is first offered a higher limit, then a smaller context", () => {
    const plan = makePlan(planFor("qwen3-coder-next", 64, 26));
    expect(plan.before.kind).toBe("spills");
    if (plan.kind !== "options") throw new Error("options expected");
    expect(plan.options.map(({ kind }) => kind)).toEqual([
      "raise-limit",
      "cap-context",
      "quantize-kv-cache",
      "smaller-quantization",
    ]);
    expect(plan.options[0]?.title).toBe("Raise the Limit to 53.0 GiB");
    expect(plan.options[0]?.commands).toEqual(["sudo /usr/sbin/sysctl iogpu.wired_limit_mb=54272"]);
    expect(plan.options[1]?.title).toBe("Cap the Context at 128K");
  });

  it("is offered no change of the limit on a remote Mac", () => {
    const { input, canCap, variantName } = planFor("qwen3-coder-next", 64, 26);
    const plan = makePlan({ input, canCap, variantName });
    if (plan.kind !== "options") throw new Error("options expected");
    expect(plan.options.every(({ changes }) => changes.limitMib === undefined)).toBe(true);
  });
});

describe("the tier trap", () => {
  it("pins the context where the raised limit would change Ollama's default, and judges that", () => {
    const planned = planFor("seed-oss-36b", 48, 15, { limit: known(21.5) });
    const plan = makePlan(planned);
    if (plan.kind !== "options") throw new Error("options expected");
    const raise = plan.options.find(({ kind }) => kind === "raise-limit");
    expect(raise?.changes).toEqual({ limitMib: 23_552, numCtx: 4096 });
    expect(raise?.after).toMatchObject({ kind: "fits", run: { numCtx: { value: 4096 } } });
    expect(raise?.commands).toHaveLength(2);
  });
});

function known(gib: number) {
  return { kind: "known", bytes: gib * GIB, source: "metal", sourceText: "read from Metal", estimated: false } as const;
}

describe("laws of the verdict", () => {
  const order = ["too-big", "spills", "tight", "fits"];

  it("a higher limit never makes it worse, a smaller context never either", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...oracle),
        fc.double({ min: 4, max: 200, noNaN: true }),
        fc.double({ min: 4, max: 200, noNaN: true }),
        fc.constantFrom(4096, 8192, 16_384, 32_768),
        ({ name }, a, b, numCtx) => {
          const base = planFor(name, 256, 26).input;
          const at = (gib: number, context: number) =>
            judgeAtContext(
              {
                ...base,
                limit: known(gib),
                description:
                  "kind" in base.description
                    ? base.description
                    : { ...base.description, parameters: { numBatch: 512, unreadable: [] } },
              },
              context,
            ).kind;
          const rank = (kind: string) => order.indexOf(kind);
          expect(rank(at(Math.max(a, b), numCtx))).toBeGreaterThanOrEqual(rank(at(Math.min(a, b), numCtx)));
          expect(rank(at(a, numCtx))).toBeGreaterThanOrEqual(rank(at(a, numCtx * 2)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("a model that fits has nothing to do, and unloading is offered where others take its room", () => {
    const alone = makePlan(planFor("llama3.1-8b", 64, 26));
    if (alone.kind !== "options") throw new Error("options expected");
    expect(alone.options.map(({ kind }) => kind)).toEqual(["nothing"]);
    const crowded = makePlan(
      planFor("llama3.1-8b", 64, 26, {
        loaded: [{ name: "big:latest", digest: "big", sizeBytes: 40 * GIB, vramBytes: 40 * GIB }],
      }),
    );
    if (crowded.kind !== "options") throw new Error("options expected");
    expect(crowded.options[0]).toMatchObject({
      kind: "unload",
      changes: { unload: ["big:latest"] },
      commands: ["ollama stop big:latest"],
    });
    expect(judge(planFor("llama3.1-8b", 64, 26).input).kind).toBe("fits");
  });
});
