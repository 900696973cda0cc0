import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AppFootprint,
  type AppKind,
  groupApps,
  parsePrograms,
  parseTop,
  quitApp,
  readLargestApps,
  TOP,
} from "../../src/mac/apps";
import { PS } from "../../src/mac/processes";
import type { Runner } from "../../src/mac/runner";
import { processName } from "../../src/mac/processes";
import { createSampleMac } from "../stand-ins/mac";
import { cpuMs } from "../support/cpu-time";

const MIB = 1024 ** 2;

async function appOf(mac: ReturnType<typeof createSampleMac>, name: string): Promise<AppFootprint> {
  const app = (await readLargestApps(mac.system())).find((candidate) => candidate.name === name);
  if (!app) throw new Error(`${name} does not run`);
  return app;
}

describe("readLargestApps", () => {
  it("adds helpers to their app and puts the largest first", async () => {
    const mac = createSampleMac();
    const apps = await readLargestApps(mac.system());
    expect(apps.map(({ name, bytes }) => [name, bytes / MIB]).slice(0, 3)).toEqual([
      ["Firefox", 3700],
      ["Xcode", 2900],
      ["WindowServer", 900],
    ]);
    expect(apps[0]).toMatchObject({ bundlePath: "/Applications/Firefox.app", kind: "app" });
    expect(apps[0]?.pids).toHaveLength(2);
  });

  it("offers neither macOS's own processes nor Raycast for quitting", async () => {
    const mac = createSampleMac();
    mac.addProcess({ path: "/System/Cryptexes/App/System/Applications/Safari.app/Contents/MacOS/Safari" });
    mac.addProcess({ path: "/usr/libexec/secd" });
    mac.addProcess({ path: "/opt/homebrew/bin/node" });
    mac.addProcess({ path: "/Applications/Vpn.app/Contents/MacOS/helper", uid: 0 });
    const apps = await readLargestApps(mac.system());
    const of = (kind: AppKind) => apps.flatMap((app) => (app.kind === kind ? [app.name] : [])).sort();
    expect(of("app")).toEqual(["Firefox", "Ollama", "Safari", "Xcode"]);
    expect(of("macos")).toEqual(["Finder", "WindowServer", "launchd", "secd"]);
    expect(of("system")).toEqual(["Vpn"]);
    expect(of("program")).toEqual(["node"]);
    expect(of("raycast")).toEqual(["Raycast"]);
  });

  it("tells the app of another user from one's own", async () => {
    const mac = createSampleMac();
    mac.addProcess({ path: "/Applications/Firefox.app/Contents/MacOS/firefox", uid: 502, footprintMib: 5000 });
    const apps = await readLargestApps(mac.system());
    expect(apps.slice(0, 2)).toMatchObject([
      { name: "Firefox", kind: "other-user", bytes: 5000 * MIB },
      { name: "Firefox", kind: "app", bytes: 3700 * MIB },
    ]);
  });

  it("takes an app for the system's as soon as one of its processes is", async () => {
    for (const first of [0, 501]) {
      const mac = createSampleMac();
      mac.addProcess({ path: "/Applications/Vpn.app/Contents/MacOS/a", uid: first, footprintMib: 900 });
      mac.addProcess({ path: "/Applications/Vpn.app/Contents/MacOS/b", uid: 501 - first, footprintMib: 800 });
      expect(await appOf(mac, "Vpn")).toMatchObject({ kind: "system", bytes: 1700 * MIB });
    }
  });

  it("is empty without top and leaves processes without a path alone", async () => {
    const without = (program: string) => readLargestApps(createSampleMac({ faults: { stuck: [program] } }).system());
    expect(await without(TOP)).toEqual([]);
    const apps = await without(PS);
    expect(apps.length).toBeGreaterThan(3);
    expect(new Set(apps.map(({ kind }) => kind))).toEqual(new Set(["unknown"]));
  });
});

describe("parsers", () => {
  it("reads top's rows with their marks", () => {
    const output =
      "PhysMem: 15G used (2097M wired, 4743M compressor), 141M unused.\n\nPID    COMMAND          MEM  \n" +
      "701    Google Chrome He 1024M+\n88*    WindowServer     13G-\n0      kernel_task      512K\n5 x\n";
    expect(parseTop(output)).toEqual([
      { pid: 701, command: "Google Chrome He", bytes: 1024 * MIB, isRounded: false },
      { pid: 88, command: "WindowServer", bytes: 13 * 1024 * MIB, isRounded: true },
      { pid: 0, command: "kernel_task", bytes: 512 * 1024, isRounded: false },
    ]);
    expect(parseTop("701 a 5M\n")).toEqual([]);
  });

  it.each([" ", "1 ", "1 a 1K ", "\n"])("takes time in proportion to rows that repeat %j", async (text) => {
    const took = await cpuMs(() => {
      parseTop(`PID COMMAND MEM\n1 ${text.repeat(60_000)}x`);
      parsePrograms(`1 501 ${text.repeat(60_000)}x`);
    });
    expect(took).toBeLessThan(500);
  });

  it("has names of one line, whatever an app or a program is called", () => {
    const paths = ["/Apps/Save\u202eAll\u200b.app/Contents/MacOS/x", "/opt/a\u2066b", "relative"];
    const programs = parsePrograms(paths.map((path, index) => `${index} 501 ${path}`).join("\n"));
    const rows = ["0 c 3M", "1 c 2M", "7 ev\u202eil 1M"].join("\n");
    const apps = groupApps(parseTop(`PID COMMAND MEM\n${rows}`), programs, 501);
    expect(apps.map(({ name }) => name)).toEqual(["Save All", "a b", "ev il"]);
    // It's asked by its folder as it is.
    expect(apps[0]?.bundlePath).toBe("/Apps/Save\u202eAll\u200b.app");
    const server = { pid: 1, parentPid: 0, command: "/Apps/T\u202eerm.app/Contents/MacOS/Term -x" };
    expect(processName(server)).toBe("T erm");
  });

  it("never lets anything but an app be quit, whatever is printed", () => {
    const path = fc.oneof(
      fc.string(),
      fc.constantFrom("/System/Library/X.app/a", "/A b.app/Contents/MacOS/x", "/x.app", "relative.app/x", "/.app/x"),
    );
    fc.assert(
      fc.property(fc.array(path, { maxLength: 8 }), fc.string({ unit: "binary" }), (paths, noise) => {
        const programs = parsePrograms(paths.map((text, index) => `${index} 501 ${text}`).join("\n") + noise);
        const rows = paths.map((_, index) => `${index} c ${index}M`).join("\n");
        for (const app of groupApps(parseTop(`PID COMMAND MEM\n${rows}\n${noise}`), programs, 501)) {
          if (app.kind !== "app") continue;
          expect(app.bundlePath).toMatch(/^\/.+\.app$/);
          expect(app.bundlePath).not.toMatch(/^\/System\/Library\//);
        }
      }),
    );
  });
});

describe("quitApp", () => {
  it("asks the app and waits until it is gone", async () => {
    const mac = createSampleMac();
    expect(await quitApp(mac.system(), await appOf(mac, "Firefox"))).toEqual({ kind: "quit" });
    expect(mac.processes.some(({ path }) => path.includes("Firefox"))).toBe(false);
    expect(mac.processes.some(({ path }) => path.includes("Xcode"))).toBe(true);
  });

  it("hands the path over as one argument, whatever it holds", async () => {
    const mac = createSampleMac();
    const bundlePath = '/Applications/A" & (do shell script "x") & ".app';
    mac.addProcess({ path: `${bundlePath}/Contents/MacOS/a`, footprintMib: 9000 });
    expect(await quitApp(mac.system(), await appOf(mac, 'A" & (do shell script "x") & "'))).toEqual({ kind: "quit" });
    expect(mac.calls.find(({ file }) => file === "/usr/bin/osascript")?.args.at(-1)).toBe(bundlePath);
  });

  it("says when the app goes on running", async () => {
    const mac = createSampleMac({ faults: { appsRefuseToQuit: true } });
    expect(await quitApp(mac.system(), await appOf(mac, "Xcode"))).toEqual({ kind: "still-running" });
  });

  it("ends Ollama.app, which declines to quit, with a signal to its own process", async () => {
    const mac = createSampleMac({ ollamaEndSeconds: 30 });
    const other = mac.addProcess({ path: "/Applications/Ollama.app/Contents/MacOS/Ollama", uid: 502 });
    expect(await quitApp(mac.system(), await appOf(mac, "Ollama"))).toEqual({ kind: "quit" });
    expect(mac.calls.some(({ file }) => file === "/usr/bin/osascript")).toBe(false);
    expect(mac.servers[0]?.pid).toBeUndefined();
    expect(mac.processes).toContainEqual(other);
  });

  it("says when Ollama.app goes on running", async () => {
    const mac = createSampleMac({ ollamaEndSeconds: 41 });
    expect(await quitApp(mac.system(), await appOf(mac, "Ollama"))).toEqual({ kind: "still-running" });
  });

  it("explains the automation permission", async () => {
    const mac = createSampleMac({ faults: { automationDenied: true } });
    expect(await quitApp(mac.system(), await appOf(mac, "Xcode"))).toEqual({
      kind: "not-permitted",
      explanation: expect.stringContaining("Privacy & Security, Automation"),
    });
  });

  it("asks nothing of system processes", async () => {
    const mac = createSampleMac();
    for (const name of ["Finder", "WindowServer", "Raycast"]) {
      expect(await quitApp(mac.system(), await appOf(mac, name))).toMatchObject({ kind: "not-quittable" });
    }
    expect(mac.calls.some(({ file }) => file === "/usr/bin/osascript")).toBe(false);
  });

  it("does not guess where ps does not answer", async () => {
    const mac = createSampleMac();
    const app = await appOf(mac, "Firefox");
    const run: Runner = (file, args, options) =>
      file.endsWith("/ps")
        ? Promise.resolve({ stdout: "", stderr: "", missing: false, timedOut: true })
        : mac.run(file, args, options);
    expect(await quitApp({ run, userId: 501 }, app)).toEqual({
      kind: "failed",
      detail: "It was asked to quit, but couldn't read whether it did.",
    });
  });

  it.each([
    ["execution error: Application isn’t running. (-600)", { kind: "quit" }],
    ["execution error: Ollama got an error: User canceled. (-128)", { kind: "declined" }],
    ["execution error: AppleEvent timed out. (-1712)", { kind: "still-running" }],
    ["0:5: execution error: odd (-50)", { kind: "failed", detail: "odd" }],
  ])("understands %j", async (stderr, outcome) => {
    const app = await appOf(createSampleMac(), "Firefox");
    const run: Runner = async (file) => ({
      exitCode: 1,
      stdout: "",
      stderr: file.endsWith("osascript") ? stderr : "",
      missing: false,
      timedOut: false,
    });
    expect(await quitApp({ run, userId: 501 }, app)).toEqual(outcome);
  });
});
