import { afterEach, describe, expect, it } from "vitest";
import CopyGpuLimitCommand from "../../src/copy-gpu-limit-command";
import { createStandInMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { runNoView, setPreferences } from "../support";

const macs: StandInMac[] = [];
afterEach(() => {
  // Copying changes nothing, whatever was typed.
  for (const mac of macs.splice(0)) {
    expect(mac.unknownCommands).toEqual([]);
    expect(mac.prompts).toEqual([]);
  }
});

async function copy(mebibytes: string | undefined, options: Partial<StandInMacOptions> = {}) {
  const mac = createStandInMac({ ramGib: 64, ...options });
  macs.push(mac);
  const seen = await runNoView(CopyGpuLimitCommand, {
    command: "copy-gpu-limit-command",
    system: mac.system(),
    arguments: mebibytes === undefined ? {} : { mebibytes },
  });
  return { copied: seen.clipboard(), huds: seen.huds(), toasts: seen.toasts() };
}

describe("Copy GPU Limit Command", () => {
  it.each([undefined, "", "  "])("copies the recommended limit for the argument %j", async (argument) => {
    expect(await copy(argument)).toEqual({
      copied: "sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344",
      huds: ["Copied the command for 57,344 MiB (56.0 GiB)"],
      toasts: [],
    });
  });

  it("recommends by the reserve in the preferences", async () => {
    setPreferences({ reserveGib: "10" });
    expect((await copy("")).copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=55296");
  });

  it.each(["56000", " 56,000 ", "56000 MiB"])("copies what is typed: %j", async (argument) => {
    expect(await copy(argument)).toMatchObject({
      copied: "sudo /usr/sbin/sysctl iogpu.wired_limit_mb=56000",
      huds: ["Copied the command for 56,000 MiB (54.7 GiB)"],
    });
  });

  it("copies the way back to the default of macOS for 0", async () => {
    expect(await copy("0")).toMatchObject({
      copied: "sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0",
      huds: ["Copied the command for the macOS default"],
    });
  });

  it("copies the key and the bytes of macOS 13", async () => {
    expect((await copy("56000", { macos: "13.6.1" })).copied).toBe(
      "sudo /usr/sbin/sysctl debug.iogpu.wired_limit=58720256000",
    );
  });

  it.each([
    ["60000", "less than the 8.0 GiB advised for this Mac."],
    ["62000", "Macs with so little left were reported to freeze"],
    ["40000", "This is less than macOS allows by default"],
  ])("warns of %s MiB", async (argument, warning) => {
    const { copied, huds } = await copy(argument);
    expect(copied).toBe(`sudo /usr/sbin/sysctl iogpu.wired_limit_mb=${argument}`);
    expect(huds).toEqual([expect.stringContaining(warning)]);
  });

  it.each(["lots", "56.5", "-1", "0x10", "1e5", "57344; reboot", "$(reboot)", "56 GiB", "99999999999"])(
    "copies nothing for %j",
    async (argument) => {
      expect(await copy(argument)).toEqual({
        copied: undefined,
        huds: [],
        toasts: [
          {
            style: "FAILURE",
            title: "Nothing copied",
            message: `"${argument}" is no whole number of MiB.`,
            actions: [],
          },
        ],
      });
    },
  );

  it.each([
    ["63489", "Below 2.0 GiB the Mac may freeze"],
    ["65537", "is more than this Mac has (64.0 GiB)."],
    ["100", "is too little for any model."],
  ])("refuses %s MiB with the reason", async (argument, reason) => {
    const { copied, toasts } = await copy(argument);
    expect(copied).toBeUndefined();
    expect(toasts).toMatchObject([{ title: "Nothing copied", message: expect.stringContaining(reason) }]);
  });

  it("says on an 8 GB Mac that there is nothing to gain, and copies the way back", async () => {
    expect(await copy("", { ramGib: 8, chip: "Apple M1" })).toEqual({
      copied: "sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0",
      huds: ["Copied the command for the macOS default: a higher limit gains nothing on this Mac"],
      toasts: [],
    });
  });

  it.each([
    ["an Intel Mac", { intel: true }, "Intel processor"],
    ["a virtual machine", { vm: true }, "virtual machine"],
    ["a Mac that does not answer", { faults: { sysctlHangs: true } }, "could not be read"],
  ])("copies nothing on %s", async (_, options, reason) => {
    const { copied, toasts } = await copy("56000", options);
    expect(copied).toBeUndefined();
    expect(toasts).toMatchObject([{ style: "FAILURE", message: expect.stringContaining(reason) }]);
  });
});
