import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIB, MIB } from "../../src/fit/units";
import type { OllamaClient } from "../../src/ollama/client";
import { OllamaProblem } from "../../src/ollama/problems";
import { parseServerLog, readServerFacts, type ServerFactsInput } from "../../src/ollama/server-facts";

const stamp = "time=2026-11-24T09:00:01.123+01:00 level=INFO source=routes.go:1951";
const config = (env: string) => `${stamp} msg="server config" env="map[${env}]"\n`;
const compute = (total: string, library = "Metal") =>
  `${stamp} msg="inference compute" id=0 filter_id="" library=${library} compute=0.0 name=${library} ` +
  `description="Apple M4 Pro" libdirs=ollama driver=0.0 pci_id="" type=iGPU total="${total}" available="${total}"\n`;
const tier = (numCtx: number) =>
  `${stamp} msg="vram-based default context" total_vram="51.8 GiB" default_num_ctx=${numCtx}\n`;
const ENV =
  "HTTPS_PROXY: LLAMA_ARG_FIT: OLLAMA_CONTEXT_LENGTH:0 OLLAMA_FLASH_ATTENTION:false OLLAMA_GPU_OVERHEAD:0 " +
  "OLLAMA_HOST:http://127.0.0.1:11434 OLLAMA_KV_CACHE_TYPE: OLLAMA_NUM_PARALLEL:1 " +
  "OLLAMA_ORIGINS:[http://localhost https://localhost http://localhost:* app://*] http_proxy: no_proxy:";

const logged = <T>(value: T) => ({ value, source: "server log" });

describe("a server log", () => {
  it("tells the settings, the GPU and the tier of a start", () => {
    expect(parseServerLog(config(ENV) + compute("51.8 GiB") + tier(262_144))).toEqual({
      contextLength: logged(0),
      kvCacheType: logged(""),
      parallel: logged(1),
      gpuOverheadBytes: logged(0),
      startupTotalBytes: logged(51.8 * GIB),
      tierNumCtx: logged(262_144),
    });
  });

  it("tells what is set", () => {
    const set = ENV.replace("CONTEXT_LENGTH:0", "CONTEXT_LENGTH:16384")
      .replace("ATTENTION:false", "ATTENTION:true")
      .replace("OVERHEAD:0", "OVERHEAD:1073741824")
      .replace("CACHE_TYPE:", "CACHE_TYPE:q8_0")
      .replace("PARALLEL:1", "PARALLEL:4");
    expect(parseServerLog(config(set))).toEqual({
      contextLength: logged(16_384),
      kvCacheType: logged("q8_0"),
      parallel: logged(4),
      flashAttention: logged("on"),
      gpuOverheadBytes: logged(GIB),
    });
  });

  it("does not take an unset flash attention for one that is off", () => {
    expect(parseServerLog(config(ENV))).not.toHaveProperty("flashAttention");
  });

  it("counts from its last start on", () => {
    const earlier = config(ENV.replace("CONTEXT_LENGTH:0", "CONTEXT_LENGTH:999")) + compute("20.0 GiB") + tier(4096);
    expect(parseServerLog(earlier + config(ENV) + compute("24.0 GiB") + tier(32_768))).toMatchObject({
      contextLength: logged(0),
      startupTotalBytes: logged(24 * GIB),
      tierNumCtx: logged(32_768),
    });
    const restarted = parseServerLog(earlier + config(ENV));
    expect(restarted).not.toHaveProperty("startupTotalBytes");
    expect(restarted).not.toHaveProperty("tierNumCtx");
  });

  it("reads MiB, and no other device than Metal", () => {
    expect(parseServerLog(compute("5461.3 MiB")).startupTotalBytes).toEqual(logged(5461.3 * MIB));
    expect(parseServerLog(compute("64.0 GiB", "cpu"))).toEqual({});
    expect(parseServerLog(compute("64.0 GiB", "cpu") + compute("48.0 GiB")).startupTotalBytes).toEqual(
      logged(48 * GIB),
    );
  });

  it.each([
    "",
    "\n",
    "msg=",
    config(""),
    config("OLLAMA_CONTEXT_LENGTH:-1 OLLAMA_NUM_PARALLEL:0 OLLAMA_GPU_OVERHEAD:1e9"),
  ])("tells nothing where it holds nothing usable: %j", (log) => expect(parseServerLog(log)).toEqual({}));

  it("cut short or of junk never crashes and never makes up a number", () => {
    const whole = config(ENV) + compute("51.8 GiB") + tier(262_144);
    for (let end = 0; end <= whole.length; end += 1) {
      const facts = parseServerLog(whole.slice(0, end));
      expect([undefined, 51.8 * GIB]).toContain(facts.startupTotalBytes?.value);
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
      "\n",
      "7",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 60 }), (parts) => {
        const { parallel } = parseServerLog(parts.join(""));
        if (parallel !== undefined) expect(parallel.value).toBeGreaterThan(0);
      }),
    );
  });
});

describe("the facts of a server", () => {
  let homeFolder: string;
  beforeAll(async () => {
    homeFolder = await mkdtemp(join(tmpdir(), "home-"));
    await mkdir(join(homeFolder, ".ollama", "logs"), { recursive: true });
  });
  afterAll(() => rm(homeFolder, { recursive: true, force: true }));

  const writeLog = (text: string) => writeFile(join(homeFolder, ".ollama", "logs", "server.log"), text);
  const clientOf = (version: () => Promise<string | undefined>) =>
    ({ version }) as Partial<OllamaClient> as OllamaClient;
  const read = (changes: Partial<ServerFactsInput> = {}) =>
    readServerFacts({
      client: clientOf(() => Promise.resolve("0.33.0")),
      isLocal: true,
      origin: "app",
      homeFolder,
      runners: [],
      launchctlEnv: () => Promise.resolve(undefined),
      ...changes,
    });
  const session = (values: Record<string, string>) => (name: string) => Promise.resolve(values[name]);

  it("come from the app's log", async () => {
    await writeLog(config(ENV) + tier(32_768));
    expect(await read()).toMatchObject({ version: "0.33.0", origin: "app", tierNumCtx: logged(32_768) });
  });

  it("come from the log's head even where it is very long", async () => {
    await writeLog(config(ENV) + tier(32_768) + "x".repeat(3 * 1024 * 1024));
    expect(await read()).toMatchObject({ contextLength: logged(0), tierNumCtx: logged(32_768) });
  });

  it("of another kind of server never come from the app's log", async () => {
    await writeLog(config(ENV) + tier(32_768));
    for (const origin of ["terminal", "unknown"] as const) {
      expect(await read({ origin })).toEqual({ version: "0.33.0", origin, runners: [] });
    }
  });

  it("of a remote server are its version and nothing else", async () => {
    const launchctlEnv = session({ OLLAMA_NUM_PARALLEL: "4" });
    const runners = [{ pid: 1, parallel: 4 }];
    expect(await read({ isLocal: false, launchctlEnv, runners })).toEqual({
      version: "0.33.0",
      origin: "remote",
      runners: [],
    });
  });

  it("lack the version where the server does not tell it", async () => {
    const client = clientOf(() => Promise.reject(new OllamaProblem("timed-out", "No answer.")));
    expect(await read({ client, origin: "terminal" })).not.toHaveProperty("version");
  });

  it("come from launchctl where there is no log, said to be likely only", async () => {
    const launchctlEnv = session({
      OLLAMA_CONTEXT_LENGTH: "8192",
      OLLAMA_KV_CACHE_TYPE: "q8_0",
      OLLAMA_NUM_PARALLEL: "2",
      OLLAMA_FLASH_ATTENTION: "0",
      LLAMA_ARG_FIT_TARGET: "2048",
    });
    const facts = await read({ origin: "terminal", launchctlEnv });
    const source = expect.stringContaining("launchctl");
    expect(facts).toMatchObject({
      contextLength: { value: 8192, source },
      kvCacheType: { value: "q8_0", source },
      parallel: { value: 2, source },
      flashAttention: { value: "off", source },
      fitTargetMib: { value: 2048, source },
    });
  });

  it("take the margin from launchctl beside a log, which does not tell it", async () => {
    await writeLog(config(ENV));
    const launchctlEnv = session({ LLAMA_ARG_FIT_TARGET: "4096", OLLAMA_NUM_PARALLEL: "8" });
    expect(await read({ launchctlEnv })).toMatchObject({
      fitTargetMib: { value: 4096, source: expect.stringContaining("launchctl") },
      parallel: logged(1),
    });
  });

  it("ignore words that are no numbers", async () => {
    const launchctlEnv = session({ OLLAMA_CONTEXT_LENGTH: "8k", OLLAMA_NUM_PARALLEL: "-1", LLAMA_ARG_FIT_TARGET: "" });
    expect(await read({ origin: "terminal", launchctlEnv })).toEqual({
      version: "0.33.0",
      origin: "terminal",
      runners: [],
    });
  });

  it("come from the command line of a running model before launchctl", async () => {
    const runners = [{ pid: 1, kvCacheType: "q4_0", parallel: 4, flashAttention: "on" as const }];
    const launchctlEnv = session({ OLLAMA_KV_CACHE_TYPE: "q8_0", OLLAMA_NUM_PARALLEL: "2" });
    expect(await read({ origin: "terminal", runners, launchctlEnv })).toMatchObject({
      kvCacheType: { value: "q4_0", source: "command line of the running model" },
      parallel: { value: 4 },
      flashAttention: { value: "on" },
      runners,
    });
  });
});
