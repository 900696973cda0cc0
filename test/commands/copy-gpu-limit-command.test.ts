import { afterEach, describe, expect, it } from "vitest";
import CopyGpuLimitCommand from "../../src/copy-gpu-limit-command";
import { createStandInMac, type StandInMac, type StandInMacOptions } from "../stand-ins/mac";
import { doesNotSay, runNoView, says, setPreferences, UNREADABLE } from "../support";

const FREEZE = /freeze|frozen/;
const BELOW_DEFAULT = /less than macOS/;
const WARNINGS = [FREEZE, BELOW_DEFAULT, /advised/];
const NOTHING_GAINED = /gains? nothing|worth it/;

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
  return { copied: seen.clipboard(), huds: seen.huds(), toasts: seen.toasts(), toast: seen.toast };
}

/** The only thing that was said of a copied command. */
function hud({ huds, toasts }: Pick<Awaited<ReturnType<typeof copy>>, "huds" | "toasts">): string | undefined {
  expect(huds).toHaveLength(1);
  expect(toasts).toEqual([]);
  // A HUD has no room for more.
  expect(huds[0]?.length).toBeLessThanOrEqual(100);
  return huds[0];
}

describe("Copy GPU Limit Command", () => {
  it.each([undefined, "", "  "])("copies the recommended limit for the argument %j", async (argument) => {
    const seen = await copy(argument);
    expect(seen.copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=57344");
    says(hud(seen), "Copied", "57,344 MiB", "56.0 GiB");
  });

  it("recommends by the reserve in the preferences", async () => {
    setPreferences({ reserveGib: "10" });
    expect((await copy("")).copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=55296");
  });

  it.each(["56000", " 56,000 ", "56000 MiB", "54,6875", "54.6875 GiB"])(
    "copies what is typed: %j",
    async (argument) => {
      const seen = await copy(argument);
      expect(seen.copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=56000");
      says(hud(seen), "Copied", "56,000 MiB", "54.7 GiB");
      doesNotSay(hud(seen), ...WARNINGS);
    },
  );

  it("copies the way back to the default of macOS for 0", async () => {
    const seen = await copy("0");
    expect(seen.copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0");
    says(hud(seen), "Copied", "macOS default");
    doesNotSay(hud(seen), NOTHING_GAINED, ...WARNINGS);
  });

  it.each([
    ["60000", "60,000 MiB", "8.0 GiB", /advised/],
    ["62000", "62,000 MiB", FREEZE],
    ["40000", "40,000 MiB", BELOW_DEFAULT],
  ])("warns of %s MiB", async (argument, ...warning) => {
    const seen = await copy(argument);
    expect(seen.copied).toBe(`sudo /usr/sbin/sysctl iogpu.wired_limit_mb=${argument}`);
    says(hud(seen), "Copied", ...warning);
  });

  it.each(["lots", "56.5 MiB", "-1", "0x10", "1e5", "57344; reboot", "$(reboot)", "56 cups", "99999999999"])(
    "copies nothing for %j",
    async (argument) => {
      const { copied, huds, toast } = await copy(argument);
      expect({ copied, huds }).toEqual({ copied: undefined, huds: [] });
      expect(toast("FAILURE", "Nothing Copied", `"${argument}"`, "MiB").actions).toEqual([]);
    },
  );

  it("shows nothing of a link's argument that could forge other words", async () => {
    const { copied, toast } = await copy("56\u202e GiB\u0007\n✓ Limit set");
    expect(copied).toBeUndefined();
    expect(toast("FAILURE", "Nothing Copied", "isn't a limit").message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each([
    ["63489", "2.0 GiB", FREEZE],
    ["65537", "64.0 GiB", /more than/],
    ["100 MiB", /too (?:little|small)/],
  ])("refuses %s MiB with the reason", async (argument, ...reason) => {
    const { copied, toast } = await copy(argument);
    expect(copied).toBeUndefined();
    toast("FAILURE", "Nothing Copied", ...reason);
  });

  it("says on an 8 GB Mac that there is nothing to gain, and copies the way back", async () => {
    const seen = await copy("", { ramGib: 8, chip: "Apple M1" });
    expect(seen.copied).toBe("sudo /usr/sbin/sysctl iogpu.wired_limit_mb=0");
    says(hud(seen), "Copied", "macOS default", NOTHING_GAINED);
  });

  it.each([
    ["an Intel Mac", { intel: true }, "Intel processor"],
    ["a virtual machine", { vm: true }, "virtual machine"],
    ["a Mac that does not answer", { faults: { sysctlHangs: true } }, UNREADABLE],
  ])("copies nothing on %s", async (_, options, reason) => {
    const { copied, toast } = await copy("56000", options);
    expect(copied).toBeUndefined();
    toast("FAILURE", reason);
  });
});
