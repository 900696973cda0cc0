import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Runner, RunResult } from "../../src/mac/runner";
import { parseProcesses } from "../../src/mac/processes";
import { OllamaProblem } from "../../src/ollama/problems";
import { readServerFacts, runnersOf } from "../../src/ollama/server-facts";

const OWN = { addresses: ["127.0.0.1"], port: 11434 };
const logged = <T>(value: T) => ({ value, source: "server log" });
const APP = "/Applications/Ollama.app";
const APP_PS = `  640     1 ${APP}/Contents/MacOS/Ollama hidden\n  655   640 ${APP}/Contents/Resources/ollama serve\n`;
const TERMINAL_PS = "  640     1 -zsh\n  655   640 ollama serve\n";
const AGENT_PS = "  655     1 /usr/local/bin/ollama serve\n";
const JOB = "655\t0\tcom.sam.ollama\n";

interface Staged {
  readonly ps?: string;
  /** Lines of `launchctl list`, and what it prints of the job found there. */
  readonly session?: string;
  readonly job?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly version?: () => Promise<string | undefined>;
}

describe("the facts of a server", () => {
  let homeFolder: string;
  let appLog: string;
  beforeAll(async () => {
    homeFolder = await mkdtemp(join(tmpdir(), "home-"));
    appLog = join(homeFolder, ".ollama", "logs", "server.log");
    await mkdir(dirname(appLog), { recursive: true });
  });
  beforeEach(() => rm(appLog, { force: true }));
  afterAll(() => rm(homeFolder, { recursive: true, force: true }));

  function log(variables = "", address = "127.0.0.1:11434", version = "0.33.0"): string {
    const stamp = "time=2026-11-24T09:00:01.123+01:00 level=INFO source=routes.go:1951";
    return `${stamp} msg="server config" env="map[OLLAMA_FLASH_ATTENTION:false ${variables} no_proxy:]"\n${stamp} msg="Listening on ${address} (version ${version})"\n`;
  }

  async function read({ ps = APP_PS, session = "", job = "", env = {}, version }: Staged = {}, isOwn = true) {
    const calls: string[] = [];
    const run: Runner = async (file, args): Promise<RunResult> => {
      const line = [file, ...args].join(" ");
      calls.push(line);
      const stdout = line.startsWith("/usr/sbin/lsof")
        ? "p655\ncollama\nf3\nn127.0.0.1:11434\n"
        : line.startsWith("/bin/ps")
          ? `    1     0 /sbin/launchd\n${ps}`
          : line === "/bin/launchctl list"
            ? session
            : line === "/bin/launchctl print gui/501/com.sam.ollama"
              ? job
              : line.startsWith("/bin/launchctl getenv ")
                ? (env[args[1] ?? ""] ?? "")
                : "";
      return { exitCode: 0, stdout, stderr: "", missing: false, timedOut: false };
    };
    const client = { version: version ?? (() => Promise.resolve("0.33.0")) };
    const facts = await readServerFacts({
      system: { run, userId: 501, homeFolder },
      client,
      own: isOwn ? OWN : undefined,
    });
    return { facts, calls };
  }

  it("come from the app's log, for what was meant by it is the server that listens", async () => {
    await writeFile(appLog, log("OLLAMA_CONTEXT_LENGTH:8192"));
    expect((await read()).facts).toMatchObject({
      version: "0.33.0",
      identity: { kind: "app", appPath: APP },
      contextLength: logged(8192),
    });
  });

  it.each([
    ["another port", log("OLLAMA_CONTEXT_LENGTH:8192", "127.0.0.1:11435")],
    ["another version", log("OLLAMA_CONTEXT_LENGTH:8192", "127.0.0.1:11434", "0.32.0")],
  ])("never come from a log of %s", async (_, text) => {
    await writeFile(appLog, text);
    expect((await read()).facts).not.toHaveProperty("contextLength");
  });

  it("of a terminal never come from the app's log", async () => {
    await writeFile(appLog, log("OLLAMA_CONTEXT_LENGTH:8192"));
    expect((await read({ ps: TERMINAL_PS })).facts).toEqual({
      version: "0.33.0",
      identity: { kind: "terminal", pid: 655, program: "zsh" },
      runners: [],
    });
  });

  it("of a job of launchd come from the log that the job names", async () => {
    const path = join(homeFolder, "my ollama.log");
    await writeFile(path, log("OLLAMA_CONTEXT_LENGTH:16384"));
    const job = `gui/501/com.sam.ollama = {\n\tpid = 655\n\tstdout path = /dev/null\n\tstderr path = ${path}\n}\n`;
    expect((await read({ ps: AGENT_PS, session: JOB, job })).facts).toMatchObject({
      identity: { kind: "agent", label: "com.sam.ollama" },
      contextLength: logged(16_384),
    });
    expect((await read({ ps: AGENT_PS, session: JOB })).facts).not.toHaveProperty("contextLength");
  });

  it("of another machine, and of what isn't Ollama here, are its version and nothing else", async () => {
    await writeFile(appLog, log("OLLAMA_CONTEXT_LENGTH:8192"));
    const env = { OLLAMA_NUM_PARALLEL: "4" };
    const { facts, calls } = await read({ env }, false);
    expect(facts).toEqual({ version: "0.33.0", identity: { kind: "remote" }, runners: [] });
    expect(calls).toEqual([]);
    const docker = `  655     1 /Applications/Docker.app/Contents/MacOS/com.docker.backend\n${APP_PS.replaceAll("655", "656")}`;
    expect((await read({ ps: docker, env })).facts).toMatchObject({ identity: { kind: "elsewhere" }, runners: [] });
    expect((await read({ ps: docker, env })).facts).not.toHaveProperty("parallel");
  });

  it("lack the version where the server doesn't tell it", async () => {
    const version = () => Promise.reject(new OllamaProblem("timed-out", "No answer."));
    expect((await read({ ps: TERMINAL_PS, version })).facts.version).toBeUndefined();
  });

  it("come from launchctl where there is no log, said to be likely only", async () => {
    const env = {
      OLLAMA_CONTEXT_LENGTH: "8192",
      OLLAMA_KV_CACHE_TYPE: "q8_0",
      OLLAMA_NUM_PARALLEL: "2",
      OLLAMA_FLASH_ATTENTION: "0",
      OLLAMA_MAX_LOADED_MODELS: "1",
      LLAMA_ARG_FIT: "off",
      LLAMA_ARG_FIT_TARGET: "2048",
    };
    const likely = <T>(value: T) => ({ value, source: expect.stringContaining("launchctl"), likely: true });
    expect((await read({ ps: TERMINAL_PS, env })).facts).toMatchObject({
      contextLength: likely(8192),
      kvCacheType: likely("q8_0"),
      parallel: likely(2),
      flashAttention: likely("off"),
      maxLoadedModels: likely(1),
      fit: likely("off"),
      fitTargetMib: likely(2048),
    });
  });

  it("ignore words that are no numbers", async () => {
    const env = {
      OLLAMA_CONTEXT_LENGTH: "8k",
      OLLAMA_NUM_PARALLEL: "-1",
      LLAMA_ARG_FIT_TARGET: "",
      LLAMA_ARG_FIT: "x",
    };
    expect(Object.keys((await read({ ps: TERMINAL_PS, env })).facts).sort()).toEqual([
      "identity",
      "runners",
      "version",
    ]);
  });

  it("of a server for the whole Mac owe nothing to the session", async () => {
    const system = "\tservices = {\n\t\t     655      - \torg.nixos.ollama\n\t}\n";
    const run: Runner = async (file, args): Promise<RunResult> => {
      const line = [file, ...args].join(" ");
      const stdout = line.startsWith("/usr/sbin/lsof")
        ? "p655\ncollama\nf3\nn*:11434\n"
        : line.startsWith("/bin/ps")
          ? `    1     0 /sbin/launchd\n${AGENT_PS}`
          : line === "/bin/launchctl print system"
            ? system
            : line.includes("getenv")
              ? "4"
              : "";
      return { exitCode: 0, stdout, stderr: "", missing: false, timedOut: false };
    };
    const client = { version: () => Promise.resolve("0.33.0") };
    const facts = await readServerFacts({ system: { run, userId: 501, homeFolder }, client, own: OWN });
    expect(facts).toEqual({
      version: "0.33.0",
      identity: { kind: "agent", pid: 655, label: "org.nixos.ollama", domain: "system" },
      runners: [],
    });
  });

  describe("tell flash attention", () => {
    const off = { OLLAMA_FLASH_ATTENTION: "0" };

    it("likely off where the log says false and the session says so too", async () => {
      await writeFile(appLog, log());
      expect((await read({ env: off })).facts.flashAttention).toEqual({
        value: "off",
        source: expect.stringContaining("launchctl"),
        likely: true,
      });
      expect((await read()).facts).not.toHaveProperty("flashAttention");
      expect((await read({ env: { OLLAMA_FLASH_ATTENTION: "1" } })).facts).not.toHaveProperty("flashAttention");
    });

    it("by the command line of a model that runs before that", async () => {
      await writeFile(appLog, log());
      const ps = `${APP_PS}  901   655 ${APP}/Contents/Resources/llama-server --model /m/blobs/sha256-ab --flash-attn auto\n`;
      expect((await read({ ps, env: off })).facts.flashAttention).toMatchObject({ value: "auto" });
    });
  });

  it("come from the command line of a model that runs before launchctl", async () => {
    const ps = `${TERMINAL_PS}  901   655 /usr/local/bin/llama-server --model /m/blobs/sha256-ab --cache-type-k q4_0 -np 4 --flash-attn on\n`;
    expect((await read({ ps, env: { OLLAMA_KV_CACHE_TYPE: "q8_0", OLLAMA_NUM_PARALLEL: "2" } })).facts).toMatchObject({
      kvCacheType: { value: "q4_0", source: "command line of the running model" },
      parallel: { value: 4 },
      flashAttention: { value: "on" },
      runners: [{ pid: 901 }],
    });
  });
});

describe("the runners of a server", () => {
  const server = { kind: "terminal", pid: 655 } as const;
  const own = "  901   655 /usr/local/bin/llama-server --model /Users/sam/.ollama/models/blobs/sha256-ab -c 4096\n";
  const foreign =
    "  640     1 -zsh\n  700   640 /opt/homebrew/bin/llama-server -fa off -np 8 -ctk q4_0 -m /Users/sam/models/x.gguf\n" +
    "  701   655 llama-server -m /Users/sam/models/x.gguf\n" +
    "  702   656 llama-server --model /Users/sam/.ollama/models/blobs/sha256-ab\n";
  const pids = (ps: string, folder?: string) => runnersOf(server, parseProcesses(ps), folder).map(({ pid }) => pid);

  it("are its children with a model of its own folder, and nobody else's", () => {
    expect(pids(foreign + own)).toEqual([901]);
    expect(pids(foreign + own, "/Users/sam/.ollama/models")).toEqual([901]);
    expect(pids(foreign + own, "/Volumes/Disk/models")).toEqual([]);
  });

  it("are found as the app starts them at login", async () => {
    const ps = await readFile(join("test", "fixtures", "mac", "ps-app-login.txt"), "utf8");
    expect(runnersOf({ ...server, pid: 655 }, parseProcesses(ps), undefined)).toEqual([
      {
        pid: 901,
        modelPath: "/Users/sam/.ollama/models/blobs/sha256-ab",
        totalContext: 32768,
        parallel: 1,
        kvCacheType: "q8_0",
        flashAttention: "auto",
        batch: 1024,
      },
    ]);
  });
});
