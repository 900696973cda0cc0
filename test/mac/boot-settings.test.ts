import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseScriptHits, scriptPaths } from "../../src/mac/boot-scripts";
import { parseDaemon, parseDisabled, readBootSettings, readOwnDaemons } from "../../src/mac/boot-settings";
import { daemonPath, FORMER_LABEL, LAUNCH_DAEMON_LABEL } from "../../src/mac/privileged";
import { parseAssignment } from "../../src/mac/sysctl";
import type { Runner } from "../../src/mac/runner";
import { changeGpuLimit } from "../../src/mac/gpu-limit";
import { createSampleMac } from "../stand-ins/mac";
import { cpuMs } from "../support/cpu-time";

const daemon = (label: string, ...words: string[]) =>
  `<plist><dict><key>Label</key><string>${label}</string><key>ProgramArguments</key>` +
  `<array>${words.map((word) => `<string>${word}</string>`).join("")}</array></dict></plist>`;

describe("readBootSettings", () => {
  it("finds nothing on a fresh Mac", async () => {
    expect(await readBootSettings(createSampleMac().system())).toEqual([]);
  });

  it("finds ours with its value, loaded or not", async () => {
    const mac = createSampleMac();
    const request = { mib: 57344, ramMib: 65536, bootDaemon: "install" } as const;
    await changeGpuLimit(mac, request);
    const ours = {
      kind: "launch-daemon",
      path: daemonPath(LAUNCH_DAEMON_LABEL),
      label: LAUNCH_DAEMON_LABEL,
      isFormer: false,
      valueMib: 57344,
      own: true,
      state: "loaded",
    };
    expect(await readBootSettings(mac.system())).toEqual([ours]);
    mac.faults = { daemonBootstrapFails: true };
    await changeGpuLimit(mac, { ...request, mib: 56000 });
    expect(await readBootSettings(mac.system())).toEqual([{ ...ours, valueMib: 56000, state: "not-loaded" }]);
  });

  it("finds the one of earlier releases as ours, and what the person switched off", async () => {
    const mac = createSampleMac({
      daemons: {
        [`${FORMER_LABEL}.plist`]: daemon(FORMER_LABEL, "/usr/sbin/sysctl", "iogpu.wired_limit_mb=50000"),
        "org.off.plist": daemon("org.off", "/usr/sbin/sysctl", "iogpu.wired_limit_mb=60000"),
      },
      loadedDaemons: [FORMER_LABEL],
      disabledDaemons: ["org.off"],
    });
    const former = { own: true, isFormer: true, valueMib: 50000, state: "loaded" };
    expect(await readBootSettings(mac.system())).toMatchObject([
      former,
      { own: false, label: "org.off", state: "switched-off" },
    ]);
    mac.disabledDaemons = new Set([FORMER_LABEL]);
    expect(await readOwnDaemons(mac)).toMatchObject([{ ...former, state: "switched-off" }]);
  });

  it("reads the scripts that other daemons run, and only what in them sets the limit", async () => {
    const mac = createSampleMac({
      daemons: {
        "nix.plist": daemon("nix", "/bin/sh", "-c", "/bin/wait4path /nix/store && exec /nix/store/ab-limit"),
        "plain.plist": daemon("plain", "/Library/Scripts/My Limit.sh"),
        "reads.plist": daemon("reads", "/opt/reads.sh"),
        "hidden.plist": daemon("hidden", "/opt/not-readable.sh"),
      },
      files: {
        "/nix/store/ab-limit": "#!/bin/sh\n# was iogpu.wired_limit_mb=1\nsysctl iogpu.wired_limit_mb=61440\n",
        "/Library/Scripts/My Limit.sh": 'N=5\n/usr/sbin/sysctl -w "iogpu.wired_limit_mb=$N"\n',
        "/opt/reads.sh": "sysctl -n iogpu.wired_limit_mb > /tmp/limit\n",
      },
    });
    const found = await readBootSettings(mac.system());
    expect(found).toMatchObject([
      { label: "nix", script: "/nix/store/ab-limit", valueMib: 61440, own: false },
      { label: "plain", script: "/Library/Scripts/My Limit.sh", own: false },
    ]);
    expect(found[1]).not.toHaveProperty("valueMib", expect.anything());
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
        state: "not-loaded",
      },
      {
        kind: "launch-daemon",
        path: "/Library/LaunchDaemons/b.plist",
        label: "org.b",
        own: false,
        state: "not-loaded",
      },
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

  it("looks at two hundred daemons at most and only inside their folder, a few at a time", async () => {
    const asked: string[] = [];
    let [running, most] = [0, 0];
    const run: Runner = async (file, args) => {
      if (file === "/usr/bin/plutil") asked.push(args.at(-1) ?? "");
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      const names = ["../../etc/passwd.plist", "x.sh", "."].concat(
        Array.from({ length: 500 }, (_, index) => `${index}.plist`),
      );
      return { exitCode: 0, stdout: names.join("\n"), stderr: "", missing: false, timedOut: false };
    };
    await readBootSettings({ run, platform: "darwin" });
    const others = asked.filter((path) => !path.includes("gpu-limit"));
    expect(others).toHaveLength(200);
    expect(others[0]).toBe("/Library/LaunchDaemons/0.plist");
    expect(most).toBeLessThan(40);
  });
});

describe("parsers", () => {
  it.each([
    ["iogpu.wired_limit_mb=57344", 57344],
    ["sysctl -w iogpu.wired_limit_mb = 57344", 57344],
    ['sysctl -w iogpu.wired_limit_mb="57344"', 57344],
    ['sysctl "iogpu.wired_limit_mb=57344"', 57344],
    ["iogpu.wired_limit_mb=573${X}", undefined],
    ["debug.iogpu.wired_limit=60129542144", undefined],
    ["iogpu.wired_limit_mb=$((1+1))", undefined],
    ["iogpu.wired_limit=5", undefined],
    ["debug.iogpu.wired_limit_mb=5", undefined],
    ["iogpu.wired_limit_mb=9999999999999999999", undefined],
    ["xiogpu.wired_limit_mb=5", undefined],
  ])("reads %j as %s", (text, mib) => {
    expect(parseAssignment(text)).toBe(mib);
  });

  it("survives any property list", () => {
    expect(parseDaemon('{"Label":7,"ProgramArguments":[1,null,"x=5"]}')).toEqual({ words: ["x=5"] });
    expect(parseDaemon('{"Label":"a b","Program":"/x","ProgramArguments":"x"}')).toEqual({ words: ["/x"] });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { label, words } = parseDaemon(text);
        expect(label ?? "x").toMatch(/^[\w.-]+$/);
        expect(words.every((word) => typeof word === "string")).toBe(true);
      }),
    );
  });

  it("reads what is switched off, in the words of today and of before", () => {
    const output =
      '\tdisabled services = {\n\t\t"a" => disabled\n\t\t"b" => enabled\n\t\t"c" => true\n\t\t"d" => false\n\t}\n';
    expect([...parseDisabled(output)]).toEqual(["a", "c"]);
  });

  it.each(["\n", " ", "\t", '"a" => disabled '])(
    "takes time in proportion to an output that repeats %j",
    async (text) => {
      expect(await cpuMs(() => parseDisabled(text.repeat(60_000)))).toBeLessThan(500);
    },
  );

  it("takes paths out of words, but no program of macOS", () => {
    expect(scriptPaths(["/bin/sh", "-c", "exec /opt/a.sh --to=/tmp/log; /usr/sbin/sysctl -a|/opt/b"])).toEqual([
      "/opt/a.sh",
      "/tmp/log",
      "/opt/b",
    ]);
    expect(scriptPaths(["/usr/bin/python3", "/Users/sam/My Scripts/x.py"])).toContain("/Users/sam/My Scripts/x.py");
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(scriptPaths(words).every((path) => path.startsWith("/"))).toBe(true);
      }),
    );
  });

  it("tells files with a colon in their names apart", () => {
    const hits = parseScriptHits("/a:b:iogpu.wired_limit_mb=5\n/a:iogpu.wired_limit_mb=6\n", ["/a", "/a:b"]);
    expect([...hits]).toEqual([
      ["/a:b", { valueMib: 5 }],
      ["/a", { valueMib: 6 }],
    ]);
  });
});
