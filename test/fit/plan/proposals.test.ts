import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/fit/plan/make-plan";
import type { PlanInput } from "../../../src/fit/plan/plan-input";
import { PLAN_KINDS, type PlanKind } from "../../../src/fit/plan/proposals";
import { GIB } from "../../../src/fit/units";
import { limitOf, logged, planFor, SERVER, withUsedRam } from "../inputs";
import { mlxPlanFor, withGguf } from "../mlx-plan";

type Loaded = PlanInput["input"]["loaded"][number];

function withLoaded(planned: PlanInput, changes: Partial<Loaded>): PlanInput {
  const { name, digest } = planned.input.model;
  const loaded = { name, digest, sizeBytes: 20 * GIB, vramBytes: 20 * GIB, ...changes };
  return { ...planned, input: { ...planned.input, loaded: [loaded] } };
}

function withReserve(planned: PlanInput, reserveBytes: number): PlanInput {
  return { ...planned, advice: planned.advice && { ...planned.advice, reserveBytes } };
}

const large = planFor("qwen3-coder-next", 64, 26);
const small = planFor("llama3.1-8b", 64, 26);

/** Somebody for each proposal to help; one that's forgotten is a type error. */
const EXAMPLES: Readonly<Record<PlanKind, PlanInput>> = {
  "already-fits": small,
  "reload-model": withLoaded(small, { vramBytes: 18 * GIB }),
  "unload-others": withLoaded(small, { name: "big:latest", digest: "big", sizeBytes: 40 * GIB, vramBytes: 40 * GIB }),
  "client-context": withLoaded(
    planFor("qwen3-coder-30b", 48, 26, { server: { ...SERVER, tierNumCtx: logged(32_768) } }),
    { contextLength: 262_144 },
  ),
  "higher-limit": large,
  "safe-context": mlxPlanFor(64, { options: { context: 262_144 } }),
  "smaller-context": large,
  "raise-and-cap": planFor("seed-oss-36b", 32, 26),
  "one-request": planFor("qwen2.5-32b", 32, 15, {
    server: { ...SERVER, contextLength: logged(8192), parallel: logged(4) },
  }),
  "quantized-kv-cache": large,
  "other-build": withGguf(mlxPlanFor(24), "qwen3-8b"),
  "gguf-build": mlxPlanFor(24),
  "smaller-mlx-build": mlxPlanFor(24),
  "short-keep-alive": withUsedRam(mlxPlanFor(48), 16 * GIB),
  "close-apps": withUsedRam(planFor("qwen3-32b", 36, 26), 18 * GIB),
  "smaller-build": large,
  "smaller-build-and-more": planFor("qwen3-32b", 24, 26),
  "beyond-reserve": withReserve(
    planFor("qwen3-coder-next", 64, 26, { options: { context: "effective", parallel: 1 }, limit: limitOf(48 * GIB) }),
    13 * GIB,
  ),
};

describe.each(PLAN_KINDS)("the proposal %s", (kind) => {
  it("is offered to somebody", () => {
    const plan = makePlan(EXAMPLES[kind]);
    expect(plan.kind === "options" && plan.options.map((option) => option.kind)).toContain(kind);
  });
});
