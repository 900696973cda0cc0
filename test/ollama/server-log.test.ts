import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIB, MIB } from "../../src/fit/units";
import { parseServerLog, readLoggedAddress, readLoggedFacts, conversionsIn } from "../../src/ollama/server-log";
import { cpuMs } from "../support/cpu-time";

const stamp = "time=2026-11-24T09:00:01.123+01:00 level=INFO source=routes.go:1951";
const config = (env: string) => `${stamp} msg="server config" env="map[${env}]"\n`;
const on = (address = "127.0.0.1:11434", version = "0.33.0") =>
  `${stamp} msg="Listening on ${address} (version ${version})"\n`;
const compute = (total: string, library = "Metal") =>
  `${stamp} msg="inference compute" id=0 filter_id="" library=${library} compute=0.0 name=${library} ` +
  `description="Apple M4 Pro" libdirs=ollama driver=0.0 pci_id="" type=iGPU total="${total}" available="${total}"\n`;
const tier = (numCtx: number, total = "51.8 GiB") =>
  `${stamp} msg="vram-based default context" total_vram="${total}" default_num_ctx=${numCtx}\n`;
const ENV =
  "HTTPS_PROXY: LLAMA_ARG_FIT: OLLAMA_CONTEXT_LENGTH:0 OLLAMA_FLASH_ATTENTION:false OLLAMA_GPU_OVERHEAD:0 " +
  "OLLAMA_HOST:http://127.0.0.1:11434 OLLAMA_KV_CACHE_TYPE: OLLAMA_MAX_LOADED_MODELS:0 " +
  "OLLAMA_MODELS:/Users/sam/.ollama/models OLLAMA_NUM_PARALLEL:1 " +
  "OLLAMA_ORIGINS:[http://localhost https://localhost http://localhost:* app://*] http_proxy: no_proxy:";
const SERVER = { port: 11434, version: "0.33.0" };
const logged = <T>(value: T) => ({ value, source: "server log" });
const parse = (log: string) => parseServerLog(log, SERVER);

describe("the last start of a log", () => {
  it("tells the settings, the GPU and the tier", () => {
    expect(parse(config(ENV) + on() + compute("51.8 GiB") + tier(262_144))).toEqual({
      contextLength: logged(0),
      kvCacheType: logged(""),
      parallel: logged(1),
      gpuOverheadBytes: logged(0),
      modelsFolder: logged("/Users/sam/.ollama/models"),
      gpu: logged("metal"),
      startupTotalBytes: logged(51.8 * GIB),
      tierNumCtx: logged(262_144),
    });
  });

  it("tells what is set", () => {
    const set = ENV.replace("CONTEXT_LENGTH:0", "CONTEXT_LENGTH:16384")
      .replace("ATTENTION:false", "ATTENTION:true")
      .replace("OVERHEAD:0", "OVERHEAD:1073741824")
      .replace("CACHE_TYPE:", "CACHE_TYPE:q8_0")
      .replace("LOADED_MODELS:0", "LOADED_MODELS:1")
      .replace("ARG_FIT:", "ARG_FIT:off LLAMA_ARG_FIT_TARGET:128")
      .replace("/Users/sam/.ollama/models", "/Volumes/My Disk/models")
      .replace("PARALLEL:1", "PARALLEL:4");
    expect(parse(config(set) + on())).toEqual({
      contextLength: logged(16_384),
      kvCacheType: logged("q8_0"),
      parallel: logged(4),
      flashAttention: logged("on"),
      gpuOverheadBytes: logged(GIB),
      maxLoadedModels: logged(1),
      fit: logged("off"),
      fitTargetMib: logged(128),
      modelsFolder: logged("/Volumes/My Disk/models"),
    });
  });

  it("doesn't take an unset flash attention for one that is off", () => {
    expect(parse(config(ENV) + on())).not.toHaveProperty("flashAttention");
  });

  it("counts alone, whatever earlier ones said", () => {
    const earlier =
      config(ENV.replace("CONTEXT_LENGTH:0", "CONTEXT_LENGTH:999")) + on() + compute("20.0 GiB") + tier(4096);
    expect(parse(earlier + config(ENV) + on() + compute("24.0 GiB") + tier(32_768))).toMatchObject({
      contextLength: logged(0),
      startupTotalBytes: logged(24 * GIB),
      tierNumCtx: logged(32_768),
    });
    const restarted = parse(earlier + config(ENV) + on());
    expect(restarted).not.toHaveProperty("startupTotalBytes");
    expect(restarted).not.toHaveProperty("tierNumCtx");
    // It has begun, but doesn't listen yet.
    expect(parse(earlier + config(ENV))).toBeUndefined();
  });

  it("is another server's where the port or the version differ", () => {
    expect(parse(config(ENV) + on("127.0.0.1:11435"))).toBeUndefined();
    expect(parse(config(ENV) + on("127.0.0.1:1434"))).toBeUndefined();
    expect(parse(config(ENV) + on("127.0.0.1:11434", "0.32.1"))).toBeUndefined();
    expect(parse(config(ENV) + on("[::]:11434"))).toBeDefined();
    expect(parseServerLog(config(ENV) + on("127.0.0.1:11434", "0.32.1"), { port: 11434 })).toBeDefined();
  });

  it("reads MiB, and no total of another device than Metal", () => {
    expect(parse(config(ENV) + on() + compute("5461.3 MiB"))?.startupTotalBytes).toEqual(logged(5461.3 * MIB));
    expect(parse(config(ENV) + on() + compute("64.0 GiB", "cpu"))?.startupTotalBytes).toBeUndefined();
    expect(parse(config(ENV) + on() + compute("64.0 GiB", "cpu") + compute("48.0 GiB"))).toMatchObject({
      startupTotalBytes: logged(48 * GIB),
      gpu: logged("metal"),
    });
  });

  it("says that no GPU was found, by the device or by the total", () => {
    expect(parse(config(ENV) + on() + compute("64.0 GiB", "cpu"))?.gpu).toEqual(logged("none"));
    expect(parse(config(ENV) + on() + tier(4096, "0 B"))?.gpu).toEqual(logged("none"));
    expect(parse(config(ENV) + on())?.gpu).toBeUndefined();
  });

  it("is read in the form of Ollama 0.5 as well", () => {
    const log =
      '2025/03/21 19:47:08 routes.go:1230: INFO server config env="map[HTTPS_PROXY: OLLAMA_CONTEXT_LENGTH:2048 ' +
      "OLLAMA_FLASH_ATTENTION:true OLLAMA_KV_CACHE_TYPE:q8_0 OLLAMA_MODELS:/Users/sam/.ollama/models " +
      'OLLAMA_NUM_PARALLEL:0 OLLAMA_ORIGINS:[http://localhost file://*] no_proxy:]"\n' +
      `${stamp} msg="Listening on 127.0.0.1:11434 (version 0.5.7)"\n` +
      `${stamp} msg="inference compute" id=0 library=metal variant="" compute="" driver=0.0 name="" total="21.3 GiB" available="21.3 GiB"\n`;
    expect(parseServerLog(log, { port: 11434, version: "0.5.7" })).toMatchObject({
      contextLength: logged(2048),
      kvCacheType: logged("q8_0"),
      flashAttention: logged("on"),
      startupTotalBytes: logged(21.3 * GIB),
    });
  });

  it("isn't begun by a line that only quotes one", () => {
    const quoted = `[GIN] 2026/11/24 - 09:00:02 | 404 | 1ms | GET "/${config("OLLAMA_CONTEXT_LENGTH:7").trim()}"\n`;
    expect(parse(config(ENV) + on() + quoted)?.contextLength).toEqual(logged(0));
  });

  it.each([
    ["serverlog-0.18.0-m4pro", { version: "0.18.0", startupTotalBytes: 37.4 * GIB, tierNumCtx: 32_768 }],
    ["serverlog-0.33.0-m2", { version: "0.33.0", startupTotalBytes: 5.3 * GIB, tierNumCtx: 4096 }],
    ["serverlog-cpu-fallback", { version: "0.33.2", gpu: "none", tierNumCtx: 4096 }],
  ])("of a real server, %s, gives its figures", async (name, { version, ...figures }) => {
    const log = await readFile(join("test", "fixtures", "mac", `${name}.txt`), "utf8");
    expect(parseServerLog(log, { port: 11434, version })).toMatchObject(
      Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, logged(value)])),
    );
  });

  it("cut short or of junk never crashes and never makes up a number", () => {
    const whole = config(ENV) + on() + compute("51.8 GiB") + tier(262_144);
    for (let end = 0; end <= whole.length; end += 1) {
      expect([undefined, 51.8 * GIB]).toContain(parse(whole.slice(0, end))?.startupTotalBytes?.value);
    }
    const words = fc.constantFrom(
      "msg=",
      '"server config"',
      "env=",
      '"map[',
      "OLLAMA_NUM_PARALLEL:",
      " ",
      "]",
      '"',
      "7",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 60 }), (parts) => {
        const { parallel } = parse(`${config(`OLLAMA_NUM_PARALLEL:2 ${parts.join("")}`)}${on()}`) ?? {};
        if (parallel !== undefined) expect(parallel.value).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['msg="inference compute" library=Metal ', 3_000],
    ["OLLAMA_X:1 ", 5_000],
    [`${stamp} msg="Listening on `, 3_000],
    ['a="\\', 20_000],
  ])("takes time in proportion to a line that repeats %j", async (text, times) => {
    const hostile = `${stamp} ${text.repeat(times)}`.slice(0, 64 * 1024 - 1);
    const log = `${config(text.repeat(times).slice(0, 60_000))}${hostile}\n${hostile}\n${on()}`;
    expect(await cpuMs(() => parse(log))).toBeLessThan(500);
  });
});

describe("a log that grows from start to start", () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "logs-"));
    path = join(folder, "server.log");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const start = (numCtx: number) => config(`OLLAMA_CONTEXT_LENGTH:${numCtx} http_proxy:`) + on();
  const NOISE = "llama_model_loader: - tensor, server config\n".repeat(40_000);
  async function contextFrom(text: string): Promise<number | undefined> {
    await writeFile(path, text);
    return (await readLoggedFacts(path, SERVER))?.contextLength?.value;
  }

  it("counts from its last start on, however much follows", async () => {
    expect(await contextFrom(start(1) + NOISE + start(2) + NOISE + NOISE)).toBe(2);
    expect(await contextFrom(start(3))).toBe(3);
  });

  it("is searched across the borders of what is read at once", async () => {
    const block = 1024 * 1024;
    const head = config("").indexOf("server config");
    for (const shift of [-head - 1, -head, -12, -5, -1, 0, 1, 20]) {
      const behind = "x".repeat(block - start(4).length + head + shift);
      expect(await contextFrom(`${NOISE}${start(4)}${behind}`)).toBe(4);
    }
  });

  it("tells nothing without a start, and where it is a folder or not there", async () => {
    expect(await contextFrom(NOISE)).toBeUndefined();
    expect(await contextFrom("")).toBeUndefined();
    await mkdir(join(folder, "folder.log"));
    expect(await readLoggedFacts(join(folder, "folder.log"), SERVER)).toBeUndefined();
    expect(await readLoggedFacts(join(folder, "none.log"), SERVER)).toBeUndefined();
  });

  it("is searched in time, whatever long line it ends with", async () => {
    await writeFile(path, start(5) + "server config ".repeat(40_000));
    const took = await cpuMs(async () => {
      expect((await readLoggedFacts(path, SERVER))?.contextLength?.value).toBe(5);
    });
    expect(took).toBeLessThan(1000);
  });

  it("isn't begun in the middle of a line", async () => {
    const middle = config("OLLAMA_CONTEXT_LENGTH:7 http_proxy:").trimEnd();
    // The mark again, as far behind as its line's begin is looked for.
    const line = `${middle.padEnd(512)}server config\n${on()}`;
    expect(await contextFrom(`${start(6)}x${line}`)).toBe(6);
    // Such a start says nothing, but it is one.
    expect(await contextFrom(start(6) + line)).toBeUndefined();
  });

  it("says where its last start listened", async () => {
    await writeFile(path, config("") + on() + config("") + on("127.0.0.1:11500"));
    expect(await readLoggedAddress(path)).toBe("127.0.0.1:11500");
    expect(await readLoggedAddress(join(folder, "none.log"))).toBeUndefined();
  });
});

describe("conversions of old files", () => {
  const line = (rest: string) => `time=2026-11-24T09:59:01.1+01:00 level=INFO source=migrate.go:383 ${rest}\n`;
  const begin = (model: string) => line(`msg="starting local compat GGUF migration" model=${model} required_bytes=9`);
  const START = line('msg="server config" env="map[OLLAMA_HOST:]"');

  it.each([
    ["completed local compat GGUF migration", "duration=1s"],
    ["local compatibility migration completed", ""],
    ["local compatibility migration failed", 'error="no space"'],
    ["skipping local compatibility migration", "reason=x"],
    ["discarding local compatibility migration; model changed during conversion", ""],
  ])("are under way until %s", (end, rest) => {
    expect(conversionsIn(begin("a:1") + begin("b:1"))).toEqual(["a:1", "b:1"]);
    expect(conversionsIn(begin("a:1") + begin("b:1") + line(`msg="${end}" model=a:1 ${rest}`))).toEqual(["b:1"]);
  });

  it("end with the server, and aren't made up by other lines", () => {
    expect(conversionsIn(begin("a:1") + START)).toEqual([]);
    expect(conversionsIn(`${begin("a:1").slice(5)}${begin("../x")}`)).toEqual([]);
  });
});
