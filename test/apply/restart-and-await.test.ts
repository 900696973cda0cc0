import { afterEach, describe, expect, it, vi } from "vitest";
import { type FailedRestart, restartAndAwait, restartFailure } from "../../src/apply/restart-and-await";
import { createOllamaClient, type OllamaClient } from "../../src/ollama/client";
import { readServerIdentity } from "../../src/ollama/server-identity";
import { joinOllama } from "../stand-ins/joined";
import { createSampleMac, type StandInMacOptions } from "../stand-ins/mac";
import { type StandInOllama, startStandInOllama } from "../stand-ins/ollama";
import { type Part, says } from "../support/meaning";

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
  const pause = async (milliseconds: number) => {
    waits.push(milliseconds);
    mac.clock.advance(milliseconds);
  };
  const client = createOllamaClient({ url: server.url, fetch, timeoutMs: 200 });
  const { identity } = await readServerIdentity(system, { addresses: ["127.0.0.1"], port: 11434 });
  const restart = (asked: Pick<OllamaClient, "version"> = client) =>
    restartAndAwait({ ...system, pause }, asked, identity, "app");
  return { mac, server, client, waits, restart };
}

describe("restartAndAwait", () => {
  it.each(["app", "homebrew"] as const)("is done once the %s answers again", async (ollama) => {
    const { server, restart } = await joined({ ollama });
    const restarts = vi.spyOn(server, "restart");
    expect(await restart()).toEqual({ kind: "restarted" });
    expect(restarts).toHaveBeenCalledOnce();
  });

  it("waits for a server that does not answer at once", async () => {
    const { server, waits, restart } = await joined();
    server.fault("version", { kind: "refuse" }, 3);
    expect(await restart()).toEqual({ kind: "restarted" });
    expect(waits.filter((milliseconds) => milliseconds === 500).length).toBeGreaterThanOrEqual(3);
    expect(server.requests.filter(({ route }) => route === "version")).toHaveLength(4);
  });

  it("gives up on a server that never answers, after half a minute of pauses", async () => {
    const { server, waits, restart } = await joined();
    server.fault("version", { kind: "refuse" });
    const outcome = await restart();
    if (outcome.kind !== "not-back") throw new Error(outcome.kind);
    says(outcome.reason, "new server started", "doesn't answer", server.url);
    const waited = waits.reduce((sum, milliseconds) => sum + milliseconds, 0);
    expect(waited).toBeGreaterThan(10_000);
    expect(waited).toBeLessThan(40_000);
  });

  it("counts the time that a server which hangs takes to be given up", async () => {
    const { server, restart } = await joined();
    const clock = vi.spyOn(performance, "now");
    let asked = 0;
    clock.mockImplementation(() => asked * 10_000);
    const version = () => {
      asked += 1;
      return Promise.reject(new Error(`Ollama at ${server.url} did not answer within 10 s.`));
    };
    expect(await restart({ version })).toMatchObject({ kind: "not-back" });
    expect(asked).toBe(3);
  });

  it("does not take another program at that address for Ollama", async () => {
    const { server, restart } = await joined();
    server.fault("version", { kind: "garbage" });
    expect(await restart()).toMatchObject({
      kind: "not-back",
      reason: expect.stringContaining("isn't Ollama."),
    });
  });

  it("says when no new process comes, without asking for an answer", async () => {
    const { server, restart } = await joined({ faults: { ollamaStaysDown: true } });
    const outcome = await restart();
    if (outcome.kind !== "not-back") throw new Error(outcome.kind);
    says(outcome.reason, "Ollama stopped", "didn't start again");
    expect(server.requests).toEqual([]);
  });

  it.each([
    [{ ollama: "terminal" }, "by-hand"],
    [{ ollama: "none" }, "by-hand"],
    [{ ollamaEndSeconds: 41 }, "still-running"],
  ] as const)("passes on what keeps it from restarting: %j", async (options, kind) => {
    const { server, restart } = await joined(options);
    expect(await restart()).toMatchObject({ kind });
    expect(server.requests).toEqual([]);
  });
});

describe("restartFailure", () => {
  it.each<[FailedRestart, ...Part[]]>([
    [{ kind: "by-hand", reason: "Do it." }, "Do it."],
    [{ kind: "still-running" }, "still running after 40 seconds", "Nothing was restarted"],
    [{ kind: "not-back", reason: "It is gone." }, "It is gone."],
    [{ kind: "failed", detail: "no luck" }, "no luck."],
    [{ kind: "failed", detail: "No luck." }, "No luck."],
  ])("is a sentence for %j", (outcome, ...parts) => {
    const text = restartFailure(outcome);
    says(text, ...parts);
    expect(text).toMatch(/[^.]\.$/);
  });
});
