import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BUNDLED_LLAMA_SERVERS,
  MACHINE_KEYS,
  parseDeviceList,
  parseMacosVersion,
  readMachine,
} from "../../src/mac/machine";
import { parseMetalReading } from "../../src/mac/metal-probe";
import type { Runner, RunResult } from "../../src/mac/runner";
import { parseSysctls, parseWhole } from "../../src/mac/sysctl";
import { createSampleMac, createStandInMac } from "../stand-ins/mac";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** A Mac of which only sysctl's output is known. */
function macThatPrints(stdout: string, rest: Partial<RunResult> = {}): Runner {
  return async (file) =>
    file === "/usr/sbin/sysctl"
      ? { exitCode: 0, stdout, stderr: "", missing: false, timedOut: false, ...rest }
      : { stdout: "", stderr: "", missing: true, timedOut: false };
}

describe("readMachine", () => {
  it("reads an Apple Silicon Mac with two programs", async () => {
    const mac = createSampleMac();
    expect(await readMachine(mac.system())).toEqual({
      kind: "apple-silicon",
      chip: "Apple M4 Pro",
      ramBytes: 64 * GIB,
      macos: { major: 26, text: "26.6.1" },
      overrideMib: 0,
      bootSession: mac.sysctls.get("kern.bootsessionuuid"),
      metal: { chip: "Apple M4 Pro", workingSetBytes: 55662788608, maxBufferBytes: 41747091456 },
    });
    expect(mac.calls.map(({ file }) => file)).toEqual(["/usr/sbin/sysctl", "/usr/bin/osascript"]);
  });

  it.each([
    [8, "26.3.2", 5726633984],
    [32, "26.4", 26800603136],
    [256, "26.2", 239143780352],
    [36, "15.6", 27 * GIB],
    [256, "15.6", 223338299392],
  ])("gets from Metal what was measured on %i GB with macOS %s", async (ramGib, macos, bytes) => {
    const machine = await readMachine(createStandInMac({ ramGib, macos }).system());
    expect(machine).toMatchObject({ kind: "apple-silicon" });
    const workingSet = machine.kind === "apple-silicon" ? (machine.metal?.workingSetBytes ?? 0) : 0;
    expect(Math.abs(workingSet - bytes)).toBeLessThan(MIB);
  });

  it("sees an override in the kernel value and in Metal's, but not in maxBufferLength", async () => {
    const machine = await readMachine(createSampleMac({ overrideMib: 57344 }).system());
    expect(machine).toMatchObject({
      overrideMib: 57344,
      metal: { workingSetBytes: 57344 * MIB, maxBufferBytes: 41747091456 },
    });
  });

  it.each(["14.0", "14.3.1", "14.4", "15.6"])("reads every key on macOS %s", async (macos) => {
    const machine = await readMachine(createStandInMac({ ramGib: 32, macos, overrideMib: 24576 }).system());
    expect(machine).toMatchObject({ kind: "apple-silicon", overrideMib: 24576 });
  });

  it("shows the low-water mark only where some tool set it", async () => {
    const mac = createSampleMac();
    expect(await readMachine(mac.system())).not.toHaveProperty("lowWaterMib", expect.anything());
    mac.sysctls.set("iogpu.wired_lwm_mb", "20000");
    expect(await readMachine(mac.system())).toMatchObject({ lowWaterMib: 20_000 });
  });

  it.each([
    ["does not answer", { metalHangs: true }],
    ["is not there", { metalMissing: true }],
  ])("asks Ollama's llama-server when Metal %s", async (_name, faults) => {
    const machine = await readMachine(createSampleMac({ faults, overrideMib: 57344 }).system());
    expect(machine).toMatchObject({ kind: "apple-silicon", chip: "Apple M4 Pro", listedDeviceBytes: 57344 * MIB });
    expect(machine).not.toHaveProperty("metal", expect.anything());
    const brew = createSampleMac({ faults, ollama: "homebrew" });
    expect(await readMachine(brew.system())).toMatchObject({ listedDeviceBytes: 53084 * MIB });
    expect(brew.calls.map(({ file }) => file).slice(2)).toEqual([...BUNDLED_LLAMA_SERVERS]);
  });

  it("goes on without either", async () => {
    const machine = await readMachine(createSampleMac({ faults: { metalHangs: true }, ollama: "none" }).system());
    expect(machine).toMatchObject({ kind: "apple-silicon", overrideMib: 0 });
    expect(machine).not.toHaveProperty("listedDeviceBytes", expect.anything());
  });

  it.each([
    ["an Intel Mac", createStandInMac({ ramGib: 32, intel: true }).system(), "intel"],
    ["macOS 13", createStandInMac({ ramGib: 32, macos: "13.7.8" }).system(), "old-macos"],
    ["a virtual machine", createStandInMac({ ramGib: 8, vm: true }).system(), "virtual-machine"],
    ["another system", createStandInMac({ ramGib: 32 }).system({ platform: "linux" }), "not-a-mac"],
    ["a sysctl that hangs", createStandInMac({ ramGib: 32, faults: { sysctlHangs: true } }).system(), "unreadable"],
  ])("explains %s", async (_name, system, kind) => {
    expect(await readMachine(system)).toEqual({ kind, reason: expect.stringMatching(/^[A-Za-z].+\.$/) });
  });

  it("runs nothing on another system", async () => {
    const mac = createSampleMac();
    await readMachine(mac.system({ platform: "linux" }));
    expect(mac.calls).toEqual([]);
  });

  it("knows Apple Silicon under Rosetta", async () => {
    const run = macThatPrints(
      "hw.memsize: 17179869184\nmachdep.cpu.brand_string: VirtualApple @ 2.50GHz\nsysctl.proc_translated: 1\niogpu.wired_limit_mb: 0\n",
    );
    const machine = await readMachine({ run, platform: "darwin", arch: "x64" });
    expect(machine).toEqual({
      kind: "apple-silicon",
      ramBytes: 16 * GIB,
      overrideMib: 0,
    });
  });

  it("accepts chips that are no M", async () => {
    const machine = await readMachine(createStandInMac({ ramGib: 8, chip: "Apple A18 Pro" }).system());
    expect(machine).toMatchObject({ chip: "Apple A18 Pro" });
  });

  it("takes what is printed though sysctl complains of a missing key", async () => {
    const run = macThatPrints("hw.memsize: 17179869184\nhw.optional.arm64: 1\n", {
      exitCode: 1,
      stderr: "sysctl: unknown oid 'iogpu.wired_limit_mb'\n",
    });
    const machine = await readMachine({ run, platform: "darwin", arch: "arm64" });
    expect(machine).toEqual({ kind: "apple-silicon", ramBytes: 16 * GIB });
  });

  it("leaves an override out that is no number, rather than taking 0", async () => {
    const run = macThatPrints("hw.memsize: 17179869184\niogpu.wired_limit_mb: -5\n");
    const machine = await readMachine({ run, platform: "darwin", arch: "arm64" });
    expect(machine).toMatchObject({ kind: "apple-silicon" });
    expect(machine).not.toHaveProperty("overrideMib", expect.anything());
  });

  it("survives whatever the programs print", async () => {
    const line = fc.tuple(fc.constantFrom(...MACHINE_KEYS), fc.oneof(fc.string(), fc.nat().map(String)));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.string({ unit: "binary" }), async (lines, answer) => {
        const printed = lines.map(([key, value]) => `${key}: ${value}`).join("\n");
        const run: Runner = async (file) => ({
          exitCode: 0,
          stdout: file === "/usr/sbin/sysctl" ? printed : answer,
          stderr: answer,
          missing: false,
          timedOut: false,
        });
        const machine = await readMachine({ run, platform: "darwin", arch: "arm64" });
        if (machine.kind !== "apple-silicon") return;
        expect(machine.ramBytes).toBeGreaterThan(0);
        expect(Number.isSafeInteger(machine.overrideMib ?? 0)).toBe(true);
        expect(machine.metal?.workingSetBytes ?? 1).toBeGreaterThan(0);
      }),
    );
  });
});

describe("parsers", () => {
  it("reads Metal's answer from a real Mac", () => {
    const answer = '{"chip":"Apple M1","workingSetBytes":5726633984,"maxBufferBytes":4294967296,"unified":true}\n';
    expect(parseMetalReading(answer)).toEqual({
      chip: "Apple M1",
      workingSetBytes: 5726633984,
      maxBufferBytes: 4294967296,
    });
  });

  it.each([
    "",
    "null",
    "[]",
    "7",
    '{"workingSetBytes":0}',
    '{"workingSetBytes":"5"}',
    '{"workingSetBytes":1e400}',
    "{",
  ])("takes no Metal answer from %j", (text) => {
    expect(parseMetalReading(text)).toBeUndefined();
  });

  it("keeps the size when the rest of Metal's answer is odd", () => {
    expect(parseMetalReading('{"chip":"a\\nb","workingSetBytes":5,"maxBufferBytes":-1}')).toEqual({
      workingSetBytes: 5,
    });
  });

  it("reads device lists of both forms", () => {
    expect(parseDeviceList("Available devices:\n  MTL0: Apple M1 Max (26000 MiB, 25999 MiB free)\n")).toBe(26000 * MIB);
    expect(parseDeviceList("  Metal: Apple M3 Max (98304 MiB, 98303 MiB free)")).toBe(98304 * MIB);
    expect(parseDeviceList("  BLAS: Accelerate (0 MiB, 0 MiB free)")).toBeUndefined();
    expect(parseDeviceList("  MTL0: Apple M1 (0 MiB, 0 MiB free)")).toBeUndefined();
    expect(parseDeviceList("")).toBeUndefined();
  });

  it("reads sysctl lines of the keys asked for, the first of each", () => {
    const output = "a: 1\nb: x: y\na: 2\nc: 3\nnonsense\n: 4\n";
    expect([...parseSysctls(output, ["a", "b", ""])]).toEqual([
      ["a", "1"],
      ["b", "x: y"],
    ]);
  });

  it("reads whole numbers only", () => {
    expect(
      ["0", "57344", "-1", "1.5", "1e3", "", " 1", "9007199254740993", "99999999999999999"].map(parseWhole),
    ).toEqual([0, 57344, ...Array<undefined>(7).fill(undefined)]);
  });

  it("reads versions of macOS", () => {
    expect(parseMacosVersion("26.6.1")).toEqual({ major: 26, text: "26.6.1" });
    expect(parseMacosVersion("27")).toEqual({ major: 27, text: "27" });
    expect([undefined, "", "x", "26.", "1.2.3.4"].map((text) => parseMacosVersion(text))).toEqual(
      Array(5).fill(undefined),
    );
  });
});
