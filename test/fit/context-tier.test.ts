import { describe, expect, it } from "vitest";
import { contextTier } from "../../src/fit/context-tier";
import { GIB, MIB } from "../../src/fit/units";

describe("Ollama's default context by GPU memory", () => {
  it.each([
    ["10.67 GiB (16 GB, macOS 15)", 10.67 * GIB, 4_096],
    ["a byte short of 23 GiB", 23 * GIB - 1, 4_096],
    ["23 GiB", 23 * GIB, 32_768],
    ["24.96 GiB (32 GB, macOS 26)", 26_800_603_136, 32_768],
    ["36 GiB (48 GB, macOS 15)", 36 * GIB, 32_768],
    ["a byte short of 47 GiB", 47 * GIB - 1, 32_768],
    ["47 GiB", 47 * GIB, 262_144],
    ["464 GiB", 464 * GIB, 262_144],
    ["nothing", 0, 4_096],
  ])("%s", (_, bytes, numCtx) => expect(contextTier(bytes)).toBe(numCtx));

  it("counts what OLLAMA_GPU_OVERHEAD leaves", () => {
    expect(contextTier(48 * GIB, GIB)).toBe(262_144);
    expect(contextTier(48 * GIB, GIB + 1)).toBe(32_768);
    expect(contextTier(24 * GIB, 2 * GIB)).toBe(4_096);
    expect(contextTier(8 * GIB, 16 * GIB)).toBe(4_096);
  });

  it("counts whole MiB of the total", () => {
    expect(contextTier(23 * GIB + MIB - 1, MIB / 2)).toBe(4_096);
    expect(contextTier(23 * GIB + MIB, MIB)).toBe(32_768);
  });
});
