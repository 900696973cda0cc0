import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GIB } from "../../src/fit/units";
import { createOllamaClient } from "../../src/ollama/client";
import { readServerFacts } from "../../src/ollama/server-facts";
import { parseServerLog, readStartLog } from "../../src/ollama/server-log";
import { startStandInOllama } from "../stand-ins/ollama";

const start = (numCtx: number, version = "0.33.0") =>
  `msg="server config" env="map[LLAMA_ARG_FIT_TARGET:2048 OLLAMA_CONTEXT_LENGTH:${numCtx} http_proxy:]"\n` +
  `msg="Listening on 127.0.0.1:11434 (version ${version})"\n`;
const NOISE = "llama_model_loader: - tensor\n".repeat(50_000);

let home: string;
const logs = () => [join(home, "none.log"), join(home, "brew.log")];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "logs-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function contextFrom(text: string, version?: string): Promise<number | undefined> {
  await writeFile(join(home, "brew.log"), text);
  const log = await readStartLog("homebrew", home, logs());
  return log === undefined ? undefined : parseServerLog(log, version).contextLength?.value;
}

describe("a log that grows from start to start", () => {
  it("counts from its last start on, however much follows", async () => {
    expect(await contextFrom(start(1) + NOISE + start(2) + NOISE + NOISE)).toBe(2);
    expect(await contextFrom(start(3))).toBe(3);
  });

  it("is searched across the borders of what is read at once", async () => {
    const block = 1024 * 1024;
    for (const shift of [-12, -5, -1, 0, 1, 20]) {
      const behind = "x".repeat(block - start(4).length + 20 + shift);
      expect(await contextFrom(`${NOISE}${start(4)}${behind}`)).toBe(4);
    }
  });

  it("tells nothing without a start", async () => {
    expect(await contextFrom(NOISE)).toBeUndefined();
    expect(await contextFrom("")).toBeUndefined();
  });

  it("of another version is not of the server that answers", async () => {
    expect(await contextFrom(start(5, "0.32.1"), "0.33.0")).toBeUndefined();
    expect(await contextFrom(start(5, "0.33.0"), "0.33.0")).toBe(5);
  });
});

it("a folder in the place of the log is no log", async () => {
  await mkdir(join(home, ".ollama", "logs", "server.log"), { recursive: true });
  expect(await readStartLog("app", home)).toBeUndefined();
  await rm(dirname(join(home, ".ollama", "logs", "server.log")), { recursive: true });
});

it("the start of a server is told by its log, not by what launchctl would set next", async () => {
  const env = { OLLAMA_CONTEXT_LENGTH: "16384", LLAMA_ARG_FIT_TARGET: "512", OLLAMA_KV_CACHE_TYPE: "q8_0" };
  const server = await startStandInOllama({ models: [], homeFolder: home, env, totalVramBytes: 24 * GIB });
  const facts = await readServerFacts({
    client: createOllamaClient({ url: server.url, fetch }),
    isLocal: true,
    origin: "app",
    homeFolder: home,
    runners: [{ pid: 7, parallel: 1, flashAttention: "auto" }],
    launchctlEnv: () => Promise.resolve("4"),
  });
  await server.close();
  const logged = <T>(value: T) => ({ value, source: "server log" });
  expect(facts).toEqual({
    version: "0.33.0",
    origin: "app",
    contextLength: logged(16384),
    kvCacheType: logged("q8_0"),
    parallel: logged(1),
    flashAttention: { value: "auto", source: "command line of the running model" },
    gpuOverheadBytes: logged(0),
    fitTargetMib: logged(512),
    startupTotalBytes: logged(24 * GIB),
    tierNumCtx: logged(32768),
    runners: [{ pid: 7, parallel: 1, flashAttention: "auto" }],
  });
});
