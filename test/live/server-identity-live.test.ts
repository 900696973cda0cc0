/**
 * Which server answers, told of real ones by the product's own code: OLLAMA_BINARY=/path/to/ollama npx vitest run
 * test/live/server-identity-live.test.ts. The servers run in a folder of their own on ports of their own and are ended
 * with the test.
 *
 * Linux isn't a Mac: lsof lies elsewhere, there is no launchd to own a process, and no app. What is the same is what the
 * code reads: lsof's fields, the listing of ps, parents, children, and the log of Ollama.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { access, mkdtemp, open, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname, networkInterfaces, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { execaRunner } from "../../src/mac/execa-runner";
import { LSOF } from "../../src/mac/listeners";
import { readProcesses } from "../../src/mac/processes";
import type { Runner } from "../../src/mac/runner";
import { createOllamaClient } from "../../src/ollama/client";
import { parseHost } from "../../src/ollama/host";
import { readServerFacts } from "../../src/ollama/server-facts";
import { readIdentityAt, readServerIdentity } from "../../src/ollama/server-identity";
import { readLoggedFacts } from "../../src/ollama/server-log";

const binary = process.env["OLLAMA_BINARY"];

/** What this machine is called, as the product asks it of the system. */
const network = () => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
});

/** As on a Mac, but for the place of lsof. */
const run: Runner = async (file, args, options) => {
  const there = await access(file).then(
    () => true,
    () => false,
  );
  return execaRunner(file === LSOF && !there ? "/usr/bin/lsof" : file, args, options);
};

describe.skipIf(binary === undefined)("a real Ollama server", () => {
  let folder: string;
  const started: ChildProcess[] = [];
  const left = new Set<number>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ollama-live-"));
  });
  afterEach(async () => {
    for (const pid of left) process.kill(pid, "SIGTERM");
    left.clear();
    for (const child of started.splice(0)) child.kill("SIGKILL");
    await sleep(500);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const system = () => ({ run, userId: userInfo().uid, homeFolder: folder, network });

  /** Starts a program in the folder; what it says goes to a file there. */
  async function start(file: string, args: readonly string[], env: Record<string, string>, input?: string) {
    const log = await open(join(folder, "output.log"), "a");
    const child = spawn(file, args, {
      env: { PATH: process.env["PATH"], HOME: folder, OLLAMA_MODELS: join(folder, "models"), ...env },
      stdio: ["pipe", log.fd, log.fd],
    });
    started.push(child);
    child.stdin?.write(input ?? "");
    await log.close();
    return child;
  }

  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Waits until an Ollama answers at a port, and notes the process that listens there, to be ended. */
  async function answering(port: number): Promise<string> {
    const url = `http://127.0.0.1:${port}`;
    const client = createOllamaClient({ url, fetch, timeoutMs: 1_000 });
    for (let tries = 0; ; tries += 1) {
      const version = await client.version().catch(() => undefined);
      if (version !== undefined) break;
      if (tries === 120) throw new Error(`No Ollama answers at ${url}.`);
      await sleep(500);
    }
    const identity = await readIdentityAt(system(), url);
    if ("pid" in identity) left.add(identity.pid);
    console.log(`${url}: ${JSON.stringify(identity)}`);
    return url;
  }

  /** The line of `ps` for a process, and of its parent. */
  async function psOf(pid: number) {
    const lines = await readProcesses({ run });
    const line = lines.find((one) => one.pid === pid);
    return { line, parent: lines.find((one) => one.pid === line?.parentPid) };
  }

  it("that a shell runs is a terminal's", async () => {
    const port = await freePort();
    const shell = await start("bash", ["--norc", "-i"], { OLLAMA_HOST: `127.0.0.1:${port}` }, `${binary} serve\n`);
    const identity = await readIdentityAt(system(), await answering(port));
    expect(identity).toMatchObject({ kind: "terminal", program: "bash" });
    const { line, parent } = await psOf("pid" in identity ? identity.pid : 0);
    expect(line?.command).toBe(`${binary} serve`);
    expect(parent?.pid).toBe(shell.pid);
  });

  it("whose shell is gone is nobody's that could be named, and its settings are those it logs", async () => {
    const port = await freePort();
    const log = join(folder, "detached.log");
    const env = { OLLAMA_HOST: `127.0.0.1:${port}`, OLLAMA_CONTEXT_LENGTH: "8192", LLAMA_ARG_FIT_TARGET: "256" };
    await start("sh", ["-c", `nohup "${binary}" start >"${log}" 2>&1 &`], env);
    const url = await answering(port);
    const identity = await readIdentityAt(system(), url);
    expect(identity).toMatchObject({ kind: "program" });
    expect((await psOf("pid" in identity ? identity.pid : 0)).line?.command).toBe(`${binary} start`);
    const version = await createOllamaClient({ url, fetch }).version();
    await expect
      .poll(async () => (await readLoggedFacts(log, { port, version }))?.tierNumCtx, { timeout: 60_000 })
      .toBeDefined();
    expect(await readLoggedFacts(log, { port, version })).toMatchObject({
      contextLength: { value: 8192 },
      fitTargetMib: { value: 256 },
      modelsFolder: { value: join(folder, "models") },
      parallel: { value: 1 },
    });
    expect(await readLoggedFacts(log, { port: port + 1, version })).toBeUndefined();
    expect(await readLoggedFacts(log, { port, version: "0.0.1" })).toBeUndefined();
  });

  it("is told from a second one on another port, also by an address of the network", async () => {
    const [first, second] = [await freePort(), await freePort()];
    await start("bash", ["--norc", "-i"], { OLLAMA_HOST: `127.0.0.1:${first}` }, `${binary} serve\n`);
    await start("sh", ["-c", `"${binary}" serve &`], { OLLAMA_HOST: `0.0.0.0:${second}` });
    const one = await readIdentityAt(system(), await answering(first));
    const other = await readIdentityAt(system(), await answering(second));
    expect(one).toMatchObject({ kind: "terminal" });
    expect(other).toMatchObject({ kind: "program" });
    expect(other).not.toHaveProperty("pid", "pid" in one ? one.pid : 0);
    const own = network().addresses.find((address) => /^\d/.test(address) && !address.startsWith("127."));
    if (own !== undefined) {
      expect(await readIdentityAt(system(), `http://${own}:${second}`)).toEqual(other);
      expect(await readIdentityAt(system(), `http://${own}:${first}`)).toMatchObject({ kind: "unknown" });
    }
  });

  it("behind a forward isn't the process that listens, and lends it no settings", async () => {
    const [port, forwarded] = [await freePort(), await freePort()];
    await start("bash", ["--norc", "-i"], { OLLAMA_HOST: `127.0.0.1:${port}` }, `${binary} serve\n`);
    await answering(port);
    const forward = `require("net").createServer((c) => c.pipe(require("net").connect(${port}, "127.0.0.1")).pipe(c)).listen(${forwarded}, "127.0.0.1")`;
    const child = await start(process.execPath, ["-e", forward], {});
    const url = await answering(forwarded);
    const host = parseHost(url, network());
    if (host.kind === "invalid" || host.own === undefined) throw new Error("not local");
    const { identity } = await readServerIdentity(system(), host.own);
    expect(identity).toEqual({ kind: "elsewhere", pid: child.pid, carrier: "other", program: "node" });
    const client = createOllamaClient({ url, fetch });
    const facts = await readServerFacts({ system: system(), client, own: host.own });
    expect(facts).toEqual({ version: await client.version(), identity, runners: [] });
  });
});
