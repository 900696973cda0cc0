import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/fit/plan/make-plan";
import type { PlanInput } from "../../../src/fit/plan/plan-input";
import { recommendedReserve } from "../../../src/fit/limit-policy";
import { GIB } from "../../../src/fit/units";
import { swaps } from "../../../src/fit/verdict";
import { readMlxOracle } from "../../memory/mlx/oracle";
import { described, measured, oracle, planFor, published } from "../inputs";
import { mlxPlanFor, withGguf } from "../mlx-plan";

const MACS = [8, 16, 18, 24, 32, 36, 48, 64, 128, 512];
/** Share of the RAM in use by apps: idle, busy, and more than most have. */
const LOADS = [0, 0.4, 0.7];

function ramOf(ramGib: number, load: number) {
  const ramBytes = ramGib * GIB;
  return { ramBytes, reserveBytes: recommendedReserve(ramBytes), othersBytes: load * ramBytes };
}

/** @throws where an option that swaps is above one that doesn't, or is recommended */
function expectCalmFirst(planned: PlanInput): void {
  const plan = makePlan(planned);
  if (plan.kind !== "options") return;
  const [first, ...others] = plan.options.map(({ after }) => swaps(after));
  if (first === true) expect(others).not.toContain(false);
  if (plan.instead === undefined) expect(first).toBe(false);
}

describe("never recommends what leads into swap above what doesn't, whatever Mac and apps", () => {
  it("for GGUF models", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...oracle.map(({ name }) => name)),
        fc.constantFrom(...MACS),
        fc.constantFrom(...LOADS),
        (name, ramGib, load) => expectCalmFirst(planFor(name, ramGib, 26, { ram: ramOf(ramGib, load) })),
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it("for MLX models, at their usual context and at all they were trained for", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...readMlxOracle().map(({ name }) => name)),
        fc.constantFrom(...MACS),
        fc.constantFrom(...LOADS),
        fc.constantFrom("effective", "trained"),
        (name, ramGib, load, context) =>
          expectCalmFirst(mlxPlanFor(ramGib, { ram: ramOf(ramGib, load), options: { context } }, name)),
      ),
      { numRuns: 150 },
    );
  }, 120_000);

  it("for MLX models with a GGUF build beside them, one that's published, and apps to close", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...readMlxOracle().map(({ name }) => name)),
        fc.constantFrom(...oracle.map(({ name }) => name)),
        fc.constantFrom(...MACS),
        fc.constantFrom(...LOADS),
        fc.boolean(),
        fc.boolean(),
        (name, sibling, ramGib, load, isInstalled, hasApps) => {
          const ram = ramOf(ramGib, load);
          const planned = mlxPlanFor(ramGib, { ram }, name);
          const { weights, header } = measured(sibling);
          const gguf = published("model:latest", weights, described(header));
          const apps = [
            { name: "Xcode", bundlePath: "/Applications/Xcode.app", bytes: Math.round(ram.othersBytes / 2) },
          ];
          const beside = isInstalled ? withGguf(planned, sibling) : { ...planned, gguf };
          const { limit, highestLimitMib } = planned.input;
          const own = beside.sibling && { ...beside.sibling, ram, limit, highestLimitMib };
          expectCalmFirst({ ...beside, sibling: own, apps: hasApps ? apps : undefined });
        },
      ),
      { numRuns: 120 },
    );
  }, 120_000);
});
