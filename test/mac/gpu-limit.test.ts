import { realpathSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { execaRunner } from "../../src/mac/execa-runner";
import {
  classifyScriptError,
  DAEMON_SHELL,
  daemonPath,
  FORMER_LABEL,
  LAUNCH_DAEMON_LABEL,
  parseSteps,
  PRIVILEGED_SCRIPT,
  PRIVILEGED_SHELL,
  runPrivileged,
  scriptErrorText,
} from "../../src/mac/privileged";
import type { Runner } from "../../src/mac/runner";
import {
  changeGpuLimit,
  type LimitRequest,
  readIoThrottle,
  readLimitMib,
  setIoThrottle,
} from "../../src/mac/gpu-limit";
import { createStandInMac, type MacFaults, type StandInMacOptions } from "../stand-ins/mac";
import { evaluateAdminScript } from "../stand-ins/mac/applescript";
import { runAsRoot, type RootFaults } from "../stand-ins/mac/sandbox";
import { cpuMs } from "../support/cpu-time";

// Starting shells takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const PLIST = `${LAUNCH_DAEMON_LABEL}.plist`;
const FORMER_PLIST = `${FORMER_LABEL}.plist`;
/** The property list of earlier releases. */
const FORMER = `<plist version="1.0"><dict><key>Label</key><string>${FORMER_LABEL}</string>
<key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string>
<string>iogpu.wired_limit_mb=50000</string></array><key>RunAtLoad</key><true/></dict></plist>`;
/** Where sh is dash, which never minds its name, it isn't tried twice. */
const SHELLS = (["sh", "dash", "bash"] as const).filter(
  (shell) => shell !== "sh" || !realpathSync("/bin/sh").endsWith("/dash"),
);
const KEY = "iogpu.wired_limit_mb";

function mac64(faults: MacFaults = {}, options: Partial<StandInMacOptions> = {}) {
  const mac = createStandInMac({ ramGib: 64, faults, ...options });
  return Object.assign(mac, { pause: mac.system().pause });
}

function request(more: Partial<LimitRequest> = {}): LimitRequest {
  return { mib: 57344, ramMib: 65536, bootDaemon: "keep", ...more };
}

describe("changeGpuLimit", () => {
  it("sets the limit with one prompt and reads it back", async () => {
    const mac = mac64();
    expect(await changeGpuLimit(mac, request())).toEqual({ kind: "done", inForceMib: 57344 });
    expect(mac.limitMib()).toBe(57344);
    expect(mac.prompts).toEqual([expect.stringContaining("until the next restart")]);
    expect(mac.calls.map(({ file }) => file)).toEqual(["/usr/sbin/sysctl", "/usr/bin/osascript", "/usr/sbin/sysctl"]);
    expect(mac.lastRootRun?.calls).toEqual(["env", `sysctl ${KEY}=57344`]);
    expect(mac.daemons.size).toBe(0);
  });

  it("gives the limit back to macOS with 0", async () => {
    const mac = mac64({}, { overrideMib: 57344 });
    expect(await changeGpuLimit(mac, request({ mib: 0 }))).toEqual({ kind: "done", inForceMib: 0 });
    expect(mac.sysctls.get(KEY)).toBe("0");
  });

  it("asks for no password where all is as asked, and steps aside for none", async () => {
    const mac = mac64({}, { overrideMib: 57344 });
    const asked: string[] = [];
    const system = { run: mac.run, beforePrompt: async () => void asked.push("prompt") };
    expect(await changeGpuLimit(system, request())).toEqual({ kind: "already", inForceMib: 57344 });
    expect(await changeGpuLimit(system, request({ bootDaemon: "remove" }))).toMatchObject({ kind: "already" });
    expect(mac.prompts).toEqual([]);
    expect(await changeGpuLimit(system, request({ bootDaemon: "install" }))).toMatchObject({ kind: "done" });
    expect(await changeGpuLimit(system, request({ bootDaemon: "install" }))).toMatchObject({ kind: "already" });
    expect(mac.prompts).toHaveLength(1);
    expect(asked).toEqual(["prompt"]);
  });

  it.each<[string, Partial<StandInMacOptions>]>([
    ["of an earlier release", { daemons: { [FORMER_PLIST]: FORMER.replace("50000", "57344") } }],
    [
      "switched off",
      {
        daemons: { [PLIST]: FORMER.replaceAll(FORMER_LABEL, LAUNCH_DAEMON_LABEL).replace("50000", "57344") },
        disabledDaemons: [LAUNCH_DAEMON_LABEL],
      },
    ],
    [
      "that sets another value",
      {
        daemons: { [PLIST]: FORMER.replaceAll(FORMER_LABEL, LAUNCH_DAEMON_LABEL) },
        loadedDaemons: [LAUNCH_DAEMON_LABEL],
      },
    ],
  ])("counts a daemon %s as something to change", async (_name, options) => {
    const mac = mac64({}, { overrideMib: 57344, ...options });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toEqual({
      kind: "done",
      inForceMib: 57344,
      daemon: { kind: "installed" },
    });
    expect([...mac.daemons.keys()]).toEqual([PLIST]);
    expect([...mac.loadedDaemons]).toEqual([LAUNCH_DAEMON_LABEL]);
  });

  it("notes what was set here, and nothing else", async () => {
    const noted: number[] = [];
    const mac = mac64({ cancel: true });
    const system = { run: mac.run, pause: mac.pause, onLimitSet: async (mib: number) => void noted.push(mib) };
    await changeGpuLimit(system, request());
    mac.faults = { lies: 50000 };
    await changeGpuLimit(system, request());
    expect(noted).toEqual([]);
    mac.faults = {};
    await changeGpuLimit(system, request({ mib: 56000 }));
    expect(noted).toEqual([56000]);
  });

  it("waits for the person without a time limit", async () => {
    const timeouts: (number | undefined)[] = [];
    const mac = mac64();
    const run: Runner = (file, args, options) => {
      if (file.endsWith("osascript")) timeouts.push(options?.timeoutMs);
      return mac.run(file, args, options);
    };
    await changeGpuLimit({ run }, request());
    expect(timeouts).toEqual([0]);
    const seconds = Number(/with timeout of (\d+) seconds/.exec(PRIVILEGED_SCRIPT)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(600);
  });

  it("goes on when a prompt that was left open is answered", async () => {
    const mac = mac64({ hang: true });
    const outcome = changeGpuLimit(mac, request());
    await expect.poll(() => mac.prompts.length).toBe(1);
    mac.answerPrompt("allow");
    expect(await outcome).toEqual({ kind: "done", inForceMib: 57344 });
  });

  it.each<[string, MacFaults, object, number]>([
    ["cancel", { cancel: true }, { kind: "cancelled", inForceMib: 52000 }, 52000],
    ["a wrong password", { wrongPassword: true }, { kind: "wrong-password", inForceMib: 52000 }, 52000],
    ["missing rights", { notPermitted: true }, { kind: "not-permitted", inForceMib: 52000 }, 52000],
    ["a time-out", { timeoutReached: true }, { kind: "timed-out", inForceMib: 52000 }, 52000],
    [
      "a time-out that set it after all",
      { timeoutReached: "applied" },
      { kind: "timed-out", inForceMib: 57344 },
      57344,
    ],
    [
      "refusal by sysctl",
      { sysctlRefuses: true },
      { kind: "refused", detail: `sysctl: ${KEY}=57344: Invalid argument`, inForceMib: 52000 },
      52000,
    ],
    ["another value read back", { lies: 50000 }, { kind: "differs", askedMib: 57344, inForceMib: 50000 }, 57344],
    ["a sysctl that does not answer", { sysctlHangs: true }, { kind: "unconfirmed" }, 57344],
    ["cancel and no read-back", { cancel: true, sysctlHangs: true }, { kind: "cancelled" }, 52000],
  ])("tells %s apart", async (_name, faults, outcome, inForce) => {
    const mac = mac64(faults, { overrideMib: 52000 });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "keep" }))).toEqual(outcome);
    expect(mac.limitMib()).toBe(inForce);
    expect(mac.prompts).toHaveLength(1);
  });

  it("reads once more after a while: a script that was given up on may still set it", async () => {
    const mac = mac64({ timeoutReached: true }, { overrideMib: 52000 });
    const pause = async () => void mac.sysctls.set(KEY, "57344");
    const outcome = await changeGpuLimit({ run: mac.run, pause }, request());
    expect(outcome).toEqual({ kind: "timed-out", inForceMib: 57344 });
  });

  it("says so where there is no osascript", async () => {
    const run: Runner = async () => ({ stdout: "", stderr: "", missing: true, timedOut: false });
    expect(await changeGpuLimit({ run, pause: mac64().pause }, request())).toEqual({
      kind: "failed",
      detail: "/usr/bin/osascript couldn't be started.",
    });
  });

  it.each<[string, Partial<LimitRequest>]>([
    ["more than the RAM", { mib: 65537 }],
    ["less than 2 GiB for macOS", { mib: 65536 - 2047 }],
    ["a fraction", { mib: 57344.5 }],
    ["a negative value", { mib: -1 }],
    ["no number", { mib: NaN }],
    ["infinity", { mib: Infinity }],
    ["an unknown RAM", { ramMib: NaN }],
    ["a startup item that sets nothing", { mib: 0, bootDaemon: "install" }],
  ])("refuses %s before asking anybody", async (_name, more) => {
    const mac = mac64();
    expect(await changeGpuLimit(mac, request(more))).toEqual({ kind: "invalid", reason: expect.any(String) });
    expect(mac.calls).toEqual([]);
  });

  it("leaves exactly 2 GiB when asked to", async () => {
    expect(await changeGpuLimit(mac64(), request({ mib: 63488 }))).toMatchObject({ kind: "done", inForceMib: 63488 });
  });
});

describe("the LaunchDaemon", () => {
  it("is written, checked, owned by root, moved into place and loaded in the same prompt", async () => {
    const mac = mac64();
    const outcome = await changeGpuLimit(mac, request({ bootDaemon: "install" }));
    expect(outcome).toEqual({ kind: "done", inForceMib: 57344, daemon: { kind: "installed" } });
    expect(mac.prompts).toEqual([expect.stringContaining("now and after every restart")]);
    expect([...mac.daemons.keys()]).toEqual([PLIST]);
    expect(mac.daemons.get(PLIST)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>${LAUNCH_DAEMON_LABEL}</string>
<key>ProgramArguments</key><array>
<string>/bin/sh</string>
<string>-c</string>
<string>${DAEMON_SHELL}</string>
<string>gpu-limit</string>
<string>iogpu.wired_limit_mb=57344</string>
</array><key>RunAtLoad</key><true/>
</dict></plist>
`);
    expect(mac.lastRootRun?.modes.get(PLIST)).toBe("644");
    expect([...mac.loadedDaemons]).toEqual([LAUNCH_DAEMON_LABEL]);
    const temporary = /mktemp (\S+)\.X+$/m.exec(mac.lastRootRun?.calls.join("\n") ?? "")?.[1];
    expect(temporary).toBe("/Library/LaunchDaemons/.gpu-limit");
    expect(
      mac.lastRootRun?.calls.map((call) => call.replace(/(?<=LaunchDaemons\/)\.gpu-limit\.\w+/, "TEMPORARY")),
    ).toEqual([
      "env",
      `sysctl ${KEY}=57344`,
      "mktemp /Library/LaunchDaemons/TEMPORARY",
      "plutil -lint /Library/LaunchDaemons/TEMPORARY",
      "chown root:wheel /Library/LaunchDaemons/TEMPORARY",
      "chmod 644 /Library/LaunchDaemons/TEMPORARY",
      `rm -f ${daemonPath(FORMER_LABEL)}`,
      `mv -f /Library/LaunchDaemons/TEMPORARY ${daemonPath(LAUNCH_DAEMON_LABEL)}`,
      `launchctl bootout system/${FORMER_LABEL}`,
      `launchctl bootout system/${LAUNCH_DAEMON_LABEL}`,
      `launchctl enable system/${LAUNCH_DAEMON_LABEL}`,
      `launchctl bootstrap system ${daemonPath(LAUNCH_DAEMON_LABEL)}`,
      `sysctl ${KEY}=57344`,
      "rm -f /Library/LaunchDaemons/TEMPORARY",
    ]);
  });

  it("keeps the limit over a restart, which forgets it otherwise", async () => {
    const kept = mac64();
    await changeGpuLimit(kept, request({ bootDaemon: "install" }));
    kept.reboot();
    expect(await readLimitMib(kept)).toBe(57344);
    const forgotten = mac64();
    await changeGpuLimit(forgotten, request());
    forgotten.reboot();
    expect(await readLimitMib(forgotten)).toBe(0);
  });

  it("is replaced by another value, though launchd unloads the old one slowly", async () => {
    const mac = mac64();
    await changeGpuLimit(mac, request({ bootDaemon: "install" }));
    mac.faults = { bootstrapAtTry: 4 };
    const outcome = await changeGpuLimit(mac, request({ mib: 56000, bootDaemon: "install" }));
    expect(outcome).toEqual({ kind: "done", inForceMib: 56000, daemon: { kind: "installed" } });
    expect(mac.daemons.get(PLIST)).toContain("wired_limit_mb=56000<");
    expect(mac.lastRootRun?.calls.filter((call) => call.startsWith("sleep"))).toHaveLength(3);
  });

  it("stays in place for the next restart when launchd does not take it now", async () => {
    const mac = mac64({ daemonBootstrapFails: true });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toEqual({
      kind: "done",
      inForceMib: 57344,
      daemon: { kind: "not-loaded", detail: "Bootstrap failed: 5: Input/output error" },
    });
    expect([...mac.daemons.keys()]).toEqual([PLIST]);
    expect(mac.loadedDaemons.size).toBe(0);
  });

  it("is not put in place, and the old one is kept, when its check fails", async () => {
    const mac = mac64();
    await changeGpuLimit(mac, request({ mib: 56000, bootDaemon: "install" }));
    mac.faults = { lintFails: true };
    const outcome = await changeGpuLimit(mac, request({ bootDaemon: "install" }));
    expect(outcome).toMatchObject({
      kind: "done",
      inForceMib: 57344,
      daemon: { kind: "failed", detail: expect.stringContaining("unknown tag") },
    });
    expect([...mac.daemons.keys()]).toEqual([PLIST]);
    expect(mac.daemons.get(PLIST)).toContain("=56000<");
    expect([...mac.loadedDaemons]).toEqual([LAUNCH_DAEMON_LABEL]);
  });

  it("is not touched when sysctl refuses", async () => {
    const mac = mac64({ sysctlRefuses: true });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toMatchObject({ kind: "refused" });
    expect(mac.daemons.size).toBe(0);
  });

  it("is removed, under both its labels, also when it is not there", async () => {
    const mac = mac64({}, { daemons: { [FORMER_PLIST]: FORMER }, loadedDaemons: [FORMER_LABEL] });
    for (const outcome of [
      await changeGpuLimit(mac, request({ mib: 0, bootDaemon: "remove" })),
      await changeGpuLimit(mac64({}, { overrideMib: 57344 }), request({ mib: 0, bootDaemon: "remove" })),
    ]) {
      expect(outcome).toEqual({ kind: "done", inForceMib: 0, daemon: { kind: "removed" } });
    }
    expect(mac.daemons.size).toBe(0);
    expect(mac.loadedDaemons.size).toBe(0);
  });

  it("takes the place of the one of earlier releases", async () => {
    const mac = mac64({}, { daemons: { [FORMER_PLIST]: FORMER }, loadedDaemons: [FORMER_LABEL] });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toMatchObject({
      kind: "done",
      daemon: { kind: "installed" },
    });
    expect([...mac.daemons.keys()]).toEqual([PLIST]);
    expect([...mac.loadedDaemons]).toEqual([LAUNCH_DAEMON_LABEL]);
    mac.reboot();
    expect(mac.limitMib()).toBe(57344);
  });

  it("is switched on again before launchd is asked to load it", async () => {
    const mac = mac64({}, { disabledDaemons: [LAUNCH_DAEMON_LABEL] });
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toMatchObject({
      daemon: { kind: "installed" },
    });
    expect(mac.disabledDaemons.size).toBe(0);
    mac.disabledDaemons = new Set([LAUNCH_DAEMON_LABEL]);
    mac.loadedDaemons = new Set();
    mac.faults = { failing: ["launchctl enable"] };
    expect(await changeGpuLimit(mac, request({ bootDaemon: "install" }))).toMatchObject({
      daemon: { kind: "not-loaded", detail: "Bootstrap failed: 5: Input/output error" },
    });
  });

  it("leaves other daemons alone", async () => {
    const mac = mac64({}, { daemons: { "org.example.plist": "<plist></plist>" } });
    await changeGpuLimit(mac, request({ bootDaemon: "install" }));
    await changeGpuLimit(mac, request({ bootDaemon: "remove" }));
    expect([...mac.daemons]).toEqual([["org.example.plist", "<plist></plist>"]]);
  });
});

describe("the disk throttle", () => {
  it("is switched and set back", async () => {
    const mac = mac64();
    expect(await readIoThrottle(mac)).toBe(1);
    expect(await setIoThrottle(mac, 0)).toEqual({ kind: "done", inForce: 0 });
    expect(await readIoThrottle(mac)).toBe(0);
    expect(await setIoThrottle(mac, 1)).toEqual({ kind: "done", inForce: 1 });
    expect(mac.prompts).toEqual([expect.stringContaining("disk throttle"), expect.stringContaining("disk throttle")]);
    expect(mac.limitMib()).toBe(0);
  });

  it("tells what went wrong", async () => {
    expect(await setIoThrottle(mac64({ cancel: true }), 0)).toEqual({ kind: "cancelled", inForce: 1 });
    expect(await setIoThrottle(mac64({ sysctlRefuses: true }), 0)).toMatchObject({ kind: "refused", inForce: 1 });
    expect(await setIoThrottle(mac64({ sysctlHangs: true }), 0)).toEqual({ kind: "unconfirmed" });
    const stubborn = mac64();
    const run: Runner = async (file, args, options) =>
      file.endsWith("sysctl")
        ? { exitCode: 0, stdout: "1\n", stderr: "", missing: false, timedOut: false }
        : stubborn.run(file, args, options);
    expect(await setIoThrottle({ run, pause: stubborn.pause }, 0)).toEqual({ kind: "differs", asked: 0, inForce: 1 });
  });
});

describe.each(SHELLS)("the script that runs as root, in %s", (shell) => {
  const state = (daemons: Record<string, string> = {}) => ({
    sysctls: new Map([[KEY, "0"]]),
    daemons: new Map(Object.entries(daemons)),
    loaded: new Set(Object.keys(daemons).map((name) => name.replace(".plist", ""))),
    disabled: new Set<string>(),
  });
  const run = (argv: readonly string[], daemons: Record<string, string>, faults: RootFaults = {}) =>
    runAsRoot(evaluateAdminScript(PRIVILEGED_SCRIPT, argv).command, state(daemons), faults, shell);
  const INSTALL = ["0", "57344", "1"];
  const REMOVE = ["0", "0", "2"];

  it("installs, replaces and removes", async () => {
    const installed = await run(INSTALL, { [FORMER_PLIST]: FORMER });
    expect(installed).toMatchObject({ exitCode: 0, stdout: "value set\ndaemon installed\n", stderr: "" });
    expect([...installed.daemons.keys()]).toEqual([PLIST]);
    expect([...installed.loaded]).toEqual([LAUNCH_DAEMON_LABEL]);
    expect(installed.sysctls.get(KEY)).toBe("57344");
    const removed = await run(REMOVE, { [PLIST]: installed.daemons.get(PLIST) ?? "", [FORMER_PLIST]: FORMER });
    expect(removed).toMatchObject({ exitCode: 0, stdout: "value set\ndaemon removed\n", stderr: "" });
    expect([removed.daemons.size, removed.loaded.size]).toEqual([0, 0]);
  });

  it.each<[string, RegExp]>([
    ["sysctl", /^value refused sysctl/],
    ["mktemp", /daemon failed mktemp/],
    ["plutil", /daemon failed plutil/],
    ["chown", /daemon failed .*chown/s],
    ["chmod", /daemon failed .*chmod/s],
    ["rm", /daemon failed .*rm/s],
    ["mv", /daemon failed .*mv/s],
    ["launchctl bootout", /daemon (?:installed|not-loaded)/],
    ["launchctl enable", /daemon installed/],
    ["launchctl bootstrap", /daemon not-loaded bootstrap failed/],
    ["sleep", /daemon installed/],
  ])("leaves one property list or none where %s fails", async (program, said) => {
    const before: Record<string, string>[] = [
      {},
      { [FORMER_PLIST]: FORMER },
      { [PLIST]: FORMER.replaceAll(FORMER_LABEL, LAUNCH_DAEMON_LABEL) },
    ];
    for (const daemons of before) {
      const root = await run(INSTALL, daemons, { failing: [program] });
      expect(root).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(said) });
      const left = [...root.daemons].filter(([name]) => name.endsWith(".plist"));
      expect(left.length).toBeLessThanOrEqual(1);
      // Never half a file: what was there is whole, or what is there now.
      for (const [, text] of left) expect(text).toMatch(/wired_limit_mb=(?:50000|57344)<[^]*<\/plist>/);
      const removed = await run(REMOVE, daemons, { failing: [program] });
      expect(removed.exitCode).toBe(0);
      if (removed.stdout.includes("daemon removed")) expect(removed.daemons.size).toBe(0);
    }
  });

  it("does nothing for arguments that are not the digits it knows", async () => {
    const odd = ["", "x", "-1", "1.5", "0 ", "$(id)", "0;id", "'", "\n", "9", "00"];
    const cases = [
      ...odd.map((text) => [text, "5", "0"]),
      ...odd.map((text) => ["0", "5", text]),
      ...odd.slice(0, 9).map((text) => ["0", text, "0"]),
      ["1", "1", "1"],
      ["1", "1", "2"],
      ["2", "1", "0"],
    ];
    // No program of a Mac is there, so anything but a refusal would show as an error.
    for (const argv of cases) {
      const result = await execaRunner(`/bin/${shell}`, ["-c", PRIVILEGED_SHELL, "gpu-limit", ...argv]);
      expect([argv, result.stdout.trim(), result.stderr]).toEqual([argv, "invalid", ""]);
    }
  });
});

describe.each(SHELLS)("what the LaunchDaemon runs, in %s", (shell) => {
  const start = (faults: RootFaults) =>
    runAsRoot(
      `/bin/sh -c '${DAEMON_SHELL}' gpu-limit ${KEY}=57344`,
      { sysctls: new Map([[KEY, "0"]]), daemons: new Map(), loaded: new Set(), disabled: new Set() },
      faults,
      shell,
    );
  const count = (calls: readonly string[], name: string) => calls.filter((call) => call.startsWith(name)).length;

  it("sets the limit once", async () => {
    const started = await start({});
    expect(started).toMatchObject({ exitCode: 0, calls: [`sysctl ${KEY}=57344`] });
  });

  it("tries again while the kernel doesn't have the key yet", async () => {
    const started = await start({ keyMissingFor: 3 });
    expect(started.exitCode).toBe(0);
    expect(started.sysctls.get(KEY)).toBe("57344");
    expect([count(started.calls, "sysctl"), count(started.calls, "sleep 5")]).toEqual([4, 3]);
  });

  it("gives up after five minutes", async () => {
    const started = await start({ keyMissingFor: 1000 });
    expect(started.exitCode).toBe(1);
    expect([count(started.calls, "sysctl"), count(started.calls, "sleep 5")]).toEqual([60, 60]);
  });

  it("needs no character that a property list would have to escape", () => {
    expect(DAEMON_SHELL).toMatch(/^[^<>&'\n]+$/);
  });
});

describe("the script that runs as root", () => {
  it("is sound sh, and says the same in AppleScript", async () => {
    const checked = await execaRunner("/bin/sh", ["-n", "-c", PRIVILEGED_SHELL]);
    expect(checked).toMatchObject({ exitCode: 0, stderr: "" });
    const { command } = evaluateAdminScript(PRIVILEGED_SCRIPT, ["0", "57344", "1"]);
    expect(command).toBe(
      `/usr/bin/env -i /bin/sh -c '${PRIVILEGED_SHELL.replaceAll("'", `'\\''`)}' gpu-limit '0' '57344' '1'`,
    );
  });

  it("is plain ASCII on one line and names every program by its absolute path", () => {
    expect(PRIVILEGED_SHELL).toMatch(/^[\x20-\x7e]+$/);
    const programs = PRIVILEGED_SHELL.matchAll(
      /(?<![\w./-])(sysctl|launchctl|plutil|mktemp|mv|rm|chmod|chown|sleep) /g,
    );
    expect([...programs].map(([text]) => text)).toEqual([]);
    expect(PRIVILEGED_SHELL).not.toMatch(/\/(?:Users|tmp|var|private|opt)\b|~|\$HOME/);
  });

  it("quotes whatever it is given as one word", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary-ascii", maxLength: 40 }), async (text) => {
        fc.pre(!text.includes("\0"));
        const { command } = evaluateAdminScript(PRIVILEGED_SCRIPT, ["0", text, "0"]);
        const words = command.slice(command.indexOf(" gpu-limit ") + " gpu-limit ".length);
        const printed = await execaRunner("/bin/sh", ["-c", `printf '<%s>' ${words}`]);
        expect(printed.stdout).toBe(`<0><${text}><0>`);
      }),
      { numRuns: 30 },
    );
  });

  it("is never started for a value that is no whole number", async () => {
    const mac = mac64();
    for (const value of [-1, 0.5, NaN, 1e21]) {
      expect(await runPrivileged(mac.run, KEY, value, "keep")).toMatchObject({ kind: "failed" });
    }
    expect(mac.calls).toEqual([]);
  });
});

describe("answers of osascript", () => {
  it.each([
    ["0:80: execution error: User canceled. (-128)\n", "cancelled"],
    ["0:80: execution error: Vom Benutzer abgebrochen. (-128)", "cancelled"],
    ["execution error: something (-60006)", "cancelled"],
    ["execution error: The administrator user name or password was incorrect. (-60007)", "wrong-password"],
    ["execution error: no (-60005)", "not-permitted"],
    ["execution error: A privilege violation occurred. (-10004)", "not-permitted"],
    ["execution error: AppleEvent timed out. (-1712)", "timed-out"],
    ["execution error: weird (-12800)", "failed"],
    ["execution error: (-128) is what it said. (1)", "failed"],
    ["execution error: internal (-60008)", "failed"],
    ["", "failed"],
  ])("%j is %s", (stderr, kind) => {
    expect(classifyScriptError(stderr).kind).toBe(kind);
  });

  it("are cut down to the words that matter", () => {
    expect(scriptErrorText("0:1874: execution error: sysctl: no\nsuch key (1)\n")).toBe("sysctl: no such key");
    expect(scriptErrorText("x".repeat(10_000))).toHaveLength(200);
  });

  it.each([" ", "\n", "(1) ", "1:1: "])("take time in proportion to a text that repeats %j", async (text) => {
    const hostile = `0:1: error: no${text.repeat(64 * 1024)}x`;
    const took = await cpuMs(() => {
      classifyScriptError(hostile);
      parseSteps(`value set\n${hostile}`);
    });
    expect(took).toBeLessThan(500);
  });

  it("are read with the line ends of AppleScript", () => {
    expect(parseSteps("value set\rdaemon installed\n")).toEqual({ kind: "set", daemon: { kind: "installed" } });
    expect(parseSteps("value set\n")).toEqual({ kind: "set" });
    expect(parseSteps("value refused sysctl:\rno")).toEqual({ kind: "refused", detail: "sysctl: no" });
    expect(parseSteps("invalid")).toEqual({ kind: "failed", detail: "invalid" });
    expect(parseSteps("")).toMatchObject({ kind: "failed" });
  });

  it("never count as set unless they begin with it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const set = parseSteps(text).kind === "set";
        expect(set).toBe(/^value set(?:\n|$)/.test(text.replace(/\r\n?/g, "\n").trim()));
        expect(classifyScriptError(text).kind).toMatch(/^(?:cancelled|wrong-password|not-permitted|timed-out|failed)$/);
      }),
    );
  });
});
