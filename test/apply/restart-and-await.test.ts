import { afterEach, describe, expect, it, vi } from "vitest";
import { type FailedRestart, restartAndAwait, restartFailure } from "../../src/apply/restart-and-await";
import { createOllamaClient } from "../../src/ollama/client";
import { joinOllama } from "../stand-ins/joined";
import { createSampleMac, type StandInMacOptions } from "../stand-ins/mac";
import { type StandInOllama, startStandInOllama } from "../stand-ins/ollama";

const servers: StandInOllama[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A Mac whose server goes down and comes up with its process. */
async function joined(options: Partial<StandInMacOptions> = {}) {
  const server = await startStandInOllama({ models: [] });
  servers.push(server);
  const mac = createSampleMac(options);
  const { fetch } = joinOllama(mac, { server });
  const waits: number[] = [];
  const system = mac.system({ fetch });
  const pause = async (milliseconds: number) => void waits.push(milliseconds);
  const client = createOllamaClient({ url: server.url, fetch, timeoutMs: 200 });
  return { mac, server, client, waits, system: { ...system, pause } };
}

describe("restartAndAwait", () => {
  it.each(["app", "homebrew"] as const)("is done once the %s answers again", async (ollama) => {
    const { client, server, system } = await joined({ ollama });
    const restarts = vi.spyOn(server, "restart");
    expect(await restartAndAwait(system, client, ollama)).toEqual({ kind: "restarted" });
    expect(restarts).toHaveBeenCalledOnce();
  });

  it("waits for a server that does not answer at once", async () => {
    const { client, server, waits, system } = await joined();
    server.fault("version", { kind: "refuse" }, 3);
    expect(await restartAndAwait(system, client, "app")).toEqual({ kind: "restarted" });
    expect(waits.filter((milliseconds) => milliseconds === 500).length).toBeGreaterThanOrEqual(3);
    expect(server.requests.filter(({ route }) => route === "version")).toHaveLength(4);
  });

  it("gives up on a server that never answers, after half a minute of pauses", async () => {
    const { client, server, waits, system } = await joined();
    server.fault("version", { kind: "refuse" });
    expect(await restartAndAwait(system, client, "app")).toEqual({
      kind: "not-back",
      reason: `A new server started, but it doesn't answer. Nothing answers at ${server.url}.`,
    });
    const waited = waits.reduce((sum, milliseconds) => sum + milliseconds, 0);
    expect(waited).toBeGreaterThan(10_000);
    expect(waited).toBeLessThan(40_000);
  });

  it("counts the time that a server which hangs takes to be given up", async () => {
    const { server, system } = await joined();
    const clock = vi.spyOn(performance, "now");
    let asked = 0;
    clock.mockImplementation(() => asked * 10_000);
    const version = () => {
      asked += 1;
      return Promise.reject(new Error(`Ollama at ${server.url} did not answer within 10 s.`));
    };
    expect(await restartAndAwait(system, { version }, "app")).toMatchObject({ kind: "not-back" });
    expect(asked).toBe(3);
  });

  it("does not take another program at that address for Ollama", async () => {
    const { client, server, system } = await joined();
    server.fault("version", { kind: "garbage" });
    expect(await restartAndAwait(system, client, "app")).toMatchObject({
      kind: "not-back",
      reason: expect.stringContaining("isn't Ollama."),
    });
  });

  it("says when no new process comes, without asking for an answer", async () => {
    const { client, server, system } = await joined({ faults: { ollamaStaysDown: true } });
    expect(await restartAndAwait(system, client, "app")).toEqual({
      kind: "not-back",
      reason: "Ollama stopped, but didn't start again.",
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ["terminal", {}, "by-hand"],
    ["remote", {}, "by-hand"],
    ["unknown", {}, "by-hand"],
    ["app", { automationDenied: true }, "not-permitted"],
    ["app", { appsRefuseToQuit: true }, "still-running"],
  ] as const)("passes on what keeps it from restarting: %s, %j", async (origin, faults, kind) => {
    const { client, server, system } = await joined({ faults });
    expect(await restartAndAwait(system, client, origin)).toMatchObject({ kind });
    expect(server.requests).toEqual([]);
  });
});

describe("restartFailure", () => {
  it.each<[FailedRestart, string]>([
    [{ kind: "by-hand", reason: "Do it." }, "Do it."],
    [{ kind: "not-permitted", explanation: "Allow it." }, "Allow it."],
    [{ kind: "still-running" }, "Ollama was asked to quit, but it's still running. Nothing was restarted."],
    [{ kind: "not-back", reason: "It is gone." }, "It is gone."],
    [{ kind: "failed", detail: "no luck" }, "no luck."],
    [{ kind: "failed", detail: "No luck." }, "No luck."],
  ])("is a sentence for %j", (outcome, words) => {
    expect(restartFailure(outcome)).toBe(words);
  });
});
