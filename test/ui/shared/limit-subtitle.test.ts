import { expect, it } from "vitest";
import type { AppleSiliconMac } from "../../../src/fit/facts";
import { GIB } from "../../../src/fit/units";
import type { OtherBootSetting, OwnDaemon } from "../../../src/mac/boot-settings";
import { limitSubtitle } from "../../../src/ui/shared/subtitle";

const MAC: AppleSiliconMac = { kind: "apple-silicon", ramBytes: 64 * GIB, overrideMib: 57_344 };

const own = (valueMib: number | undefined, state: OwnDaemon["state"] = "loaded"): OwnDaemon => ({
  kind: "launch-daemon",
  own: true,
  isFormer: false,
  path: "/Library/LaunchDaemons/local.gpu-limit.wired-limit.plist",
  label: "local.gpu-limit.wired-limit",
  valueMib,
  state,
});
const other = (valueMib: number | undefined, state: OwnDaemon["state"] = "loaded"): OtherBootSetting => ({
  kind: "launch-daemon",
  own: false,
  path: "/Library/LaunchDaemons/org.nixos.gpu-limit.plist",
  valueMib,
  state,
});
const conf = (valueMib?: number): OtherBootSetting => ({
  kind: "sysctl-conf",
  own: false,
  path: "/etc/sysctl.conf",
  valueMib,
});

it.each<[string, OwnDaemon | undefined, readonly OtherBootSetting[], string | undefined]>([
  ["nothing sets one", undefined, [], "until restart"],
  ["our LaunchDaemon sets the same", own(57_344), [], "after restarts too"],
  ["ours sets another", own(50_000), [], "until restart"],
  ["ours is switched off in Login Items", own(57_344, "switched-off"), [], "until restart"],
  ["ours can't be read", own(undefined), [], undefined],
  ["another tool sets the same", undefined, [other(57_344)], "after restarts too"],
  ["another tool sets another", undefined, [other(50_000)], "until restart"],
  ["nobody knows what another tool sets", undefined, [other(undefined)], undefined],
  ["another tool's is switched off", undefined, [other(57_344, "switched-off")], "until restart"],
  ["two set different ones", own(57_344), [other(50_000)], undefined],
  ["sysctl.conf has the same, which macOS may not read", undefined, [conf(57_344)], undefined],
  ["sysctl.conf has another", undefined, [conf(50_000)], "until restart"],
  ["both agree", own(57_344), [conf(57_344)], "after restarts too"],
])("of a limit that's set, where at the Mac's start %s", (_, daemon, others, lasts) => {
  const text = limitSubtitle(MAC, { own: daemon, others });
  expect(text).toBe(lasts === undefined ? "56.0 of 64.0 GiB" : `56.0 of 64.0 GiB · ${lasts}`);
});

it("calls it the macOS default where that was read, and not where it couldn't be told whether one is set", () => {
  const metal = { workingSetBytes: 51.84 * GIB };
  const none = { own: undefined, others: [] };
  expect(limitSubtitle({ ...MAC, overrideMib: 0, metal }, none)).toBe("51.8 of 64.0 GiB · macOS default");
  expect(limitSubtitle({ ...MAC, overrideMib: undefined, metal }, none)).toBe("51.8 of 64.0 GiB");
});
