import { describe, expect, it } from "vitest";
import { readLaunchctlEnv, restartOllama } from "../../src/mac/ollama-service";
import { findOllamaServer, readProcesses } from "../../src/mac/processes";
import type { Runner } from "../../src/mac/runner";
import { createSampleMac, type StandInMac } from "../stand-ins/mac";

async function serverPid(mac: StandInMac): Promise<number | undefined> {
  return findOllamaServer(await readProcesses(mac.system()))?.pid;
}

function watch(mac: StandInMac): string[] {
  const events: string[] = [];
  mac.onOllama = (event) => events.push(event);
  return events;
}

describe("restartOllama", () => {
  it.each(["app", "homebrew"] as const)("stops and starts the %s", async (ollama) => {
    const mac = createSampleMac({ ollama });
    const events = watch(mac);
    const before = await serverPid(mac);
    const outcome = await restartOllama(mac.system(), ollama);
    expect(outcome).toEqual({ kind: "restarted", pid: await serverPid(mac) });
    expect(await serverPid(mac)).not.toBe(before);
    expect(events).toEqual(["stopped", "started"]);
    expect(mac.unknownCommands).toEqual([]);
  });

  it("starts an app that does not run", async () => {
    const mac = createSampleMac({ ollama: "none", installed: ["/Applications/Ollama.app"] });
    const events = watch(mac);
    expect(await restartOllama(mac.system(), "app")).toMatchObject({ kind: "restarted" });
    expect(events).toEqual(["started"]);
  });

  it("only explains a server that somebody started by hand", async () => {
    const mac = createSampleMac({ ollama: "terminal" });
    for (const origin of ["terminal", "remote", "unknown"] as const) {
      expect(await restartOllama(mac.system(), origin)).toEqual({ kind: "by-hand", reason: expect.any(String) });
    }
    expect(mac.calls).toEqual([]);
  });

  it("does not open the app before it has stopped", async () => {
    const mac = createSampleMac({ faults: { appsRefuseToQuit: true } });
    expect(await restartOllama(mac.system(), "app")).toEqual({ kind: "still-running" });
    expect(mac.calls.some(({ file }) => file === "/usr/bin/open")).toBe(false);
  });

  it("waits for the app itself, not only for its server", async () => {
    const mac = createSampleMac();
    const app = "/Applications/Ollama.app/Contents/MacOS/Ollama";
    let listings = 0;
    const run: Runner = async (file, args, options) => {
      const result = await mac.run(file, args, options);
      // The app lingers for three listings after its server has gone.
      const lingers = file === "/bin/ps" && (listings += 1) > 1 && listings <= 4;
      return lingers ? { ...result, stdout: `${result.stdout}  999     1 ${app}\n` } : result;
    };
    expect(await restartOllama({ ...mac.system(), run }, "app")).toMatchObject({ kind: "restarted" });
    const order = mac.calls.map(({ file }) => file);
    expect(order.slice(0, order.indexOf("/usr/bin/open")).filter((file) => file === "/bin/ps")).toHaveLength(5);
  });

  it("explains the automation permission", async () => {
    const mac = createSampleMac({ faults: { automationDenied: true } });
    expect(await restartOllama(mac.system(), "app")).toMatchObject({ kind: "not-permitted" });
  });

  it.each(["app", "homebrew"] as const)("says when the %s does not come back", async (ollama) => {
    const mac = createSampleMac({ ollama, faults: { ollamaStaysDown: true } });
    expect(await restartOllama(mac.system(), ollama)).toEqual({ kind: "not-back" });
  });

  it("turns to brew where launchd does not know the service", async () => {
    const mac = createSampleMac({ ollama: "homebrew" });
    const run: Runner = (file, args, options) =>
      file === "/bin/launchctl"
        ? Promise.resolve({ exitCode: 113, stdout: "", stderr: "no service", missing: false, timedOut: false })
        : mac.run(file, args, options);
    expect(await restartOllama({ ...mac.system(), run }, "homebrew")).toMatchObject({ kind: "restarted" });
    expect(mac.calls.some(({ file }) => file === "/opt/homebrew/bin/brew")).toBe(true);
  });

  it("says when there is neither", async () => {
    const mac = createSampleMac({ ollama: "none" });
    expect(await restartOllama(mac.system(), "homebrew")).toEqual({
      kind: "failed",
      detail: "Couldn't find Homebrew.",
    });
  });

  it("does not take a ps that hangs for a server that stopped", async () => {
    const mac = createSampleMac();
    let listings = 0;
    const run: Runner = (file, args, options) => {
      if (file === "/bin/ps") listings += 1;
      return file === "/bin/ps" && listings > 1
        ? Promise.resolve({ stdout: "", stderr: "", missing: false, timedOut: true })
        : mac.run(file, args, options);
    };
    expect(await restartOllama({ ...mac.system(), run }, "app")).toEqual({ kind: "still-running" });
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
