import { afterEach, describe, expect, it } from "vitest";
import ResetGpuLimit from "../../src/reset-gpu-limit";
import { createStandInMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { runNoView, UNREADABLE } from "../support";

const OWN = "local.gpu-limit.wired-limit";
const DAEMON = {
  [`${OWN}.plist`]: `<plist version="1.0"><dict><key>Label</key><string>${OWN}</string><key>ProgramArguments</key><array><string>/usr/sbin/sysctl</string><string>iogpu.wired_limit_mb=57344</string></array></dict></plist>`,
};
const OTHER = { "org.example.vram.plist": DAEMON[`${OWN}.plist`]?.replaceAll(OWN, "org.example.vram") ?? "" };

const macs: StandInMac[] = [];
afterEach(() => expect(macs.splice(0).flatMap((mac) => mac.unknownCommands)).toEqual([]));

function createMac(options: Partial<StandInMacOptions> = {}): StandInMac {
  const mac = createStandInMac({ ramGib: 64, ...options });
  macs.push(mac);
  return mac;
}

function reset(mac: StandInMac, ...answers: string[]) {
  return runNoView(ResetGpuLimit, { command: "reset-gpu-limit", system: mac.system(), answers });
}

describe("Reset GPU Limit", () => {
  it("asks, resets behind one prompt and says what is in force", async () => {
    const mac = createMac({ overrideMib: 57_344 });
    const seen = await reset(mac, "Reset");
    const { destructive } = seen.alert("57,344 MiB", "56.0 GiB", "53,084 MiB", "51.8 GiB", /models? may/);
    expect(destructive).toBe(true);
    expect(seen.alerts()).toHaveLength(1);
    expect(mac.prompts).toHaveLength(1);
    expect(mac.limitMib()).toBe(0);
    seen.toast("SUCCESS", "macOS default");
  });

  it("resets nothing after a no", async () => {
    const mac = createMac({ overrideMib: 57_344, daemons: DAEMON });
    const seen = await reset(mac, "Cancel");
    expect(mac.prompts).toEqual([]);
    expect(mac.limitMib()).toBe(57_344);
    expect(mac.daemons.size).toBe(1);
    expect(seen.toasts()).toEqual([]);
  });

  it("has nothing to do where macOS decides already", async () => {
    const mac = createMac();
    const seen = await reset(mac);
    expect(seen.toast("SUCCESS", "macOS", /already/).actions).toEqual([]);
    expect(mac.prompts).toEqual([]);
  });

  it.each([57_344, 0])("removes our LaunchDaemon with it, at a limit of %d MiB", async (overrideMib) => {
    const mac = createMac({ overrideMib, daemons: { ...DAEMON, ...OTHER } });
    const seen = await reset(mac, "Reset");
    seen.alert("LaunchDaemon", /removed/);
    expect(mac.prompts).toHaveLength(1);
    expect(mac.limitMib()).toBe(0);
    expect([...mac.daemons.keys()]).toEqual(["org.example.vram.plist"]);
    mac.reboot();
    expect(mac.daemons.has(`${OWN}.plist`)).toBe(false);
  });

  it("changes nothing where the prompt is cancelled, and says so", async () => {
    const mac = createMac({ overrideMib: 57_344, daemons: DAEMON, faults: { cancel: true } });
    const seen = await reset(mac, "Reset");
    expect(seen.toast("SUCCESS", "Nothing changed", "57,344 MiB", "56.0 GiB").actions).toEqual(["Copy Command"]);
    expect(mac.limitMib()).toBe(57_344);
    expect(mac.daemons.size).toBe(1);
  });

  it("believes the value that reads back", async () => {
    const mac = createMac({ overrideMib: 57_344, faults: { lies: 57_344 } });
    const seen = await reset(mac, "Reset");
    expect(seen.toast("FAILURE", "macOS default", "In force: 57,344 MiB").actions).toEqual(["Copy Command"]);
  });

  it.each([
    ["an Intel Mac", { intel: true }, "Intel processor"],
    ["a virtual machine", { vm: true }, "virtual machine"],
    ["macOS 13", { macos: "13.6.1" }, "This Mac runs macOS 13.6.1."],
    ["a Mac that does not answer", { faults: { sysctlHangs: true } }, UNREADABLE],
  ])("explains %s and asks nothing", async (_, options, reason) => {
    const mac = createMac(options);
    const seen = await reset(mac);
    seen.toast("FAILURE", reason);
    expect(mac.prompts).toEqual([]);
  });
});
