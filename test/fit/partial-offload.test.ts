import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { offloadText, partialOffload } from "../../src/fit/partial-offload";
import { GIB, MIB } from "../../src/fit/units";
import { judge } from "../../src/fit/verdict";
import { runsText, tooltipText, verdictSentence } from "../../src/fit/verdict-text";
import type { TensorInfo } from "../../src/memory/metadata";
import { inputFor, llama, logged, measured, oracle, planFor, SERVER, withUsedRam } from "./inputs";

const sum = (weights: number, kvCache = 0) => {
  const { estimate } = known("llama3.1-8b", 100);
  return { ...estimate, weights, kvCache, recurrentState: 0, compute: 0, projector: 0, total: weights + kvCache };
};

const known = (name: string, limitGib: number) =>
  llama(judge(inputFor(measured(name), limitGib * GIB, { options: { context: 4096 } })));

const metadata = (tensors: readonly TensorInfo[], blocks: number) => ({
  values: new Map<string, string | number>([
    ["general.architecture", "llama"],
    ["llama.block_count", blocks],
  ]),
  tensors,
});
/** So many MiB of F32. */
const tensor = (name: string, mib: number): TensorInfo => ({ name, type: "F32", shape: [MIB / 4, mib] });

describe("a dense model over its limit", () => {
  const dense = metadata(
    [
      tensor("token_embd.weight", 500),
      ...[0, 1, 2, 3].flatMap((layer) => [
        tensor(`blk.${layer}.attn_q.weight`, 40),
        tensor(`blk.${layer}.ffn_up.weight`, 60),
      ]),
    ],
    4,
  );

  it("loses whole layers, the first ones, with their share of the cache", () => {
    const total = sum(400 * MIB, 40 * MIB);
    expect(partialOffload(dense, total, 439 * MIB)).toEqual({ cpuShare: 110 / 440, isExperts: false });
    expect(partialOffload(dense, total, 330 * MIB)).toEqual({ cpuShare: 110 / 440, isExperts: false });
    expect(partialOffload(dense, total, 329 * MIB)).toEqual({ cpuShare: 220 / 440, isExperts: false });
  });

  it("doesn't run on the GPU where all layers together aren't enough", () => {
    expect(partialOffload(dense, sum(900 * MIB), 100 * MIB)).toBeUndefined();
    expect(partialOffload(metadata([], 4), sum(400 * MIB), 300 * MIB)).toBeUndefined();
  });
});

describe("a mixture of experts over its limit", () => {
  const experts = metadata(
    [0, 1].flatMap((layer) => [
      tensor(`blk.${layer}.attn_q.weight`, 10),
      tensor(`blk.${layer}.ffn_up_exps.weight`, 30),
      tensor(`blk.${layer}.ffn_gate_exps.weight`, 30),
      tensor(`blk.${layer}.ffn_down_exps.weight`, 30),
    ]),
    2,
  );

  it("loses experts first, tensor by tensor, and layers only after all of them", () => {
    const total = sum(200 * MIB);
    expect(partialOffload(experts, total, 199 * MIB)).toEqual({ cpuShare: 30 / 200, isExperts: true });
    expect(partialOffload(experts, total, 165 * MIB)).toEqual({ cpuShare: 60 / 200, isExperts: true });
    expect(partialOffload(experts, total, 15 * MIB)).toEqual({ cpuShare: 190 / 200, isExperts: false });
  });
});

describe("what stays on the CPU of a measured model", () => {
  it("is never less than what's missing, and no more than a layer beyond it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...oracle), fc.double({ min: 0.3, max: 0.99, noNaN: true }), ({ name }, share) => {
        const { estimate, run } = known(name, 500);
        const limit = estimate.total * share + run.margin.value;
        const verdict = known(name, limit / GIB);
        if (!("offload" in verdict) || verdict.offload === undefined) return;
        const moved = verdict.offload.cpuShare * estimate.total;
        expect(moved).toBeGreaterThanOrEqual(verdict.missingBytes - 1);
        expect(moved - verdict.missingBytes).toBeLessThan(estimate.total / 10);
      }),
    );
  });

  it("is experts for a mixture of experts, with other words on the speed", () => {
    const moe = known("qwen3-coder-30b", 17.8);
    const dense = known("qwen3-32b", 17.8);
    expect(tooltipText(moe)).toContain("only experts, so it's slower but usable");
    expect(verdictSentence(dense)).toMatch(/It runs with about 1\d ?% on the CPU: each token waits for that part/);
  });

  it("stands beside Too Big, and says where the Mac would swap as well", () => {
    const runs = (ramGib: number, usedGib: number) => {
      const verdict = judge(withUsedRam(planFor("qwen3-32b", ramGib, 26), usedGib * GIB).input);
      if (verdict.kind !== "too-big") throw new Error(verdict.kind);
      return runsText(verdict);
    };
    expect(runs(24, 4)).toMatch(/^Runs, 1\d ?% on the CPU$/);
    expect(runs(24, 12)).toMatch(/^Runs, 1\d ?% on the CPU, Swaps$/);
    // More than the Mac has at all.
    expect(runs(16, 4)).toBeUndefined();
  });

  it("is nothing to speak of where llama.cpp may move nothing", () => {
    const input = inputFor(measured("qwen3-32b"), 17.8 * GIB, { options: { context: 4096 } });
    const forced = judge({ ...input, server: { ...SERVER, fit: logged("off" as const) } });
    expect(forced.kind).toBe("over");
    expect(forced).not.toHaveProperty("offload");
    expect(judge(input)).toMatchObject({ kind: "spills", offload: { isExperts: false } });
  });

  it("is said in a sentence", () => {
    expect(offloadText({ cpuShare: 0.113, isExperts: false })).toMatch(/^It runs with about 11 ?% on the CPU: /);
  });
});
