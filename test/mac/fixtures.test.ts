/** Outputs of real Macs, or composed from Apple's source: the first line of each file says where it's from. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTop, quitApp } from "../../src/mac/apps";
import { MACHINE_KEYS, parseDeviceList, readMachine } from "../../src/mac/machine";
import { parseGpuStatistics, parseVmStat } from "../../src/mac/memory-status";
import { scriptErrorCode } from "../../src/mac/privileged";
import { parseProcesses } from "../../src/mac/processes";
import type { Runner } from "../../src/mac/runner";
import { parseSysctls } from "../../src/mac/sysctl";

const FOLDER = "test/fixtures/mac";
const MIB = 1024 ** 2;
const PAGE = 16_384;

const read = (name: string) => readFileSync(`${FOLDER}/${name}`, "utf8").replace(/^#.*\n/, "");
const readers = (prefix: string) => readdirSync(FOLDER).filter((name) => name.startsWith(prefix));

describe("outputs of real Macs", () => {
  it("are all read by a test", () => {
    const kinds = ["devices-", "ioreg-", "osascript-", "ps-", "serverlog-", "sysctl-", "top-", "vm_stat-"];
    expect(readdirSync(FOLDER).filter((name) => !kinds.some((kind) => name.startsWith(kind)))).toEqual([]);
    for (const name of readdirSync(FOLDER)) expect(readFileSync(`${FOLDER}/${name}`, "utf8")).toMatch(/^# \S/);
  });

  it("of llama-server name the limit", () => {
    expect(parseDeviceList(read("devices-m1max.txt"))).toBe(26_000 * MIB);
  });

  it.each([
    ["ioreg-m1pro-17gb.txt", 21_343_043_584, 507_330_560],
    ["ioreg-m4.txt", 2_679_144_448, 725_286_912],
    ["ioreg-m4-b.txt", 635_551_744, 33_390_592],
  ])("of ioreg give the GPU's memory: %s", (name, gpuAllocatedBytes, gpuInUseBytes) => {
    expect(parseGpuStatistics(read(name))).toEqual({ gpuAllocatedBytes, gpuInUseBytes });
    expect(readers("ioreg-")).toHaveLength(3);
  });

  it("of vm_stat give what is used, wired and compressed", () => {
    expect(parseVmStat(read("vm_stat-m1.txt"))).toEqual({
      usedBytes: (194_947 + 191_193 + 3_014 + 159_117 + 454_496 - 630 - 141_843) * PAGE,
      wiredBytes: 159_117 * PAGE,
      compressedBytes: 454_496 * PAGE,
    });
  });

  it.each([
    ["top-m1-12.3.1.txt", 8, { pid: 1521, command: "firefox", bytes: 1119 * MIB, isRounded: false }],
    ["top-10.14.txt", 5, { pid: 38091, command: "Shrook", bytes: 1946 * MIB, isRounded: false }],
  ])("of top give every row: %s", (name, rows, first) => {
    const found = parseTop(read(name));
    expect(found).toHaveLength(rows);
    expect(found[0]).toEqual(first);
    expect(readers("top-")).toHaveLength(2);
  });

  it("of osascript tell by their number, in any language, what was refused", async () => {
    const lines = read("osascript-errors.txt").trim().split("\n");
    expect(lines.map(scriptErrorCode)).toEqual([-1743, -1743, -128]);
    const app = { name: "Notes", bundlePath: "/Applications/Notes.app", bytes: 1, isRounded: false, pids: [7] };
    const outcomes = lines.map(async (stderr) => {
      const run: Runner = async () => ({
        exitCode: 1,
        stdout: "",
        stderr: `${stderr}\n`,
        missing: false,
        timedOut: false,
      });
      return (await quitApp({ run, userId: 501 }, { ...app, kind: "app" })).kind;
    });
    expect(await Promise.all(outcomes)).toEqual(["not-permitted", "not-permitted", "declined"]);
  });

  it("of sysctl on macOS 13 end at the first key it doesn't know, and the Mac is explained all the same", async () => {
    const output = read("sysctl-machine-macos13.txt");
    expect(parseSysctls(output, MACHINE_KEYS).get("kern.osproductversion")).toBe("13.7.8");
    const run: Runner = async (file) => ({
      exitCode: 1,
      stdout: file === "/usr/sbin/sysctl" ? output : "",
      stderr: "",
      missing: false,
      timedOut: false,
    });
    const machine = await readMachine({ run, platform: "darwin", arch: "arm64" });
    expect(machine).toMatchObject({ kind: "old-macos", reason: expect.stringContaining("macOS 13.7.8") });
  });

  it.each(["ps-app-login.txt", "ps-brew.txt"])("of ps give every process: %s", (name) => {
    expect(parseProcesses(read(name))).toHaveLength(read(name).trim().split("\n").length);
    expect(readers("ps-")).toHaveLength(2);
  });
});
