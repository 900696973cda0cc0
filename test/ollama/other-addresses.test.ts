import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findOtherAddress } from "../../src/ollama/other-addresses";
import { createSampleMac, type StandInMacOptions } from "../stand-ins/mac";

const ASKED = "http://127.0.0.1:11434";

/** A Mac on which Ollama answers at some URLs. */
async function found(answers: readonly string[], options: Partial<StandInMacOptions> = {}, log?: string) {
  const homeFolder = await mkdtemp(join(tmpdir(), "home-"));
  onTestFinished(() => rm(homeFolder, { recursive: true, force: true }));
  if (log !== undefined) {
    await mkdir(join(homeFolder, ".ollama", "logs"), { recursive: true });
    await writeFile(join(homeFolder, ".ollama", "logs", "server.log"), log);
  }
  const mac = createSampleMac({ ollama: "none", ...options });
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    const url = String(input instanceof Request ? input.url : input);
    asked.push(url);
    if (answers.some((base) => url === `${base}/api/version`)) return Response.json({ version: "0.33.0" });
    throw new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
  };
  return { url: await findOtherAddress(mac.system({ homeFolder, fetch }), ASKED), asked };
}

describe("another address of Ollama", () => {
  const other = "http://127.0.0.1:11500";

  it("is where the session says, if it answers there", async () => {
    const launchctlEnv = { OLLAMA_HOST: "127.0.0.1:11500" };
    expect((await found([other], { launchctlEnv })).url).toBe(other);
    expect((await found([], { launchctlEnv })).url).toBeUndefined();
  });

  it("is where a server listens, wherever that comes from", async () => {
    const options = { ollama: "terminal", ollamaAddress: "127.0.0.1:11500" } as const;
    expect((await found([other], options)).url).toBe(other);
    expect((await found([other], { ...options, ollamaAddress: "*:11500" })).url).toBe(other);
  });

  it("is where the app's log says", async () => {
    const stamp = "time=2026-11-24T09:00:01.123+01:00 level=INFO source=routes.go:1951";
    const log = `${stamp} msg="server config" env="map[]"\n${stamp} msg="Listening on 127.0.0.1:11500 (version 0.33.0)"\n`;
    expect((await found([other], {}, log)).url).toBe(other);
  });

  it("is never the one that was asked, nor another machine", async () => {
    expect(await found([ASKED], { launchctlEnv: { OLLAMA_HOST: "localhost" } })).toEqual({
      url: undefined,
      asked: ["http://localhost:11434/api/version"],
    });
    expect((await found([ASKED], { launchctlEnv: { OLLAMA_HOST: "127.0.0.1" } })).asked).toEqual([]);
    expect((await found([], { launchctlEnv: { OLLAMA_HOST: "studio.local" } })).asked).toEqual([]);
  });
});
