import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GIB, MIB } from "../../src/fit/units";
import { parseCuts, parsePeaks } from "../../src/ollama/mlx-peak-log";
import { cpuMs } from "../support/cpu-time";

const AT = "2026-11-24T10:00:00.123+01:00";
const line = (source: string, words: string) => `time=${AT} level=INFO source=${source} msg=${words}\n`;
const START = line("routes.go:1951", '"server config" env="map[OLLAMA_DEBUG:INFO]"');
const load = (model: string) => line("client.go:391", `"starting mlx runner subprocess" model=${model} port=50123`);
const stop = line("client.go:142", '"stopping mlx runner subprocess" pid=4711');

/** A request as Ollama's runner logs it: what is cached, a line for each chunk, the peak. */
function request(total: number, size: string, { cached = 0, chunk = 2048, chunks = Infinity } = {}): string {
  const left = total - cached;
  let text = line(
    "prefix_cache.go:125",
    `"cache ${cached === 0 ? "miss" : "hit"}" total=${total} matched=${cached} cached=${cached} left=${left}`,
  );
  for (let processed = 0, read = 0; processed < left - 1 && read < chunks; read += 1) {
    processed = Math.min(processed + chunk, left - 1);
    text += line("pipeline.go:204", `"Prompt processing progress" processed=${processed} total=${left}`);
  }
  return text + line("pipeline.go:91", `"peak memory" size=${size}`);
}

const peak = (promptTokens: number, readTokens: number, peakBytes: number, chunkTokens: number | undefined = 2048) => ({
  model: "qwen3.8:27b-mlx",
  at: AT,
  promptTokens,
  readTokens,
  readWhole: true,
  chunkTokens,
  peakBytes,
});
const QWEN = load("qwen3.8:27b-mlx");

describe("peaks in a log", () => {
  it("belong to the model that is loaded, at the context that was read in whole chunks", () => {
    const log =
      START +
      QWEN +
      line("client.go:106", '"mlx runner is ready" port=50123') +
      request(116_000, '"31.44 GiB"') +
      '[GIN] 2026/11/24 - 10:00:01 | 200 | 59.2s | 127.0.0.1 | POST "/api/chat"\n' +
      request(118_500, '"31.90 GiB"', { cached: 114_000 });
    expect(parsePeaks(log)).toEqual([
      peak(116_000, 56 * 2048, 31.44 * GIB),
      peak(118_500, 114_000 + 2 * 2048, 31.9 * GIB),
    ]);
  });

  it("tell no chunk where the prompt was shorter than one", () => {
    expect(parsePeaks(START + QWEN + request(900, '"512.25 MiB"'))).toEqual([
      { ...peak(900, 0, 512.25 * MIB), chunkTokens: undefined },
    ]);
    expect(parsePeaks(START + QWEN + request(1, '"17.00 GiB"'))[0]).toMatchObject({ promptTokens: 1, readTokens: 0 });
    expect(parsePeaks(START + QWEN + request(4000, '"17.00 GiB"', { cached: 3900 }))[0]).toMatchObject({
      promptTokens: 4000,
      readTokens: 3900,
      chunkTokens: undefined,
    });
  });

  it("of a request that broke off count up to where it was read", () => {
    expect(parsePeaks(START + QWEN + request(100_000, '"20.00 GiB"', { chunks: 5 }))).toEqual([
      { ...peak(100_000, 5 * 2048, 20 * GIB), readWhole: false },
    ]);
  });

  it("see another length of chunks", () => {
    expect(parsePeaks(START + QWEN + request(3000, '"20.00 GiB"', { chunk: 512 }))).toEqual([
      peak(3000, 5 * 512, 20 * GIB, 512),
    ]);
  });

  it("are nobody's while two models are loaded, until both have ended", () => {
    const one = request(5000, '"20.00 GiB"');
    const log = START + QWEN + load("gemma4:26b") + one + stop + one + stop + one + QWEN + one;
    expect(parsePeaks(log)).toEqual([peak(5000, 2 * 2048, 20 * GIB)]);
  });

  it("go on after a model was loaded again, or another in its place", () => {
    const one = request(5000, '"20.00 GiB"');
    const log = START + QWEN + one + QWEN + one + stop + load('"hf.co/me/other model:mlx"') + one;
    expect(parsePeaks(log).map(({ model }) => model)).toEqual([
      "qwen3.8:27b-mlx",
      "qwen3.8:27b-mlx",
      "hf.co/me/other model:mlx",
    ]);
  });

  it("are nobody's while a model that was loaded twice may be there beside another", () => {
    const [other, third] = ["gemma4:26b", "qwen3.5:9b"].map(load);
    const one = request(5000, '"20.00 GiB"');
    expect(parsePeaks(START + QWEN + other + stop + QWEN + stop + third + one)).toEqual([]);
    expect(parsePeaks(START + QWEN + other + stop + QWEN + stop + stop + third + one).length).toBe(1);
  });

  it("of a log whose beginning is cut off are nobody's until what may have been loaded has ended", () => {
    const one = request(5000, '"20.00 GiB"');
    expect(parsePeaks(QWEN + one)).toEqual([]);
    expect(parsePeaks(one + stop + QWEN + one).length).toBe(1);
    expect(parsePeaks(QWEN + one + START + QWEN + one).length).toBe(1);
  });

  it("forget the runners of a server that was started again", () => {
    const one = request(5000, '"20.00 GiB"');
    expect(parsePeaks(START + QWEN + START + one)).toEqual([]);
    expect(parsePeaks(START + QWEN + load("gemma4:26b") + START + QWEN + one).length).toBe(1);
  });

  it("need a start, a model and a request", () => {
    const one = request(5000, '"20.00 GiB"');
    expect(parsePeaks(one)).toEqual([]);
    expect(parsePeaks(START + one)).toEqual([]);
    expect(parsePeaks(START + QWEN + line("pipeline.go:91", '"peak memory" size="1.00 GiB"'))).toEqual([]);
    expect(parsePeaks(START + load("") + one)).toEqual([]);
  });

  it("aren't taken out of other lines", () => {
    const quoted = line("routes.go:1", `"bad request" error="msg=\\"peak memory\\" size=\\"1.00 GiB\\""`);
    const inside = `chat says time=${AT} level=INFO source=x msg="peak memory" size="1.00 GiB"\n`;
    const begun = request(5000, '"20.00 GiB"').split("\n").slice(0, 1).join("") + "\n";
    expect(parsePeaks(START + QWEN + begun + quoted + inside)).toEqual([]);
    for (const size of ["", '"NaN GiB"', '"1e9 GiB"', '"-1.00 GiB"', '"99999999999 GiB"', '"1.00 PiB"', "1.00 GiBs"]) {
      expect(parsePeaks(START + QWEN + begun + line("pipeline.go:91", `"peak memory" size=${size}`))).toEqual([]);
    }
  });

  it("don't count requests whose numbers contradict each other", () => {
    const words = (cached: number, left: number) => `"cache hit" total=5000 matched=0 cached=${cached} left=${left}`;
    const rest = (processed: number) =>
      line("pipeline.go:204", `"Prompt processing progress" processed=${processed} total=5000`) +
      line("pipeline.go:91", '"peak memory" size="20.00 GiB"');
    expect(parsePeaks(START + QWEN + line("x", words(6000, 100)) + rest(2048))).toEqual([]);
    expect(parsePeaks(START + QWEN + line("x", words(0, 5000)) + rest(9000))[0]).toMatchObject({ readTokens: 0 });
  });

  it("are bounded, and read in a time that grows with the log alone", async () => {
    const one = request(2100, '"20.00 GiB"');
    expect(parsePeaks(START + QWEN + one.repeat(5000)).length).toBe(1000);
    const long = `time=${" ".repeat(3)}${"a=".repeat(500_000)}\n`;
    const log = START + QWEN + long.repeat(5) + one + "x".repeat(5_000_000);
    expect(parsePeaks(log).length).toBe(1);
    expect(await cpuMs(() => parsePeaks(log))).toBeLessThan(2000);
  });

  it("and cuts are read in time, however many runners were started", async () => {
    const starts = Array.from({ length: 40_000 }, (_, index) => load(`qwen:${index}`)).join("");
    const took = await cpuMs(() => {
      expect(parsePeaks(START + starts + request(2100, '"20.00 GiB"'))).toEqual([]);
      expect(parseCuts(START + starts)).toEqual([]);
    });
    expect(took).toBeLessThan(2000);
  });

  it("never throw, whatever the log holds", () => {
    const piece = fc.constantFrom(
      START,
      QWEN,
      stop,
      load("m"),
      request(9000, '"9.00 GiB"'),
      "\n",
      "time=",
      '"',
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 30 })), { maxLength: 30 }), (pieces) => {
        for (const found of parsePeaks(pieces.join(""))) {
          expect(found.readTokens).toBeLessThanOrEqual(found.promptTokens);
          expect(Number.isFinite(found.peakBytes)).toBe(true);
        }
      }),
    );
  });
});
