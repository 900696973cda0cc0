import { describe, expect, it } from "vitest";
import type { Runner } from "../../src/mac/runner";
import SetGpuLimit from "../../src/set-gpu-limit";
import { createSampleMac, type MacFaults, type StandInMac } from "../stand-ins/mac";
import { doesNotSay, renderCommand, type Screen, setPreferences, UNREADABLE } from "../support";

const KEY = "debug.lowpri_throttle_enabled";
const OFF = "Switch Off Disk Throttle";
const ON = "Switch On Disk Throttle";
const IS_OFF = /disk throttle is off/;
const IS_ON = /disk throttle is on\b/;
const NOT_GPU = /nothing to do with GPU memory/;

/** The form on a Mac without Ollama; `run` may stand between it and the Mac. */
async function openForm(mac: StandInMac, run: Runner = mac.run): Promise<Screen> {
  setPreferences({ ollamaHost: "http://127.0.0.1:9" });
  const screen = await renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: { ...mac.system(), run } });
  await screen.action("Other Settings");
  return screen;
}

/** A Mac whose throttle reads as `answer` once a prompt was shown, whatever was set. */
function readsBack(mac: StandInMac, answer: string | undefined): Runner {
  return async (file, args, options) => {
    const result = await mac.run(file, args, options);
    if (mac.prompts.length === 0 || args.at(-1) !== KEY) return result;
    return answer === undefined ? { ...result, exitCode: 1, stdout: "" } : { ...result, stdout: `${answer}\n` };
  };
}

describe("the disk throttle in Set GPU Limit", () => {
  it("says what is in force and what it is about", async () => {
    const screen = await openForm(createSampleMac());
    screen.says(/Disk Throttle On/, "Time Machine", "Spotlight", NOT_GPU);
    expect(screen.actions()).toContain(OFF);
    expect(screen.actions()).not.toContain(ON);
  });

  it("is switched off after a yes, with one prompt, and on again", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac);
    await screen.action(OFF);
    expect(mac.prompts).toEqual([]);
    const { destructive } = screen.alert("Time Machine", "Spotlight", NOT_GPU, "restart", "password");
    expect(destructive).toBe(true);
    await screen.agree("Switch Off");
    expect(screen.alerts()).toHaveLength(1);
    expect(mac.prompts).toEqual([
      "GPU Limit wants to change the disk throttle for background tasks, until the next restart.",
    ]);
    expect(mac.sysctls.get(KEY)).toBe("0");
    expect(mac.limitMib()).toBe(0);
    expect(screen.toast("SUCCESS", IS_OFF, "restart").actions).toEqual([]);
    screen.says(/Disk Throttle Off/);

    await screen.action(ON);
    expect(screen.alert(NOT_GPU, "password").destructive).toBe(false);
    await screen.agree("Switch On");
    expect(mac.sysctls.get(KEY)).toBe("1");
    screen.toast("SUCCESS", IS_ON);
    screen.says(/Disk Throttle On/);
  });

  it("waits for the prompt with the window out of the way, and keeps the form", async () => {
    const mac = createSampleMac({ faults: { hang: true } });
    const screen = await openForm(mac);
    await screen.agree("Switch Off");
    await screen.press(OFF);
    await screen.until(() => mac.prompts.length === 1);
    expect(screen.text()).toContain("(Raycast's window is closed)");
    screen.toast("ANIMATED", "password");
    mac.answerPrompt("allow");
    await screen.settle();
    expect(screen.toasts()).toHaveLength(1);
    screen.toast("SUCCESS", IS_OFF);
    expect(screen.closed()).toBe(false);
  });

  it("stays as it is after a no", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac);
    await screen.agree("Cancel");
    await screen.action(OFF);
    expect(mac.prompts).toEqual([]);
    expect(screen.toasts()).toEqual([]);
  });

  it("says after Cancel that nothing changed, as no failure", async () => {
    const screen = await openForm(createSampleMac({ faults: { cancel: true } }));
    await screen.agree("Switch Off");
    await screen.action(OFF);
    expect(screen.toast("SUCCESS", "Nothing changed", IS_ON).actions).toEqual(["Copy Command"]);
  });

  it.each<[MacFaults, RegExp | string]>([
    [{ wrongPassword: true }, /password (?:was|is) not accepted|wrong password/i],
    [{ notPermitted: true }, "an administrator account"],
    [{ timeoutReached: true }, /no answer|too long/i],
    [{ sysctlRefuses: true }, `sysctl: ${KEY}=0: Invalid argument`],
  ])("has its own words for %j and offers the command", async (faults, reason) => {
    const mac = createSampleMac({ faults });
    const screen = await openForm(mac);
    await screen.agree("Switch Off");
    await screen.action(OFF);
    expect(screen.toast("FAILURE", reason, IS_ON).actions).toEqual(["Copy Command"]);
    expect(mac.sysctls.get(KEY)).toBe("1");
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe(`sudo /usr/sbin/sysctl ${KEY}=0`);
  });

  it("says that it is off where the prompt was given up but went on", async () => {
    const screen = await openForm(createSampleMac({ faults: { timeoutReached: "applied" } }));
    await screen.agree("Switch Off");
    await screen.action(OFF);
    screen.toast("FAILURE", "set", /prompt/, IS_OFF);
    screen.says(/Disk Throttle Off/);
  });

  it("believes what reads back, not what was asked for", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac, readsBack(mac, "1"));
    await screen.agree("Switch Off");
    await screen.action(OFF);
    screen.toast("FAILURE", "another value", IS_ON);
    screen.says(/Disk Throttle On/);
  });

  it("claims nothing that cannot be read back, and then offers nothing", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac, readsBack(mac, undefined));
    await screen.agree("Switch Off");
    await screen.action(OFF);
    const { title, message } = screen.toast("FAILURE", UNREADABLE);
    doesNotSay(`${title}. ${message}`, /(?<!whether )the disk throttle is o/);
    screen.says(/Disk Throttle Unknown/, KEY, UNREADABLE);
    expect(screen.actions()).not.toContain(OFF);
  });

  it("passes on what else goes wrong", async () => {
    const mac = createSampleMac();
    const run: Runner = async (file, args, options) =>
      file === "/usr/bin/osascript" && args.length === 5
        ? { exitCode: 1, stdout: "", stderr: "0:9: execution error: No luck (-1)\n", missing: false, timedOut: false }
        : mac.run(file, args, options);
    const screen = await openForm(mac, run);
    await screen.agree("Switch Off");
    await screen.action(OFF);
    screen.toast("FAILURE", "No luck", IS_ON);
  });

  it.each(["7", ""])("is not offered where the kernel says %j", async (value) => {
    const mac = createSampleMac();
    mac.sysctls.set(KEY, value);
    const screen = await openForm(mac);
    screen.says(/Disk Throttle Unknown/, KEY, UNREADABLE);
    expect(screen.actions().filter((title) => /Throttle/.test(title))).toEqual([]);
  });

  it("is not offered where the kernel does not know it", async () => {
    const mac = createSampleMac();
    mac.sysctls.delete(KEY);
    const screen = await openForm(mac);
    screen.says(/Disk Throttle Unknown/);
    expect(screen.actions().filter((title) => /Throttle/.test(title))).toEqual([]);
  });
});
