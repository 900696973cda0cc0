import fc from "fast-check";
import { GIB } from "../../src/fit/units";
import { judge, type VerdictOf } from "../../src/fit/verdict";
import { inputFor, limitOf, llama, measured } from "./inputs";

export interface Amounts {
  readonly weights: number;
  readonly kvCache: number;
  readonly recurrentState: number;
  readonly compute: number;
  readonly projector: number;
  readonly margin: number;
  readonly uncertainty: number;
  readonly limit: number;
}

const real = llama(judge(inputFor(measured("qwen3-8b"), 100 * GIB)));

/** A verdict of a measured model with these amounts in its sum, in bytes; what is not named is 0. */
export function verdictWith(given: Partial<Amounts>): VerdictOf<"llama"> {
  const { run } = real;
  const none = { weights: 0, kvCache: 0, recurrentState: 0, compute: 0, projector: 0, uncertainty: 0 };
  const { margin, limit, ...sum } = { ...none, margin: 0, limit: 0, ...given };
  const total = sum.weights + sum.kvCache + sum.recurrentState + sum.compute + sum.projector;
  const judged = {
    engine: "llama" as const,
    run: { ...run, margin: { ...run.margin, value: margin } },
    estimate: { ...real.estimate, ...sum, total },
    limit: limitOf(limit),
    spareBytes: limit - margin - total,
    cautions: [],
  };
  return judged.spareBytes < 0
    ? { kind: "spills", missingBytes: -judged.spareBytes, ...judged }
    : { kind: "fits", ...judged };
}

/** From nothing over bytes to thousands of GiB. */
const bytes = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 4096 }),
  fc.integer({ min: 1, max: 2 * GIB }),
  fc.integer({ min: 1, max: 4096 * GIB }),
);

/** Verdicts of any size; some are within a few bytes of their limit. */
export const anyVerdict: fc.Arbitrary<VerdictOf<"llama">> = fc
  .tuple(
    fc.record({
      weights: bytes,
      kvCache: bytes,
      recurrentState: bytes,
      compute: bytes,
      projector: bytes,
      margin: bytes,
      uncertainty: bytes,
      limit: bytes,
    }),
    fc.option(fc.integer({ min: -3, max: 3 })),
  )
  .map(([amounts, near]) => {
    if (near === null) return verdictWith(amounts);
    const { estimate, run } = verdictWith(amounts);
    return verdictWith({ ...amounts, limit: Math.max(0, estimate.total + run.margin.value + near) });
  });
