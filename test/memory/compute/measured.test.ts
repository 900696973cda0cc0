import { describe, expect, it } from "vitest";
import { readShape } from "../../../src/memory/architectures/read-shape";
import { layoutName, MEASURED } from "../../../src/memory/compute/measured";
import { methodOf } from "../../../src/memory/compute/method";
import { estimate } from "../../../src/memory/estimate";
import type { KnownEstimate } from "../../../src/memory/estimate-types";
import { build, SETTINGS } from "../architectures/build";
import { readOracle } from "../oracle";

describe("layouts that count as measured", () => {
  it("are those of the fixtures, all of them and no other", () => {
    const layouts = readOracle().map(({ header }) => {
      const reading = readShape(header);
      if (reading.kind === "unknown") throw new Error(reading.reason);
      return layoutName(reading.shape, methodOf(reading.shape));
    });
    expect([...MEASURED]).toEqual([...new Set(layouts)].sort());
  });

  it("have a narrower band than the same file under the name of an architecture that was not", () => {
    const file = (architecture: string) =>
      estimate(
        build({
          architecture,
          blocks: 8,
          width: 2048,
          keys: { "attention.head_count": 16, "attention.head_count_kv": 4, feed_forward_length: 4096 },
          block: () => ({ attn_q: [2048, 2048], attn_k: [2048, 512], attn_v: [2048, 512], ffn_up: [2048, 4096] }),
        }),
        SETTINGS,
      ) as KnownEstimate;
    const [measured, other] = [file("llama"), file("xverse")];
    expect([measured.measured, other.measured]).toEqual([true, false]);
    expect(other.total).toBe(measured.total);
    expect(other.uncertainty).toBeGreaterThan(2 * measured.uncertainty);
  });
});
