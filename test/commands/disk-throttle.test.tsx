import { describe, expect, it } from "vitest";
import type { Runner } from "../../src/mac/runner";
import SetGpuLimit from "../../src/set-gpu-limit";
import { createSampleMac, type MacFaults, type StandInMac } from "../stand-ins/mac";
import { renderCommand, type Screen, setPreferences } from "../support";

const KEY = "debug.lowpri_throttle_enabled";
const OFF = "Switch Off Disk Throttle";
const ON = "Switch On Disk Throttle";
const NOT_GPU = "This setting has nothing to do with GPU memory.";

/** The form on a Mac without Ollama; `run` may stand between it and the Mac. */
async function openForm(mac: StandInMac, run: Runner = mac.run): Promise<Screen> {
  setPreferences({ ollamaHost: "http://127.0.0.1:9" });
  return renderCommand(<SetGpuLimit />, { command: "set-gpu-limit", system: { ...mac.system(), run } });
}

const words = (screen: Screen) => screen.text().replace(/\s+/g, " ");

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
    expect(words(screen)).toContain(
      `Disk Throttle On, the default of macOS: background tasks such as Time Machine and Spotlight give way to your apps at the disk. ${NOT_GPU}`,
    );
    expect(screen.actions()).toContain(OFF);
    expect(screen.actions()).not.toContain(ON);
  });

  it("is switched off after a yes, with one prompt, and on again", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac);
    await screen.press(OFF);
    await screen.until("Switch off the disk throttle?");
    expect(mac.prompts).toEqual([]);
    await screen.confirm(true);
    expect(screen.alerts()).toMatchObject([
      {
        message:
          "Background tasks such as Time Machine and Spotlight may then compete with your apps for the disk. This has nothing to do with GPU memory and makes no model fit. It lasts until the next restart. macOS asks for an administrator password.",
        primary: "Switch Off",
        destructive: true,
      },
    ]);
    expect(mac.prompts).toEqual([
      "GPU Limit wants to change the disk throttle for background tasks, until the next restart.",
    ]);
    expect(mac.sysctls.get(KEY)).toBe("0");
    expect(mac.limitMib()).toBe(0);
    expect(screen.toasts()).toEqual([
      {
        style: "SUCCESS",
        title: "Disk throttle is off",
        message: "Until the next restart, background tasks compete with your apps for the disk.",
        actions: [],
      },
    ]);
    expect(words(screen)).toContain("Disk Throttle Off until the next restart: ");

    await screen.confirm(true);
    await screen.action(ON);
    expect(screen.alerts().at(-1)).toMatchObject({ primary: "Switch On", destructive: false });
    expect(mac.sysctls.get(KEY)).toBe("1");
    expect(screen.toasts().at(-1)).toMatchObject({ style: "SUCCESS", title: "Disk throttle is on" });
    expect(words(screen)).toContain("Disk Throttle On, the default of macOS");
  });

  it("waits for the prompt with the window out of the way, and keeps the form", async () => {
    const mac = createSampleMac({ faults: { hang: true } });
    const screen = await openForm(mac);
    await screen.confirm(true);
    await screen.press(OFF);
    await screen.until(() => mac.prompts.length === 1);
    expect(screen.text()).toContain("(Raycast's window is closed)");
    expect(screen.toasts()).toMatchObject([{ style: "ANIMATED", title: "Waiting for the administrator password" }]);
    mac.answerPrompt("allow");
    await screen.settle();
    expect(screen.toasts()).toMatchObject([{ style: "SUCCESS", title: "Disk throttle is off" }]);
    expect(screen.closed()).toBe(false);
  });

  it("stays as it is after a no", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac);
    await screen.confirm(false);
    await screen.action(OFF);
    expect(mac.prompts).toEqual([]);
    expect(screen.toasts()).toEqual([]);
  });

  it("says after Cancel that nothing changed, as no failure", async () => {
    const screen = await openForm(createSampleMac({ faults: { cancel: true } }));
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toEqual([
      { style: "SUCCESS", title: "Nothing Changed", message: "The disk throttle is on.", actions: [] },
    ]);
  });

  it.each<[MacFaults, string, string]>([
    [{ wrongPassword: true }, "Wrong password", "The administrator name or password was not accepted."],
    [{ notPermitted: true }, "Not permitted", "macOS did not allow it. An administrator account is needed."],
    [{ timeoutReached: true }, "No answer to the password prompt", "The prompt was open for too long."],
    [{ sysctlRefuses: true }, "macOS refused the value", `sysctl: ${KEY}=0: Invalid argument.`],
  ])("has its own words for %j and offers the command", async (faults, title, message) => {
    const mac = createSampleMac({ faults });
    const screen = await openForm(mac);
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toEqual([
      { style: "FAILURE", title, message: `${message} The disk throttle is on.`, actions: ["Copy Command"] },
    ]);
    expect(mac.sysctls.get(KEY)).toBe("1");
    await screen.toastAction("Copy Command");
    expect(screen.clipboard()).toBe(`sudo /usr/sbin/sysctl ${KEY}=0`);
  });

  it("says that it is off where the prompt was given up but went on", async () => {
    const screen = await openForm(createSampleMac({ faults: { timeoutReached: "applied" } }));
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toMatchObject([
      {
        style: "FAILURE",
        title: "Set, though the prompt was given up",
        message: "The command went on behind the prompt. The disk throttle is off.",
      },
    ]);
    expect(words(screen)).toContain("Disk Throttle Off until the next restart");
  });

  it("believes what reads back, not what was asked for", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac, readsBack(mac, "1"));
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toMatchObject([
      {
        style: "FAILURE",
        title: "Another value is in force",
        message: "Asked to switch it off. The disk throttle is on.",
      },
    ]);
    expect(words(screen)).toContain("Disk Throttle On");
  });

  it("claims nothing that cannot be read back, and then offers nothing", async () => {
    const mac = createSampleMac();
    const screen = await openForm(mac, readsBack(mac, undefined));
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toMatchObject([
      {
        style: "FAILURE",
        title: "Set, but not confirmed",
        message: "The value could not be read back. Whether the disk throttle is on could not be read.",
      },
    ]);
    expect(words(screen)).toContain(`Disk Throttle Unknown: ${KEY} could not be read.`);
    expect(screen.actions()).not.toContain(OFF);
  });

  it("passes on what else goes wrong", async () => {
    const mac = createSampleMac();
    const run: Runner = async (file, args, options) =>
      file === "/usr/bin/osascript" && args.length === 5
        ? { exitCode: 1, stdout: "", stderr: "0:9: execution error: No luck (-1)\n", missing: false, timedOut: false }
        : mac.run(file, args, options);
    const screen = await openForm(mac, run);
    await screen.confirm(true);
    await screen.action(OFF);
    expect(screen.toasts()).toMatchObject([
      {
        style: "FAILURE",
        title: "The disk throttle could not be changed",
        message: "No luck. The disk throttle is on.",
      },
    ]);
  });

  it.each(["7", ""])("is not offered where the kernel says %j", async (value) => {
    const mac = createSampleMac();
    mac.sysctls.set(KEY, value);
    const screen = await openForm(mac);
    expect(words(screen)).toContain(`Disk Throttle Unknown: ${KEY} could not be read.`);
    expect(screen.actions().filter((title) => /Throttle/.test(title))).toEqual([]);
  });

  it("is not offered where the kernel does not know it", async () => {
    const mac = createSampleMac();
    mac.sysctls.delete(KEY);
    const screen = await openForm(mac);
    expect(words(screen)).toContain("Disk Throttle Unknown");
    expect(screen.actions().filter((title) => /Throttle/.test(title))).toEqual([]);
  });
});
