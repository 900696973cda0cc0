import { expect, it } from "vitest";
import { counted, type PendingWork } from "./pending";
import type { System } from "../../src/app/system";

function systemOf(parts: Partial<System>): System {
  const base: System = {
    run: async () => ({ exitCode: 0, stdout: "", stderr: "", missing: false, timedOut: false }),
    fetch: async () => new Response(null),
    platform: "darwin",
    arch: "arm64",
    homeFolder: "/Users/someone",
    userId: 501,
    network: () => ({ hostname: "", addresses: [] }),
    env: {},
    now: () => new Date(0),
  };
  return { ...base, ...parts };
}

it("counts a program until it ends, even when it cannot be started", async () => {
  const work: PendingWork = { count: 0 };
  let fail: (reason: Error) => void = () => undefined;
  const system = counted(systemOf({ run: () => new Promise((_, reject) => (fail = reject)) }), work);
  const running = system.run("/bin/x", []);
  expect(work.count).toBe(1);
  fail(new Error("gone"));
  await expect(running).rejects.toThrow("gone");
  expect(work.count).toBe(0);
});

it("counts a request until its headers came, and its body while somebody reads it", async () => {
  const work: PendingWork = { count: 0 };
  let body: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller) });
  const system = counted(systemOf({ fetch: async () => new Response(stream, { status: 201 }) }), work);
  const asked = system.fetch("http://127.0.0.1/api/pull");
  expect(work.count).toBe(1);
  const response = await asked;
  expect([response.status, work.count]).toEqual([201, 0]);
  const text = response.text();
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(work.count).toBe(1);
  body?.enqueue(new TextEncoder().encode("done"));
  body?.close();
  expect(await text).toBe("done");
  expect(work.count).toBe(0);
});

it("passes an abort on to the body", async () => {
  const work: PendingWork = { count: 0 };
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({ cancel: (reason) => void cancelled.push(reason) });
  const system = counted(systemOf({ fetch: async () => new Response(stream) }), work);
  await (await system.fetch("http://127.0.0.1/")).body?.cancel("enough");
  expect(cancelled).toEqual(["enough"]);
});
