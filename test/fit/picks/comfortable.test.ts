import { describe, expect, it } from "vitest";
import { defaultLimitByFormula, recommendedReserve } from "../../../src/fit/limit-policy";
import { comfortable, comfortableText, isFast, type PickFor } from "../../../src/fit/picks/comfortable";
import { PICKS } from "../../../src/fit/picks/picks-table";
import { GIB } from "../../../src/fit/units";
import { says } from "../../support/meaning";
import { pickRows } from "../../../scripts/pick-rows";

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
    [8, "Apple M1", "llama3.2:3b 16K chat"],
    [16, "Apple M4", "qwen3.5:9b-q4_K_M 64K code,chat,vision"],
    [18, "Apple M3 Pro", "qwen3.5:9b-q4_K_M 64K code,chat,vision"],
    [24, "Apple M4", "gpt-oss:20b 64K code,chat", "qwen3.5:9b-q4_K_M 256K vision"],
    [32, "Apple M4", "gpt-oss:20b 128K code", "gemma4:26b-a4b-it-q4_K_M 128K chat,vision"],
    [32, "Apple M2 Pro", "qwen3.8:27b-q4_K_M 64K code,chat,vision"],
    [36, "Apple M3 Max", "qwen3.8:27b-q4_K_M 128K code,chat,vision"],
    [36, "Apple M3 Pro", "qwen3.6:35b-a3b-q4_K_M 64K code,chat,vision"],
    [48, "Apple M4 Pro", "qwen3.8:27b-q4_K_M 256K code,chat,vision"],
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
    const [text, ...more] = comfortableText(mac);
    expect(more).toEqual([]);
    says(text, "qwen3.5:9b-q4_K_M for code, chat and vision", "10.5 GiB of 11.8 GiB at 64K", "6.1 GiB to download");
    expect(comfortable(mac)[0]?.command).toBe("ollama pull qwen3.5:9b-q4_K_M");
    const [there] = comfortableText({ ...mac, installed: ["gemma3:4b", "qwen3.5:9b-q4_K_M"] });
    expect(there).toMatch(/^qwen3\.5:9b-q4_K_M for .*; installed already\.$/);
    expect(comfortable({ ...mac, version: "0.40.1" })[0]?.command).toBe("ollama pull --runner ggml qwen3.5:9b-q4_K_M");
  });
});

it("the table is what `npm run picks` writes", () => expect(PICKS).toEqual(pickRows()));
