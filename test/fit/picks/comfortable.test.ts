import { describe, expect, it } from "vitest";
import { defaultLimitByFormula, recommendedReserve } from "../../../src/fit/limit-policy";
import { comfortable, comfortableText, isFast, type PickFor } from "../../../src/fit/picks/comfortable";
import { PICKS } from "../../../src/fit/picks/picks-table";
import { GIB } from "../../../src/fit/units";
import { judgeAtContext, needRange } from "../../../src/fit/verdict";
import { described, inputFor, measured } from "../inputs";

function macOf(ramGib: number, chip: string, othersGib?: number): PickFor {
  const ramBytes = ramGib * GIB;
  const others = othersGib === undefined ? {} : { othersBytes: othersGib * GIB };
  return {
    limitBytes: defaultLimitByFormula(ramBytes, { major: 26, text: "26.0" }),
    ram: { ramBytes, reserveBytes: recommendedReserve(ramBytes), ...others },
    chip,
    version: "0.33.0",
  };
}

const names = (mac: PickFor) =>
  comfortable(mac).map(({ row, context, purposes }) => `${row.name} ${context / 1024}K ${purposes.join()}`);

describe("what runs well on a Mac", () => {
  it.each<[number, string, ...string[]]>([
    [8, "Apple M1", "gemma3:4b 16K chat,vision"],
    [16, "Apple M4", "qwen3.5:9b-q4_K_M 64K code,chat,vision"],
    [18, "Apple M3 Pro", "qwen3.5:9b-q4_K_M 128K code,chat,vision"],
    [24, "Apple M4", "gpt-oss:20b 64K code,chat", "qwen3.5:9b-q4_K_M 256K vision"],
    [32, "Apple M4", "qwen3.6:35b-a3b-q4_K_M 32K code,chat,vision"],
    [32, "Apple M2 Pro", "qwen3.8:27b-q4_K_M 64K code,chat,vision"],
    [36, "Apple M3 Max", "qwen3.8:27b-q4_K_M 128K code,chat,vision"],
    [36, "Apple M3 Pro", "qwen3.6:35b-a3b-q4_K_M 128K code,chat,vision"],
    [48, "Apple M4 Pro", "qwen3.8:27b-q8_0 128K code,chat,vision"],
    [64, "Apple M4 Pro", "qwen3.8:27b-q8_0 256K code,chat,vision"],
    [128, "Apple M5 Max", "qwen3.8:27b-q8_0 256K code,chat,vision"],
    [512, "Apple M3 Ultra", "qwen3.8:27b-q8_0 256K code,chat,vision"],
  ])("with %d GB and %s", (ramGib, chip, ...picks) => expect(names(macOf(ramGib, chip))).toEqual(picks));

  it("is smaller while other apps need the RAM, or what would run once they are closed", () => {
    expect(names(macOf(64, "Apple M4 Pro", 40))[0]).toMatch(/^qwen3\.8:27b-q4_K_M/);
    const full = macOf(16, "Apple M4", 14);
    expect(names(full)).toEqual(["qwen3.5:9b-q4_K_M 64K code,chat,vision"]);
    expect(comfortableText(full)[0]).toContain("once other apps are closed");
  });

  it("is no large dense model on a slow chip, or on one that isn't told", () => {
    expect(["Apple M4", "Apple M3 Pro", "", undefined].map(isFast)).toEqual([false, false, false, false]);
    expect(["Apple M2 Pro", "Apple M1 Max", "Apple M3 Ultra"].map(isFast)).toEqual([true, true, true]);
    expect(names(macOf(64, "Apple M4")).join()).not.toContain("27b");
  });

  it("says bytes, context and command, which names the runner from 0.40 on", () => {
    const mac = macOf(16, "Apple M4");
    expect(comfortableText(mac)).toEqual([
      "qwen3.5:9b-q4_K_M for code, chat and vision: 64K of context in 10.0 GiB of 11.8 GiB; 6.1 GiB to pull.",
    ]);
    expect(comfortable(mac)[0]?.command).toBe("ollama pull qwen3.5:9b-q4_K_M");
    expect(comfortable({ ...mac, version: "0.40.1" })[0]?.command).toBe("ollama pull --runner ggml qwen3.5:9b-q4_K_M");
  });
});

it.each(PICKS.map((row) => [row.name, row] as const))("%s in the table needs what the verdict says", (_, row) => {
  const from = measured(row.basis);
  const { header } = from;
  for (const { context, limitBytes } of row.needs) {
    // Of its own file: the download is heavier, by its projector and by what it keeps at a higher precision.
    const own = judgeAtContext(inputFor(from, 10_000 * GIB, { description: described(header) }), context);
    if (own.kind === "unknown") throw new Error(own.reason);
    expect(limitBytes - needRange(own).high).toBeLessThanOrEqual(row.downloadBytes - from.weights * 0.9);
    expect(limitBytes).toBeGreaterThan(row.downloadBytes * 0.9);
  }
});
