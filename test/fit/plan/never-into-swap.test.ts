import fc from "fast-check";
import { expect, it } from "vitest";
import { makePlan } from "../../../src/fit/plan/make-plan";
import { recommendedReserve } from "../../../src/fit/limit-policy";
import { GIB } from "../../../src/fit/units";
import { swaps } from "../../../src/fit/verdict";
import { oracle, planFor } from "../inputs";

const MACS = [8, 16, 18, 24, 32, 36, 48, 64, 128, 512];
/** Share of the RAM in use by apps: idle, busy, and more than most have. */
const LOADS = [0, 0.4, 0.7];

it("never recommends what leads into swap above what doesn't, whatever model, Mac and apps", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...oracle.map(({ name }) => name)),
      fc.constantFrom(...MACS),
      fc.constantFrom(...LOADS),
      (name, ramGib, load) => {
        const ramBytes = ramGib * GIB;
        const ram = { ramBytes, reserveBytes: recommendedReserve(ramBytes), othersBytes: load * ramBytes };
        const plan = makePlan(planFor(name, ramGib, 26, { ram }));
        if (plan.kind !== "options") return;
        const [first, ...others] = plan.options.map(({ after }) => swaps(after));
        if (first === true) expect(others).not.toContain(false);
        if (plan.instead === undefined) expect(first).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
