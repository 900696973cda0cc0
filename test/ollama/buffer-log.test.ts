import { describe, expect, it } from "vitest";
import { historyText, readLoadHistory, recordLoad } from "../../src/apply/load-history";
import { MIB } from "../../src/fit/units";
import { parseBuffers } from "../../src/ollama/buffer-log";
import { keptIn } from "../apply/kept";
import { cpuMs } from "../support/cpu-time";

const blob = (letter: string) => `sha256-${letter.repeat(64)}`;
const start = (letter: string) =>
  `time=2026-11-24T09:00:05.1+01:00 level=INFO source=llama_server.go:442 msg="starting llama-server" cmd="/a/llama-server --model /m/blobs/${blob(letter)} -c 8192"\n`;
const buffer = (component: string, backend: string, kind: string, mib: number) =>
  `${component}: ${backend.padStart(12)} ${kind} buffer size = ${mib.toFixed(2)} MiB\n`;
const LOADED =
  buffer("load_tensors", "CPU_Mapped", "model", 300) +
  buffer("load_tensors", "MTL0_Mapped", "model", 4000) +
  buffer("llama_kv_cache", "MTL0", "KV", 96) +
  buffer("llama_kv_cache", "MTL0", "KV", 32) +
  buffer("llama_memory_recurrent", "MTL0", "RS", 8) +
  buffer("sched_reserve", "MTL0", "compute", 120.5) +
  buffer("sched_reserve", "CPU", "compute", 20);

describe("what llama-server's lines in the log say", () => {
  it("is what it laid out on the GPU, both caches of a model that has two", () => {
    expect(parseBuffers(start("a") + LOADED, blob("a"))).toEqual({
      modelBytes: 4000 * MIB,
      cacheBytes: 136 * MIB,
      computeBytes: 120.5 * MIB,
    });
  });

  it("is of the last load, and of what was loaded in the end, not of what the fit tried", () => {
    const tried = LOADED.replaceAll("96.00", "192.00").replaceAll("120.50", "240.00");
    const other = start("b") + LOADED.replaceAll("4000.00", "7000.00");
    const log = start("a") + tried + start("a") + tried + LOADED + other;
    expect(parseBuffers(log, blob("a"))).toMatchObject({ cacheBytes: 136 * MIB, computeBytes: 120.5 * MIB });
    expect(parseBuffers(log, blob("b"))).toMatchObject({ modelBytes: 7000 * MIB });
  });

  it.each([
    ["another file", start("b") + LOADED],
    ["nothing yet", start("a")],
    ["lines that came after another start", start("a") + start("b") + LOADED],
    ["no compute buffer", start("a") + LOADED.replaceAll("compute", "output")],
    ["a start that's part of another line", `x ${start("a")}${LOADED}`],
  ])("isn't known of %s", (_, log) => expect(parseBuffers(log, blob("a"))).toBeUndefined());

  it.each(["a", "a_", "a ", "a:", " : a"])("is read in time, whatever long lines of %j there are", async (piece) => {
    const line = `${piece.repeat(200).slice(0, 199)}\n`;
    const log = start("a") + LOADED + line.repeat(20_000);
    expect(parseBuffers(log, blob("a"))).toMatchObject({ modelBytes: 4000 * MIB });
    expect(await cpuMs(() => parseBuffers(log, blob("a")))).toBeLessThan(1000);
  });

  it("is kept with the load and what was predicted, and beats a count that leaves a cache out", async () => {
    const storage = keptIn();
    const expected = { numCtx: 8192, bytes: 4256 * MIB, leastBytes: 3000 * MIB, uncountedBytes: 96 * MIB };
    const report = { kind: "on-gpu", name: "x:1", bytes: 4160 * MIB, numCtx: 8192 } as const;
    const predicted = { cacheBytes: 136 * MIB, computeBytes: 100 * MIB };
    const laidOut = parseBuffers(start("a") + LOADED, blob("a"));
    const at = new Date("2026-11-24T10:00:00Z");
    await recordLoad(storage, "d", report, expected, at);
    expect((await readLoadHistory(storage)).get("d")).toBeUndefined();
    await recordLoad(storage, "d", report, expected, at, laidOut && { ...laidOut, predicted });
    const records = (await readLoadHistory(storage)).get("d") ?? [];
    expect(records[0]?.reportedBytes).toBe((4000 + 136 + 120.5) * MIB);
    expect(historyText(records)).toContain("by llama-server's log");
    expect(historyText(records)).toContain("136 MiB of KV cache and state, as predicted");
    expect(historyText(records)).toContain("100 MiB predicted (+20.5%)");
  });
});
