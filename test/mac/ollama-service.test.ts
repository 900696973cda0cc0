import { describe, expect, it } from "vitest";
import type { ServerIdentity } from "../../src/fit/server-origin";
import { readLaunchctlEnv, restartOllama } from "../../src/mac/ollama-service";
import type { Runner } from "../../src/mac/runner";
import { readServerIdentity } from "../../src/ollama/server-identity";
import { createSampleMac, type StandInMac } from "../stand-ins/mac";

const serverPid = (mac: StandInMac) => mac.servers[0]?.pid;
const appPid = (mac: StandInMac) => mac.processes.find(({ path }) => path.endsWith("/MacOS/Ollama"))?.pid;

async function identityOf(mac: StandInMac): Promise<ServerIdentity> {
  return (await readServerIdentity(mac.system(), { addresses: ["127.0.0.1"], port: 11434 })).identity;
}

async function restart(mac: StandInMac, reach: "app" | "server" = "app", run = mac.run) {
  return restartOllama({ ...mac.system(), run }, await identityOf(mac), reach);
}

function watch(mac: StandInMac): string[] {
  const events: string[] = [];
  mac.onOllama = (event) => events.push(event);
  return events;
}

const programs = (mac: StandInMac) => mac.calls.map(({ file }) => file);

describe("restartOllama", () => {
  it.each(["app", "user-app", "homebrew", "launch-agent"] as const)("stops and starts the %s", async (ollama) => {
    const mac = createSampleMac({ ollama });
    const events = watch(mac);
    const before = serverPid(mac);
    expect(await restart(mac)).toEqual({ kind: "restarted", pid: serverPid(mac) });
    expect(serverPid(mac)).not.toBe(before);
    expect(events).toEqual(["stopped", "started"]);
    expect(mac.unknownCommands).toEqual([]);
  });

  it("ends the app with a signal, without an Apple event, and opens it hidden once it's gone", async () => {
    const mac = createSampleMac({ ollamaEndSeconds: 30 });
    const pid = appPid(mac);
    const began = mac.clock.now().getTime();
    expect(await restart(mac)).toMatchObject({ kind: "restarted" });
    expect(programs(mac)).not.toContain("/usr/bin/osascript");
    expect(mac.calls.filter(({ file }) => file === "/bin/kill")).toEqual([
      { file: "/bin/kill", args: ["-TERM", String(pid)] },
    ]);
    expect(mac.calls.find(({ file }) => file === "/usr/bin/open")?.args).toEqual([
      "-g",
      "-j",
      "-a",
      "/Applications/Ollama.app",
    ]);
    expect(mac.clock.now().getTime() - began).toBeGreaterThan(29_000);
  });

  it("renews the app's server alone, which the app starts again", async () => {
    const mac = createSampleMac();
    const events = watch(mac);
    const before = appPid(mac);
    expect(await restart(mac, "server")).toEqual({ kind: "restarted", pid: serverPid(mac) });
    expect(appPid(mac)).toBe(before);
    expect(events).toEqual(["stopped", "respawned"]);
    expect(programs(mac)).not.toContain("/usr/bin/open");
  });

  it.each(["terminal", "detached", "none", "launch-daemon", "other-user"] as const)(
    "only explains a server that isn't this user's to restart: %s",
    async (ollama) => {
      const mac = createSampleMac({ ollama });
      expect(await restart(mac)).toEqual({ kind: "by-hand", reason: expect.stringMatching(/^[A-Z].*\.$/) });
      expect(programs(mac)).not.toContain("/bin/kill");
    },
  );

  it("leaves another user's app alone, though it's the same app", async () => {
    const mac = createSampleMac();
    const app = mac.addProcess({ path: "/Applications/Ollama.app/Contents/MacOS/Ollama", uid: 502 });
    const path = "/Applications/Ollama.app/Contents/Resources/ollama";
    const server = mac.addProcess({ path, command: `${path} serve`, parentPid: app.pid, uid: 502 });
    expect(await restart(mac)).toEqual({ kind: "restarted", pid: serverPid(mac) });
    expect(serverPid(mac)).not.toBe(server.pid);
    expect(mac.processes).toContainEqual(server);
  });

  it("does not open the app before it has stopped", async () => {
    const mac = createSampleMac({ ollamaEndSeconds: 41 });
    expect(await restart(mac)).toEqual({ kind: "still-running" });
    expect(programs(mac)).not.toContain("/usr/bin/open");
  });

  it("does nothing where the processes are others by now", async () => {
    const mac = createSampleMac();
    const identity = await identityOf(mac);
    mac.processes = mac.processes.filter(({ path }) => !path.includes("Ollama.app"));
    for (const reach of ["app", "server"] as const) {
      expect(await restartOllama(mac.system(), identity, reach)).toEqual({
        kind: "failed",
        detail: "Ollama was restarted or quit in the meantime. Nothing was done.",
      });
    }
    expect(programs(mac)).not.toContain("/bin/kill");
  });

  it.each(["app", "homebrew", "launch-agent"] as const)("says when the %s does not come back", async (ollama) => {
    const mac = createSampleMac({ ollama, faults: { ollamaStaysDown: true } });
    expect(await restart(mac)).toEqual({ kind: "not-back" });
  });

  it("passes on what launchd and kill say", async () => {
    const refusing =
      (mac: StandInMac): Runner =>
      async (file, args, options) =>
        file === "/bin/kill" || args[0] === "kickstart"
          ? { exitCode: 1, stdout: "", stderr: "Operation not permitted\n", missing: false, timedOut: false }
          : mac.run(file, args, options);
    for (const ollama of ["app", "homebrew"] as const) {
      const mac = createSampleMac({ ollama });
      expect(await restart(mac, "app", refusing(mac))).toEqual({ kind: "failed", detail: "Operation not permitted" });
    }
  });

  it("does not take a ps that hangs for a server that stopped", async () => {
    const mac = createSampleMac();
    const identity = await identityOf(mac);
    let listings = 0;
    const run: Runner = (file, args, options) => {
      if (file === "/bin/ps") listings += 1;
      return file === "/bin/ps" && listings > 1
        ? Promise.resolve({ stdout: "", stderr: "", missing: false, timedOut: true })
        : mac.run(file, args, options);
    };
    expect(await restartOllama({ ...mac.system(), run }, identity, "app")).toEqual({ kind: "still-running" });
  });
});

describe("readLaunchctlEnv", () => {
  it("reads a variable, and nothing where it is not set", async () => {
    const mac = createSampleMac({ launchctlEnv: { OLLAMA_NUM_PARALLEL: "4", OLLAMA_ODD: " a\nb " } });
    expect(await readLaunchctlEnv(mac, "OLLAMA_NUM_PARALLEL")).toBe("4");
    expect(await readLaunchctlEnv(mac, "OLLAMA_ODD")).toBe(" a\nb ");
    expect(await readLaunchctlEnv(mac, "OLLAMA_HOST")).toBeUndefined();
  });

  it("runs nothing for what is no name", async () => {
    const mac = createSampleMac();
    expect(await readLaunchctlEnv(mac, "-x")).toBeUndefined();
    expect(await readLaunchctlEnv(mac, "A B")).toBeUndefined();
    expect(mac.calls).toEqual([]);
  });
});
