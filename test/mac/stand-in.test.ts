import { describe, expect, it } from "vitest";
import { QUIT_SCRIPT } from "../../src/mac/apps";
import { PRIVILEGED_SCRIPT } from "../../src/mac/privileged";
import { readKernelStatus, readMemoryUse } from "../../src/mac/memory-status";
import { setStage } from "../commands/stage";
import { createSampleMac, type StandInMac } from "../stand-ins/mac";
import { evaluateAdminScript } from "../stand-ins/mac/applescript";

describe("the stand-in Mac", () => {
  it.each([
    ["/usr/bin/osascript", ["-e", `${PRIVILEGED_SCRIPT} `, "0", "1", "0"]],
    ["/usr/bin/osascript", ["-e", 'do shell script "id" with administrator privileges']],
    ["/usr/bin/open", ["-a", "Terminal"]],
    ["/bin/launchctl", ["setenv", "A", "b"]],
    ["/bin/rm", ["-rf", "/"]],
  ])("knows no %s %j", async (file, args) => {
    const mac = createSampleMac();
    await expect(mac.run(file, args)).rejects.toThrow(`does not know this command line: ${[file, ...args].join(" ")}`);
    expect(mac.unknownCommands).toHaveLength(1);
  });

  it("answers for programs that a test adds", async () => {
    const mac = createSampleMac({ programs: { "/bin/date": () => ({ stdout: "now" }) } });
    expect(await mac.run("/bin/date", [])).toMatchObject({ exitCode: 0, stdout: "now" });
  });

  it("understands no AppleScript but ours", () => {
    expect(() => evaluateAdminScript('do shell script "x"', [])).toThrow("Not understood");
    expect(() => evaluateAdminScript("on run argv\nend run", [])).toThrow("no administrator");
    expect(() => evaluateAdminScript(PRIVILEGED_SCRIPT, ["0", "1"])).toThrow("No item 3");
  });
});

const GIB = 1024 ** 3;
const output = async (mac: StandInMac, file: string, ...args: string[]) => (await mac.run(file, args)).stdout;
const lsof = (port: number) => ["-nP", "-a", "-u", "501", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpcn"];

describe("processes", () => {
  it("are listed by their owner, and by who listens", async () => {
    const mac = createSampleMac({ ollama: "none" });
    mac.startOllama("other-user");
    const { pid } = mac.startOllama("terminal", "127.0.0.1:11435");
    const path = "/Applications/Docker.app/Contents/MacOS/com.docker.backend";
    mac.addProcess({ pid: 977, path, listens: ["*:11435", "[::1]:11435"] });
    expect(await output(mac, "/usr/sbin/lsof", ...lsof(11_435))).toBe(
      `p${pid}\ncollama\nf3\nn127.0.0.1:11435\np977\nccom.docker.backe\nf3\nn*:11435\nf4\nn[::1]:11435\n`,
    );
    // The other user's are not shown.
    expect(await mac.run("/usr/sbin/lsof", lsof(11_434))).toMatchObject({ exitCode: 1, stdout: "", stderr: "" });
    const owners = await output(mac, "/bin/ps", "-axww", "-o", "pid=,ppid=,uid=,command=");
    expect(owners).toMatch(/^ +\d+ +\d+ +502 \/Users\/Shared\/Ollama\.app\/Contents\/Resources\/ollama serve$/m);
    expect(owners).toMatch(new RegExp(`^ +${pid} +\\d+ +501 ollama serve$`, "m"));
  });

  it("belong to jobs of launchd", async () => {
    const mac = createSampleMac({ ollama: "launch-daemon", loadedDaemons: ["a.b"], disabledDaemons: ["a.c"] });
    const agent = mac.startOllama("homebrew", "127.0.0.1:11435");
    const daemon = mac.servers[0]?.pid;
    expect(await output(mac, "/bin/launchctl", "list")).toContain(`\n${agent.pid}\t0\thomebrew.mxcl.ollama\n`);
    const system = await output(mac, "/bin/launchctl", "print", "system");
    expect(system).toMatch(new RegExp(`^\\s+${daemon} +-\\s+com\\.sam\\.ollama$`, "m"));
    expect(system).toMatch(/^\s+0 +-\s+a\.b$/m);
    expect(await output(mac, "/bin/launchctl", "print-disabled", "system")).toContain('"a.c" => disabled\n');
    expect(await output(mac, "/bin/launchctl", "print", "gui/501/homebrew.mxcl.ollama")).toContain(
      `\tstderr path = /opt/homebrew/var/log/ollama.log\n`,
    );
  });
});

describe("Ollama's app", () => {
  const app = "/Applications/Ollama.app";
  const serverPid = (mac: StandInMac) => mac.servers[0]?.pid;
  const appPid = (mac: StandInMac) => mac.processes.find(({ path }) => path.endsWith("/MacOS/Ollama"))?.pid;
  const term = (mac: StandInMac, pid: number | undefined) => mac.run("/bin/kill", ["-TERM", String(pid)]);

  it("declines to quit as the real one does, and ends in its time on SIGTERM", async () => {
    const mac = createSampleMac({ ollamaEndSeconds: 30 });
    const pid = serverPid(mac);
    expect(await mac.run("/usr/bin/osascript", ["-e", QUIT_SCRIPT, app])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/User canceled\. \(-128\)\n$/),
    });
    expect(serverPid(mac)).toBe(pid);
    expect(await term(mac, appPid(mac))).toMatchObject({ exitCode: 0 });
    mac.clock.advance(29_999);
    expect(serverPid(mac)).toBe(pid);
    mac.clock.advance(1);
    expect([serverPid(mac), appPid(mac)]).toEqual([undefined, undefined]);
    await mac.run("/usr/bin/open", ["-g", "-j", "-a", app]);
    expect(serverPid(mac)).toBeGreaterThan(pid ?? 0);
  });

  it("starts its server again, a second after that ended alone", async () => {
    const mac = createSampleMac();
    const events: string[] = [];
    mac.onOllama = (event) => events.push(event);
    const before = [serverPid(mac), appPid(mac)];
    await term(mac, before[0]);
    expect(serverPid(mac)).toBeUndefined();
    mac.clock.advance(1000);
    expect(serverPid(mac)).not.toBe(before[0]);
    expect(appPid(mac)).toBe(before[1]);
    expect(events).toEqual(["stopped", "respawned"]);
  });

  it("of another user cannot be ended", async () => {
    const mac = createSampleMac({ ollama: "other-user" });
    expect(await term(mac, serverPid(mac))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("permitted"),
    });
    expect(serverPid(mac)).toBeDefined();
  });
});

const readMemoryStatus = async (system: Parameters<typeof readMemoryUse>[0]) => ({
  ...(await readKernelStatus(system)),
  ...(await readMemoryUse(system)),
});

it("the memory of the Mac moves with what is loaded", async () => {
  const mac = createSampleMac();
  const before = await readMemoryStatus(mac.system());
  const [server] = mac.servers;
  if (!server) throw new Error("No server");
  const runner = { path: `${server.way.library}/llama-server`, footprintMib: 40 * 1024, gpuMib: 38 * 1024 };
  mac.setRunners(server, [runner]);
  const after = await readMemoryStatus(mac.system());
  expect((after.gpuAllocatedBytes ?? 0) - (before.gpuAllocatedBytes ?? 0)).toBe(38 * GIB);
  expect(((after.wiredBytes ?? 0) - (before.wiredBytes ?? 0)) / GIB).toBeCloseTo(38, 2);
  expect(((after.usedBytes ?? 0) - (before.usedBytes ?? 0)) / GIB).toBeCloseTo(40, 2);
  expect(after.freePercent).toBeLessThan((before.freePercent ?? 0) - 58);
  expect(await output(mac, "/usr/bin/top", "-l", "1", "-o", "mem", "-n", "200", "-stats", "pid,command,mem")).toMatch(
    /^\d+ +llama-server +40G$/m,
  );
  mac.setRunners(server, [{ ...runner, command: "another", footprintMib: 60 * 1024 }]);
  expect(await readMemoryStatus(mac.system())).toMatchObject({ pressure: "critical" });
});

it("a model that has no room beside others ends them, and no more is loaded than the Mac has", async () => {
  const totalVramBytes = createSampleMac({ ramGib: 24 }).limitBytes();
  const { mac, system, ollama: server } = await setStage({ mac: { ramGib: 24 }, ollama: { totalVramBytes } });
  // What only embeds is given nothing to embed.
  const load = (model: string) =>
    fetch(`${server.url}/api/${model.startsWith("nomic-embed") ? "embed" : "generate"}`, {
      method: "POST",
      body: JSON.stringify({ model, stream: false }),
    });
  for (const model of ["qwen3-coder:30b", "gpt-oss:20b", "nomic-embed-text:latest", "qwen3:8b"]) {
    expect((await load(model)).ok).toBe(true);
    const loadedBytes = server.loaded().reduce((sum, { realBytes }) => sum + realBytes, 0);
    const { usedBytes = 0 } = await readMemoryStatus(system);
    expect(server.loaded()[0]?.model.name).toBe(model);
    expect(loadedBytes).toBeLessThan(usedBytes);
    expect(usedBytes).toBeLessThanOrEqual(24 * GIB);
  }
  // What's small has room.
  expect(server.loaded().length).toBeGreaterThan(1);
  expect(mac.unknownCommands).toEqual([]);
});
