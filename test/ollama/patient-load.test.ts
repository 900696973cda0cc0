import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOllamaClient, type ClientOptions } from "../../src/ollama/client";
import type { LoadProgress } from "../../src/ollama/patient-load";
import { OllamaProblem } from "../../src/ollama/problems";
import { withHeadersLimit } from "../stand-ins/headers-limit";
import { sampleModel, type StandInOllama, type StandInOptions, startStandInOllama } from "../stand-ins/ollama";

const NAME = "llama3.1:8b";

let server: StandInOllama;
afterEach(() => server?.close());

async function start(options: StandInOptions, client: Partial<ClientOptions> = {}) {
  server = await startStandInOllama({ models: [sampleModel(NAME)], ...options });
  return createOllamaClient({ url: server.url, fetch, pollMs: 10, ...client });
}

const asked = (route: string) => server.requests.filter((request) => request.route === route).length;

const problemOf = async (work: Promise<unknown>) => {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(problem).toBeInstanceOf(OllamaProblem);
  return problem as OllamaProblem;
};

describe("a load that takes longer than fetch waits for headers", () => {
  it("is asked for again until the model is there", async () => {
    const client = await start({ loadMs: 1_000 }, { fetch: withHeadersLimit(fetch, 60) });
    await client.load(NAME, { numCtx: 8192 });
    expect(server.loaded()).toMatchObject([{ numCtx: 8192 }]);
    expect(server.loaded()[0]).not.toHaveProperty("isLoading");
    expect(asked("generate")).toBeGreaterThan(1);
  });

  it("is over once the list shows it loaded, where every request is given up", async () => {
    const client = await start({}, { fetch: givesUpOn("generate") });
    const loading = client.load(NAME);
    await vi.waitUntil(() => asked("ps") > 2);
    await createOllamaClient({ url: server.url, fetch }).load(NAME);
    await loading;
    expect(server.loaded()).toHaveLength(1);
  });

  it("isn't over while the list shows it loading: its expiry moves", async () => {
    const client = await start({ loadMs: 400 }, { fetch: givesUpOn("generate") });
    const loading = client.load(NAME);
    let isThere = false;
    const other = createOllamaClient({ url: server.url, fetch })
      .load(NAME)
      .then(() => (isThere = true));
    await loading;
    expect(isThere).toBe(true);
    await other;
  });

  it.each([504, 524])("is asked for again where a proxy gives it up with status %d", async (status) => {
    const proxied: typeof fetch = async (input, init) => {
      try {
        return await withHeadersLimit(fetch, 60)(input, init);
      } catch (error) {
        if (init?.signal?.aborted) throw error;
        return new Response("<h1>Gateway Time-out</h1>", { status });
      }
    };
    const client = await start({ loadMs: 300 }, { fetch: proxied });
    await client.load(NAME, { numCtx: 8192 });
    expect(server.loaded()).toMatchObject([{ numCtx: 8192 }]);
    expect(server.loaded()[0]).not.toHaveProperty("isLoading");
    expect(asked("generate")).toBeGreaterThan(1);
  });

  it("isn't given up at all by the fetch for loads, where there is one", async () => {
    const client = await start({ loadMs: 150 }, { fetch: withHeadersLimit(fetch, 60), patientFetch: fetch });
    await client.load(NAME);
    expect(asked("generate")).toBe(1);
  });
});

describe("a load from a slow disk", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** The answer of a server that loads for so many minutes. */
  const loadsFor = (minutes: number): typeof fetch => {
    const answer = () => Response.json({ done: true });
    return () => new Promise((resolve) => setTimeout(() => resolve(answer()), minutes * 60_000));
  };

  it("may take 25 minutes, as 60 GB at 40 MB/s do, but not for ever", async () => {
    const load = (minutes: number) => {
      const client = createOllamaClient({ url: "http://127.0.0.1:1", fetch: loadsFor(minutes) });
      return client.load(NAME).then(
        () => "loaded",
        (error: unknown) => (error as OllamaProblem).message,
      );
    };
    const [slow, slower] = [load(25), load(35)];
    await vi.advanceTimersByTimeAsync(40 * 60_000);
    expect(await slow).toBe("loaded");
    expect(await slower).toBe(`Ollama hasn't loaded ${NAME} within 30 minutes.`);
  });
});

describe("a load under way", () => {
  it("tells what Ollama lists so far and for how long it has been at it", async () => {
    const client = await start({ loadMs: 150, footprint: () => ({ sizeBytes: 9e9, vramBytes: 9e9 }) });
    const seen: LoadProgress[] = [];
    await client.load(NAME, { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toMatchObject({ listed: { name: NAME, sizeBytes: 9e9 } });
    const times = seen.map(({ elapsedMs }) => elapsedMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const wait = () => new Promise((resolve) => setTimeout(resolve, 100));
    // One that was on its way may still arrive.
    await wait();
    const polls = asked("ps");
    await wait();
    expect(asked("ps")).toBe(polls);
  });

  it("doesn't fail with the list that is read beside it", async () => {
    const client = await start({ loadMs: 100 });
    server.fault("ps", { kind: "http500" });
    await client.load(NAME);
    expect(server.loaded()).toHaveLength(1);
  });

  it.each([
    ["fetch", fetch],
    ["a fetch that gives up", givesUpOn("generate")],
  ])("ends in time with %s", async (_, used) => {
    const client = await start({ loadMs: 60_000 }, { fetch: used, loadMs: 120 });
    const { kind, message } = await problemOf(client.load(NAME));
    expect(kind).toBe("timed-out");
    expect(message).toBe(`Ollama hasn't loaded ${NAME} within 0 minutes.`);
  });

  it.each([
    ["fetch", fetch],
    ["a fetch that gives up", givesUpOn("generate")],
  ])("stops at once with %s", async (_, used) => {
    const client = await start({ loadMs: 60_000 }, { fetch: used, pollMs: 60_000 });
    const stop = new AbortController();
    const loading = problemOf(client.load(NAME, { signal: stop.signal }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    stop.abort();
    expect((await loading).kind).toBe("stopped");
  });
});

/** A fetch that waits for no headers of one route at all. */
function givesUpOn(route: string): typeof fetch {
  const silent: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const impatient = withHeadersLimit(silent, 5);
  return (input, init) => (String(input).endsWith(`/${route}`) ? impatient(input, init) : fetch(input, init));
}
