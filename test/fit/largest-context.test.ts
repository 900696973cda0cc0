import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTEXT_STEP, largestFittingContext } from "../../src/fit/largest-context";
import { judgeAtContext, type JudgeInput } from "../../src/fit/verdict";
import { GIB } from "../../src/fit/units";
import { described, inputFor, limitOf, llama, logged, measured, oracle, SERVER } from "./inputs";

const trainedOf = (model: (typeof oracle)[number]): number => {
  const architecture = String(model.header.values.get("general.architecture"));
  return Number(model.header.values.get(`${architecture}.context_length`));
};

/** Every step from the top down. */
function byScan(input: JudgeInput, upTo: number): number | undefined {
  for (let tokens = Math.floor(upTo / CONTEXT_STEP) * CONTEXT_STEP; tokens > 0; tokens -= CONTEXT_STEP) {
    if (judgeAtContext(input, tokens).kind === "fits") return tokens;
  }
  return undefined;
}

describe("the largest context that fits", () => {
  const model = fc.constantFrom(...oracle);
  const gib = fc.double({ min: 8, max: 256, noNaN: true });
  const parallel = fc.constantFrom(1, 2, 3, 4, 8);
  const inputOf = (from: (typeof oracle)[number], limit: number, slots: number) =>
    inputFor(from, limit * GIB, {
      server: { ...SERVER, parallel: logged(slots), startupTotalBytes: logged(limit * GIB) },
    });

  it("is a multiple of 256, fits, and 256 tokens more do not", () => {
    fc.assert(
      fc.property(model, gib, parallel, (from, limit, slots) => {
        const input = inputOf(from, limit, slots);
        const upTo = trainedOf(from);
        const largest = largestFittingContext(input, upTo);
        if (largest === undefined) {
          expect(judgeAtContext(input, CONTEXT_STEP).kind).not.toBe("fits");
          return;
        }
        expect(largest % CONTEXT_STEP).toBe(0);
        expect(judgeAtContext(input, largest).kind).toBe("fits");
        if (largest + CONTEXT_STEP <= upTo) {
          expect(judgeAtContext(input, largest + CONTEXT_STEP).kind).not.toBe("fits");
        }
      }),
    );
  });

  it("is what trying every step finds", () => {
    fc.assert(
      fc.property(model, gib, parallel, (from, limit, slots) => {
        const input = inputOf(from, limit, slots);
        const upTo = Math.min(trainedOf(from), 131_072);
        expect(largestFittingContext(input, upTo)).toBe(byScan(input, upTo));
      }),
      { numRuns: 40 },
    );
  });

  // Limits just above the model, where the batch steps down inside a stretch and less is needed at a larger context.
  it.each(oracle.flatMap((from) => [1.05, 1.15, 1.3, 1.5].map((share) => [from.name, share, from] as const)))(
    "of %s under %d times its weights and 2 GiB is what trying every step finds",
    (_, share, from) => {
      const input = inputOf(from, (from.weights * share) / GIB + 2, 1);
      const upTo = Math.min(trainedOf(from), 65_536);
      expect(largestFittingContext(input, upTo)).toBe(byScan(input, upTo));
    },
  );

  describe("where Ollama's batch steps down as the context grows, so that more context needs less", () => {
    const FROM = 40_960;
    // Without attention heads there is no prediction, and the batch never steps down.
    const long = oracle.filter((from) => trainedOf(from) >= 65_536 && !from.name.startsWith("mamba"));

    /** The GPU total at which 40,960 tokens still get this batch and 256 more do not. */
    function steppingTotal(from: (typeof oracle)[number], batch: number): number {
      const steps = (total: number, tokens: number) => {
        const server = { ...SERVER, startupTotalBytes: logged(total) };
        return llama(judgeAtContext(inputFor(from, 1000 * GIB, { server }), tokens)).run.batch.value < batch;
      };
      let [low, high] = [0, 2000 * GIB];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (steps(middle, FROM)) low = middle;
        else high = middle;
      }
      expect([steps(high, FROM), steps(high, FROM + CONTEXT_STEP)]).toEqual([false, true]);
      return high;
    }

    it.each(long.flatMap((from) => [2048, 1024].map((batch) => [from.name, batch, from] as const)))(
      "%s, down from %d",
      (_, batch, from) => {
        const server = { ...SERVER, startupTotalBytes: logged(steppingTotal(from, batch)) };
        const after = llama(judgeAtContext(inputFor(from, 1000 * GIB, { server }), FROM + CONTEXT_STEP));
        const limit = after.estimate.total + after.estimate.uncertainty + after.run.margin.value;
        const input = inputFor(from, limit, { server });
        const scanned = byScan(input, 65_536);
        expect(scanned).toBeGreaterThanOrEqual(FROM + CONTEXT_STEP);
        expect(largestFittingContext(input, 65_536)).toBe(scanned);
      },
    );
  });

  it("counts one slot where Ollama gives the model one, whatever the server says", () => {
    const from = measured("qwen3-coder-next");
    const weights = from.weights / GIB;
    for (const more of [1.8, 2, 2.2, 2.5, 3]) {
      const input = inputOf(from, weights + more, 4);
      expect(largestFittingContext(input, 65_536)).toBe(byScan(input, 65_536));
    }
  });

  it("stays at what is asked for where more would fit", () => {
    const input = inputOf(measured("qwen3-8b"), 256, 1);
    expect(largestFittingContext(input, 40_960)).toBe(40_960);
    expect(largestFittingContext(input, 10_000)).toBe(9984);
    expect(largestFittingContext(input, 255)).toBeUndefined();
  });

  it("is not there where nothing fits or nothing is known", () => {
    const from = measured("qwen3-8b");
    expect(largestFittingContext(inputOf(from, 4, 1), 40_960)).toBeUndefined();
    const estimated = inputFor(from, 0, { limit: limitOf(100 * GIB, { estimated: true }) });
    expect(largestFittingContext(estimated, 40_960)).toBeUndefined();
    const adapted = inputFor(from, 100 * GIB, { description: described(from.header, { adapters: [{ path: "/a" }] }) });
    expect(largestFittingContext(adapted, 40_960)).toBeUndefined();
    expect(
      largestFittingContext(inputFor(from, 0, { limit: { kind: "unknown", reason: "State it." } }), 40_960),
    ).toBeUndefined();
  });
});
