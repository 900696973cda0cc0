import { describe, expect, it } from "vitest";
import { besidePrograms, besideProgramsText, heldByPrograms, likelyHolder } from "../../src/fit/gpu-held";
import { makePlan } from "../../src/fit/plan/make-plan";
import { headline } from "../../src/fit/plan/options";
import { GIB } from "../../src/fit/units";
import { judge, type JudgeInput } from "../../src/fit/verdict";
import { inputFor, measured } from "./inputs";

const model = (name: string, gib: number) => ({
  name,
  digest: name,
  sizeBytes: 2 * gib * GIB,
  vramBytes: gib * GIB,
});

describe("what other programs hold", () => {
  it("is what is allocated without the loaded models' share on the GPU, and never less than nothing", () => {
    expect(heldByPrograms(70 * GIB, [model("a", 20), model("b", 5)])).toBe(45 * GIB);
    expect(heldByPrograms(10 * GIB, [model("a", 20)])).toBe(0);
  });

  it("is likely held by the largest app, where that is large enough", () => {
    const apps = [
      { name: "Firefox", bytes: 4 * GIB },
      { name: "LM Studio", bytes: 69 * GIB },
    ];
    expect(likelyHolder(68 * GIB, apps)).toBe("LM Studio");
    expect(likelyHolder(7 * GIB, apps.slice(0, 1))).toBe("Firefox");
    expect(likelyHolder(68 * GIB, apps.slice(0, 1))).toBeUndefined();
  });
});

describe("a model beside other programs", () => {
  const input = (changes: Partial<JudgeInput>) => inputFor(measured("qwen3-8b"), 30 * GIB, changes);
  const now = (changes: Partial<JudgeInput>) => {
    const verdict = judge(input(changes));
    if (verdict.kind !== "fits") throw new Error(`It's ${verdict.kind}.`);
    return { spare: verdict.spareBytes, beside: besidePrograms(input(changes), verdict) };
  };

  it("is judged alone, and what is missing now is said beside it", () => {
    const { spare, beside } = now({ programsGpuBytes: 29 * GIB });
    expect(beside).toEqual({ heldBytes: 29 * GIB, leftBytes: spare - 29 * GIB, isEnough: false });
    expect(beside && besideProgramsText(beside)).toMatch(
      /^Other programs hold 29\.0 GiB .* would be missing until it's freed\.$/,
    );
  });

  it("fits now, too, where enough is left, loaded models counted", () => {
    const { spare } = now({});
    expect(now({ programsGpuBytes: 3 * GIB }).beside?.isEnough).toBe(true);
    const loaded = [{ ...model("other", 1), vramBytes: spare - 3 * GIB }];
    expect(now({ programsGpuBytes: 3 * GIB, loaded }).beside).toMatchObject({ leftBytes: 0, isEnough: false });
  });

  it("has nothing to say where only windows are there, or nobody knows", () => {
    expect(now({ programsGpuBytes: 1.6 * GIB }).beside).toBeUndefined();
    expect(now({}).beside).toBeUndefined();
  });

  it("has a plan that closes the app which holds it, and what only shrinks the model comes after that", () => {
    const GAP = { canCap: true, variantName: (source: string) => source, gpuHolder: "LM Studio" };
    const apps = [{ name: "LM Studio", bundlePath: "/Applications/LM Studio.app", bytes: 30 * GIB }];
    const planned = (ramGib: number) =>
      makePlan({
        ...GAP,
        apps,
        input: input({
          programsGpuBytes: 29 * GIB,
          ram: { ramBytes: ramGib * GIB, reserveBytes: 8 * GIB, othersBytes: 38 * GIB },
        }),
      });
    for (const ramGib of [96, 42]) {
      const plan = planned(ramGib);
      if (plan.kind !== "options") throw new Error("There's no option.");
      expect(plan.options[0]).toMatchObject({ title: "Close LM Studio", lacksNow: false, now: undefined });
      expect(plan.options[0]?.sentence).toContain("(likely LM Studio) hold 29.0 GiB of the GPU's memory now");
      expect(plan.options[0]?.sentence).toContain("With it closed: ");
    }
  });

  it("has a plan that says so and promises it alone", () => {
    const plan = makePlan({
      input: input({ programsGpuBytes: 29 * GIB }),
      canCap: true,
      variantName: (source) => source,
      gpuHolder: "LM Studio",
    });
    if (plan.kind !== "options") throw new Error("There's no option.");
    expect(headline(plan)).toBe("It Fits Alone");
    expect(plan.options[0]?.now).toContain("likely LM Studio");
  });
});
