import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LAUNCH_DAEMON_LABEL,
  LAUNCH_DAEMON_PATH,
  parseAssignment,
  parseDaemon,
  readBootSettings,
} from "../../src/mac/boot-settings";
import type { Runner } from "../../src/mac/runner";
import { changeGpuLimit } from "../../src/mac/gpu-limit";
import { createSampleMac } from "../stand-ins/mac";

const daemon = (label: string, ...words: string[]) =>
  `<plist><dict><key>Label</key><string>${label}</string><key>ProgramArguments</key>` +
  `<array>${words.map((word) => `<string>${word}</string>`).join("")}</array></dict></plist>`;

describe("readBootSettings", () => {
  it("finds nothing on a fresh Mac", async () => {
    expect(await readBootSettings(createSampleMac().system())).toEqual([]);
  });

  it("finds ours with its value, loaded or not", async () => {
    const mac = createSampleMac();
    const request = { key: "iogpu.wired_limit_mb", mib: 57344, ramMib: 65536, bootDaemon: "install" } as const;
    await changeGpuLimit(mac, request);
    const ours = {
      kind: "launch-daemon",
      path: LAUNCH_DAEMON_PATH,
      label: LAUNCH_DAEMON_LABEL,
      valueMib: 57344,
      own: true,
      loaded: true,
    };
    expect(await readBootSettings(mac.system())).toEqual([ours]);
    mac.faults = { daemonBootstrapFails: true };
    await changeGpuLimit(mac, { ...request, mib: 56000 });
    expect(await readBootSettings(mac.system())).toEqual([{ ...ours, valueMib: 56000, loaded: false }]);
  });

  it("finds those of others and sysctl.conf, where the last line wins", async () => {
    const mac = createSampleMac({
      daemons: {
        "a.plist": daemon("org.a", "/usr/sbin/sysctl", "-w", "iogpu.wired_limit_mb=60000"),
        "b.plist": daemon("org.b", "/bin/sh", "-c", "sysctl iogpu.wired_limit_mb=$N"),
        "c.plist": "iogpu.wired_limit in something unreadable",
        "d.plist": daemon("org.d", "/usr/bin/true"),
      },
      sysctlConf: "# iogpu.wired_limit_mb=1\niogpu.wired_limit_mb=2000\niogpu.wired_limit_mb = 3000\nkern.maxproc=1\n",
    });
    expect(await readBootSettings(mac.system())).toEqual([
      {
        kind: "launch-daemon",
        path: "/Library/LaunchDaemons/a.plist",
        label: "org.a",
        valueMib: 60000,
        own: false,
        loaded: false,
      },
      { kind: "launch-daemon", path: "/Library/LaunchDaemons/b.plist", label: "org.b", own: false, loaded: false },
      { kind: "launch-daemon", path: "/Library/LaunchDaemons/c.plist", own: false },
      { kind: "sysctl-conf", path: "/etc/sysctl.conf", valueMib: 3000, own: false },
    ]);
  });

  it("runs nothing on another system and is content with programs that are missing", async () => {
    const mac = createSampleMac();
    expect(await readBootSettings(mac.system({ platform: "linux" }))).toEqual([]);
    expect(mac.calls).toEqual([]);
    const run: Runner = async () => ({ stdout: "", stderr: "", missing: true, timedOut: false });
    expect(await readBootSettings({ run, platform: "darwin" })).toEqual([]);
  });

  it("looks at twenty daemons at most and only inside their folder", async () => {
    const asked: string[] = [];
    const run: Runner = async (file, args) => {
      if (file === "/usr/bin/plutil") asked.push(args.at(-1) ?? "");
      const paths = ["/etc/passwd", "/Library/LaunchDaemons/x.sh"].concat(
        Array.from({ length: 500 }, (_, index) => `/Library/LaunchDaemons/${index}.plist`),
      );
      return { exitCode: 0, stdout: paths.join("\n"), stderr: "", missing: false, timedOut: false };
    };
    await readBootSettings({ run, platform: "darwin" });
    expect(asked).toHaveLength(20);
    expect(asked[0]).toBe("/Library/LaunchDaemons/0.plist");
  });
});

describe("parsers", () => {
  it.each([
    ["iogpu.wired_limit_mb=57344", 57344],
    ["sysctl -w iogpu.wired_limit_mb = 57344", 57344],
    ["debug.iogpu.wired_limit=60129542144", 57344],
    ["iogpu.wired_limit_mb=$((1+1))", undefined],
    ["iogpu.wired_limit=5", undefined],
    ["debug.iogpu.wired_limit_mb=5", undefined],
    ["iogpu.wired_limit_mb=9999999999999999999", undefined],
    ["xiogpu.wired_limit_mb=5", undefined],
  ])("reads %j as %s", (text, mib) => {
    expect(parseAssignment(text)).toBe(mib);
  });

  it("survives any property list", () => {
    expect(parseDaemon('{"Label":7,"ProgramArguments":[1,null,"iogpu.wired_limit_mb=5"]}')).toEqual({ valueMib: 5 });
    expect(parseDaemon('{"Label":"a b","ProgramArguments":"x"}')).toEqual({});
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { label, valueMib } = parseDaemon(text);
        expect(label ?? "x").toMatch(/^[\w.-]+$/);
        expect(Number.isSafeInteger(valueMib ?? 0)).toBe(true);
      }),
    );
  });
});
